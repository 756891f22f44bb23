"""No page leads where its reader may not go: what would, is plain text, or not there."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.web.views.trust_debt import items
from graph.journal.rights import LOOK, RIGHTS
from tests.e2e.said import texts
from tests.e2e.visiting import VIEWS, Visit, links

FOR_ALL = [name for name, view in VIEWS.items() if view.right == LOOK]
CLOSED = "Select one to open it."


def closed(test: AppTest, role: str) -> list[tuple[str, str]]:
    """Return the links of a page to those that a role does not open."""
    assert not test.exception
    return [way for way in links(test) if VIEWS[way[1]].right not in RIGHTS[role]]


def plain(test: AppTest) -> list[str]:
    return [words.value.replace("\\", "") for words in test.markdown]


@pytest.mark.usefixtures("no_plan")
@pytest.mark.parametrize("role", RIGHTS)
@pytest.mark.parametrize("page", FOR_ALL)
def test_a_page_for_all_leads_nobody_to_a_closed_one(
    visit: Visit, leaked: Path, monkeypatch: pytest.MonkeyPatch, page: str, role: str
) -> None:
    """The first item of debt is chosen, which names whose it is."""
    draw = items.table
    monkeypatch.setattr(items, "table", lambda *given, **named: draw(*given, **named) or 0)
    test = visit(leaked, page, role)
    assert closed(test, role) == []
    explores = "explore" in RIGHTS[role]
    if page == "trust_debt":
        rows = next(frame.value for frame in test.dataframe if "Assumption" in frame.value)
        whose = rows["Identity"].iloc[0]
        assert ((whose, "identity") in links(test)) == explores
        assert (f":material/smart_toy: {whose}" in plain(test)) != explores


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_the_front_page_has_no_dead_ends(visit: Visit, leaked: Path, role: str) -> None:
    """A viewer reads what to do first, and who is worst, and is not sent on from there."""
    test = visit(leaked, "posture", role)
    explores = role == "analyst"
    assert closed(test, role) == []
    assert "**Fix first**" in plain(test)
    assert ("plan" in [page for words, page in links(test) if words == "Whole plan"]) == explores
    assert ("See the list", "posture") in links(test)
    assert (CLOSED in texts(test)) == explores
    worst = next(frame for frame in test.dataframe if "Why" in frame.value)
    assert bool(worst.proto.selection_mode) == explores
    assert "wide-bot" in worst.value["Identity"].tolist()


@pytest.mark.parametrize("role", RIGHTS)
def test_an_empty_store_says_who_may_fill_it(visit: Visit, tmp_path: Path, role: str) -> None:
    test = visit(tmp_path / "nothing", "posture", role)
    assert closed(test, role) == []
    assert ("Upload files" in dict(links(test))) == ("explore" in RIGHTS[role])
    lacks = "To upload here takes the role admin"
    assert (lacks in texts(test)) == (role == "viewer")
