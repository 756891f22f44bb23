"""The question behind each page: its command and its query count what the page counts."""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import trustdebt
from analytics.answers.board import Move
from analytics.history import open_posture
from app.comparison import changed_words
from app.questions import all_questions
from app.sql import select
from app.web.views import all_views
from app.web.views.posture import front
from graph.schema import USE_EVENT
from tests.e2e.conftest import Open
from tests.e2e.estate import AS_OF, estate, publish
from tests.e2e.said import figures, texts

Count = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate, and a month later with one more agent and a use that nothing explains."""
    folder = tmp_path_factory.mktemp("query") / "s"
    publish(estate(), folder, AS_OF - pd.Timedelta(days=30))
    later = estate()
    later.add(next(e for e in later.rows if e.name == "Agent"), id="new", name="new-bot")
    use = {"principal": "svc-wide", "resource": "db-00", "level": "read", "action": "read"}
    later.add(USE_EVENT, id="use", at="2026-07-30T09:00:00Z", outcome="success", **use)
    publish(later, folder)
    return folder


@pytest.fixture(autouse=True)
def without_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the plan out of the page, and have it short: it is no part of what is counted."""
    monkeypatch.setattr(front, "LARGE", 0)
    monkeypatch.setattr(sys.modules[Move.__module__], "STEPS", 1)


def line_of(test: AppTest) -> str:
    """Return the command line that a page shows."""
    assert not test.exception
    (line,) = [code.value for code in test.code if code.value.startswith("trustdebt ")]
    return str(line)


def rows_with(test: AppTest, heading: str) -> int:
    return len(next(f.value for f in test.dataframe if heading in f.value))


def figure(name: str) -> Callable[[AppTest], object]:
    return lambda test: figures(test)[name]


def of(result: dict[str, Any], *names: str) -> str:
    return " of ".join(f"{result[name]:,}" for name in names)


CASES: dict[str, tuple[dict[str, str], Count, Callable[[AppTest], object]]] = {
    "posture": (
        {},
        lambda r: f"{r['headlines']['reaching']} of {r['headlines']['starts']}",
        figure("Agents at a crown jewel"),
    ),
    "identity": (
        {"id": "deploy"},
        lambda r: str(len(r["findings"])),
        figure("Open findings"),
    ),
    "trust_debt": ({}, lambda r: f"{r['debt']:,.0f} tp", figure("Trust debt")),
    "compare": (
        {},
        lambda r: [row["identity"]["name"] for row in r["agents"]["rows"]],
        lambda t: list(next(f.value["Agent"] for f in t.dataframe if "Agent" in f.value)),
    ),
    "blast_radius": (
        {"thing": "deploy"},
        lambda r: len(r["resources"]),
        lambda t: rows_with(t, "Sensitivity"),
    ),
    "choke_points": (
        {},
        lambda r: of(r, "exposed", "starts"),
        figure("Agents that reach a crown jewel"),
    ),
    "plan": (
        {},
        lambda r: of({"changes": len(r["changes"])}, "changes"),
        figure("Changes that they ask for"),
    ),
    "reviews": ({}, lambda r: of({"n": len(r["packets"])}, "n"), figure("Grants to review")),
    "evidence": ({}, lambda r: str(r["states"]["unexplained"]), figure("No decision")),
    "ownership": (
        {},
        lambda r: len(r["orphaned"]),
        lambda t: rows_with(t, "Role without owner"),
    ),
    "stale_access": (
        {"days": "30"},
        lambda r: f"{len(r['paths'])} paths",
        figure("Access not seen in use for 30 days"),
    ),
    "findings": (
        {"about": "orphan"},
        lambda r: len(r["findings"]),
        lambda t: rows_with(t, "What is wrong"),
    ),
    "sources": ({}, lambda r: len(r["merges"]), lambda t: rows_with(t, "Source") - 1),
    "audit": ({}, lambda r: len(r["entries"]), lambda t: len(t.dataframe)),
}


def grants(test: AppTest) -> int:
    """Return how many of the ranked steps are grants."""
    ranked = next(f.value for f in test.dataframe if {"Frees", "Step"} <= set(f.value))
    return int((ranked["Step"] == "can access").sum())


# Worked out by hand from tests/e2e/estate.py: pairs of a holder and a restricted database are four
# by the role deploy and one by each of four accounts; the role has 40 grants, and 30 of them show
# no use; of what has no owner, one lost the only one it had, and one is the agent of a month later.
FACTS: dict[str, tuple[int, Callable[[AppTest], int]]] = {
    "identity": (40, lambda t: int(figures(t)["Resources reached"].split()[0])),
    "blast_radius": (40, lambda t: rows_with(t, "Sensitivity")),
    "choke_points": (8, grants),
    "ownership": (2, lambda t: 3 - int(figures(t)["Owner departed"].split()[0])),
    "stale_access": (29, lambda t: rows_with(t, "Reaches")),
}

