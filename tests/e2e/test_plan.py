"""The page of the plan: changes with how they are carried out, and what to do first."""

from pathlib import Path

import pytest

from tests.e2e.conftest import Open
from tests.e2e.said import figures, texts


def table_with(test, column: str):
    return next(frame.value for frame in test.dataframe if column in frame.value)


def test_every_open_finding_is_asked_for_by_a_change(open_page: Open, store: Path) -> None:
    test = open_page(store, "plan")
    seen = figures(test)
    findings, changes = (int(seen[name].replace(",", "")) for name in (
        "Open findings", "Changes that they ask for"))  # fmt: skip
    rows = table_with(test, "Who decides")
    assert 0 < changes == len(rows) <= findings
    assert "one may close many findings" in texts(test)


def test_what_to_do_first_is_worked_out_on_request(open_page: Open, store: Path) -> None:
    test = open_page(store, "plan", objective="reach")
    assert not [f for f in test.dataframe if "Verdict" in f.value]
    next(b for b in test.button if b.label == "Build the plan").click().run()
    assert test.query_params["plan"] == ["shown"] or test.query_params["plan"] == "shown"
    rows = table_with(test, "Verdict")
    # Read on a restricted database weighs 30; db-01 is in use, so three of the four can go.
    assert set(rows["Reach removed"].head(3)) == {30.0}
    assert set(rows["On"].head(3)) >= {f"deploy can access {name}" for name in ("db-00",)}
    assert not [words for words in rows["On"] if "db-01" in words]
    assert set(rows["Verdict"]) <= {"safe now", "ask its owner", "watch longer"}
    assert set(rows["Use"]) <= {"watched, and not used", "nobody could see it"}
    assert "No other set of as many takes away more." in texts(test)
    next(b for b in test.button if b.label == "Add 5 removals to what-if").click().run()
    assert len(test.query_params["remove"]) == 5


@pytest.mark.parametrize("objective", ["debt", "findings"])
def test_a_plan_lowers_what_it_aims_at(open_page: Open, store: Path, objective: str) -> None:
    test = open_page(store, "plan", plan="shown", objective=objective)
    rows = table_with(test, "Verdict")
    assert len(rows) == 5
    assert (rows["Debt removed"] > -1e-9).all()
    assert (rows["Uses that fail"] == 0).all()
    assert f"With these 5 steps, {objective} goes from" in texts(test)


def test_a_change_is_drawn_in_full_with_its_command(open_page: Open, store: Path) -> None:
    test = open_page(store, "plan")
    table = next(f for f in test.dataframe if "Who decides" in f.value)
    assert table.value["What to change"].str.contains("decides").all()


def test_the_safest_fix_of_an_identity_goes_into_the_what_if(open_page: Open, store: Path) -> None:
    """With its verdict and what breaks, from the card; beside it, when it was last decided on."""
    test = open_page(store, "identity", id="wide", fix="True")
    assert not test.exception
    said = texts(test)
    assert "no observed use would fail" in said
    assert ":material/check_circle: safe" in said
    button = next(b for b in test.button if b.label == "Add to what-if")
    button.click().run()
    assert "deploy,CAN_ACCESS,db-" in str(test.query_params["remove"])
    assert "In the what-if" in {b.label for b in test.button}
    assert "Reviews" in [s.value for s in test.subheader]
    assert "Never reviewed." in said
    assert "40 grants** to review" in said