# What a page rests on but does not list: six agents of one kind and the one of a month later of
# none; ten grants of the role and five of the accounts on confidential data and above, all without
# an end; 45 grants, none of them reviewed; seven kinds of fact; one use that was recorded.
RELATED = {"posture": 2, "trust_debt": 15, "reviews": 45, "sources": 7, "evidence": 1}


@pytest.mark.parametrize("page", CASES)
def test_the_command_and_the_query_count_what_the_page_counts(
    open_page: Open,
    twice: Path,
    capsys: pytest.CaptureFixture[str],
    page: str,
) -> None:
    address, count, shown = CASES[page]
    test = open_page(twice, page, **address)
    words = shlex.split(line_of(test))[1:]
    assert trustdebt.main([*words, *([] if "--json" in words else ["--json"])]) == 0
    assert count(json.loads(capsys.readouterr().out)["result"]) == shown(test)
    queries = [code.value for code in test.code if code.value.startswith("SELECT")]
    assert len(queries) == (page in FACTS or page in RELATED)
    for query in queries:
        posture = open_posture(str(twice))
        as_of = posture.graph.as_of.to_pydatetime()
        asked = {"identity": next(iter(address.values()), ""), "as_of": as_of, "days": 90}
        rows = select(posture.graph, query, values=asked)
        if page in FACTS:
            expected, on_page = FACTS[page]
            assert len(rows) == on_page(test) == expected
        else:
            assert len(rows) == RELATED[page]
        assert query in [question.sql.strip() for question in all_questions().values()]


def test_every_page_has_its_question_but_the_console() -> None:
    views = all_views()
    assert {name for name, view in views.items() if view.query is None} == {"console"}
    assert set(CASES) == set(views) - {"console"}


def test_the_command_names_the_moment_that_is_shown(open_page: Open, twice: Path) -> None:
    first = open_posture(str(twice)).history.infos[0].id  # type: ignore[union-attr]
    test = open_page(twice, "findings", snapshot=first, as_of="2026-07-20", about="wide")
    expected = f"trustdebt findings --about wide --snapshot {first} --as-of 2026-07-20"
    assert line_of(test) == expected


@pytest.mark.parametrize("address", [{"as_of": "2026-07-20"}, {"team": "none"}])
def test_the_command_of_a_comparison_can_be_run_as_it_stands(
    open_page: Open, twice: Path, capsys: pytest.CaptureFixture[str], address: dict[str, str]
) -> None:
    """It names both moments itself, and refuses those of a page."""
    test = open_page(twice, "compare", **address)
    assert trustdebt.main([*shlex.split(line_of(test))[1:], "--json"]) == 0
    result = json.loads(capsys.readouterr().out)["result"]
    assert figures(test)["Paths to crown jewels"] == f"{result['after']['paths']}"
    counts = {kind: result[kind]["counts"] for kind in ("agents", "paths", "findings", "owners")}
    assert f"{changed_words(counts, agents=True)}." in texts(test)


def test_without_two_moments_the_command_lists_the_snapshots(open_page: Open, twice: Path) -> None:
    first = open_posture(str(twice)).history.infos[0].id  # type: ignore[union-attr]
    assert line_of(open_page(twice, "compare", snapshot=first)) == "trustdebt snapshots"


@pytest.mark.parametrize(
    ("page", "address", "options", "wider"),
    [
        ("findings", {"severity": "critical,high"}, "--severity high", 0),
        ("findings", {"state": "open"}, "--state open", 0),
        ("findings", {"severity": "high"}, "", 1),  # the command takes "this or worse" alone
        ("findings", {"rules": "OWN-01,OWN-02"}, "", 1),
        ("findings", {"about": "wid"}, "", 1),  # a part of a name names nothing for the command
        ("stale_access", {"about": "wide"}, "--days 90 --about wide", 0),
        ("stale_access", {"about": "wid"}, "--days 90", 1),
    ],
)
def test_the_command_has_the_filters_that_it_takes_and_no_others(
    open_page: Open, twice: Path, page: str, address: dict[str, str], options: str, wider: int
) -> None:
    test = open_page(twice, page, **address)
    line = line_of(test)
    assert line == f"trustdebt {page.removesuffix('_access')} {options}".strip()
    assert ("what the filters of the page leave out" in texts(test)) == wider
    assert trustdebt.main(shlex.split(line)[1:]) == 0


def test_what_is_no_key_cannot_leak(open_page: Open, twice: Path) -> None:
    test = open_page(twice, "blast_radius", thing="key-1", leaked="True")
    assert line_of(test).endswith(" --leaked")
    test.session_state["thing"] = "wide"
    assert line_of(test.run()) == "trustdebt blast-radius wide --mode standing"
