"""What stands around every page is no more than the pages that its reader may open."""

from collections import Counter
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.questions import all_questions
from app.web.page import take_along
from app.web.search import finder
from app.web.server import door
from graph.journal.rights import RIGHTS, NotAllowed
from tests.e2e.visiting import VIEWS, Downloads, Visit, claims, links

# By docs/people.md a viewer opens Posture, Trust debt and Compare, and all others the pages with
# every fact.
EXPLORING = {"analyst", "owner", "reviewer", "auditor", "admin"}
REPORTS = {"trustdebt-report.pdf", "trustdebt-report.html"}
FIRST = next(iter(take_along.FORMATS))
SNAPSHOT = take_along.file_name(FIRST)


def searched(test: AppTest, text: str) -> dict[str, str]:
    """Return the links that a search adds to those of the page."""
    before = Counter(links(test))
    box = next(box for box in test.text_input if box.label == "Search everything")
    after = Counter(links(box.set_value(text).run()))
    assert not test.exception
    return dict([*(after - before)])


@pytest.mark.usefixtures("stubs")
@pytest.mark.parametrize("role", RIGHTS)
def test_the_snapshot_is_for_whom_the_pages_with_its_facts_are(
    visit: Visit, store: Path, downloads: Downloads, role: str
) -> None:
    test = visit(store, "posture", role)
    assert not test.exception
    assert set(downloads) == (REPORTS | {SNAPSHOT} if role in EXPLORING else REPORTS)
    assert bool([box for box in test.selectbox if box.label == "Snapshot as"]) == (
        role in EXPLORING
    )
    for make in downloads.values():
        assert make()


@pytest.mark.usefixtures("stubs")
def test_a_sidebar_that_forgets_to_ask_makes_no_file(
    visit: Visit, store: Path, downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit(store, "posture", "viewer")
    downloads.clear()
    monkeypatch.setattr(door, "sees", lambda _: True)
    visit(store, "posture", "viewer")
    assert downloads["trustdebt-report.html"]()
    with pytest.raises(NotAllowed):
        downloads[SNAPSHOT]()


@pytest.mark.usefixtures("stubs")
def test_a_role_that_is_gone_by_the_click_makes_no_file(
    visit: Visit, store: Path, downloads: Downloads, tmp_path: Path
) -> None:
    """The page is drawn, then the file that gives the role is written anew."""
    visit(store, "posture", "analyst")
    assert downloads[SNAPSHOT]()
    (tmp_path / "people.toml").write_text('[roles]\neverybody = ["viewer"]\n')
    assert downloads["trustdebt-report.html"]()
    with pytest.raises(NotAllowed):
        downloads[SNAPSHOT]()
    (tmp_path / "people.toml").write_text('[roles]\nclaim = "nothing"\n')
    with pytest.raises(NotAllowed):
        downloads["trustdebt-report.html"]()


@pytest.mark.parametrize(
    ("page", "address", "files"),
    [
        ("findings", {}, {"findings.csv"}),
        ("reviews", {}, {"review-measures.csv"}),
        ("plan", {"plan": "shown"}, {"plan.csv", "tickets.csv", "tickets.json"}),
        ("identity", {"id": "wide", "retire": "True"}, {"retirement.md", "retirement.csv"}),
    ],
)
def test_no_page_makes_a_file_for_whom_it_is_closed_by_the_click(
    visit: Visit,
    leaked: Path,
    downloads: Downloads,
    tmp_path: Path,
    page: str,
    address: dict[str, str],
    files: set[str],
) -> None:
    """The page is drawn for an analyst, who is a viewer by the click."""
    assert not visit(leaked, page, "analyst", **address).exception
    assert files <= set(downloads)
    for file in files:
        assert downloads[file]()
    (tmp_path / "people.toml").write_text('[roles]\neverybody = ["viewer"]\n')
    for file in files:
        with pytest.raises(NotAllowed):
            downloads[file]()


@pytest.mark.usefixtures("stubs")
@pytest.mark.parametrize(("then", "made"), [("owner", True), ("viewer", False)])
def test_what_takes_long_is_made_for_whom_it_is(
    visit: Visit,
    store: Path,
    downloads: Downloads,
    monkeypatch: pytest.MonkeyPatch,
    then: str,
    made: bool,
) -> None:
    """A file of a large estate is made by the run after the click, which asks again."""
    monkeypatch.setattr(take_along, "LARGE", 0)
    test = visit(store, "posture", "analyst")
    assert downloads == {}
    test.user = claims(then)
    test.button(key="take_along:make:Download the snapshot").click().run()
    assert not test.exception
    assert (SNAPSHOT in downloads) == made


@pytest.mark.usefixtures("stubs")
@pytest.mark.parametrize("role", RIGHTS)
def test_a_search_finds_what_its_reader_may_open(visit: Visit, store: Path, role: str) -> None:
    test = visit(store, "posture", role)
    hits = searched(test, "wide")
    assert ("wide-bot" in hits) == (role in EXPLORING)  # an agent
    assert ("findings" in hits.values()) == (role in EXPLORING)  # about it
    saved = all_questions()["shared_keys"].question
    assert ("console" in searched(test, saved).values()) == (role in EXPLORING)
    for text in ("Which", "Who", "What", "is "):
        pages = searched(test, text).values()
        assert [page for page in pages if VIEWS[page].right not in RIGHTS[role]] == []
    assert searched(test, "Who owes it?") == {"Who owes it?": "trust_debt"}
    assert ("audit" in searched(test, "Audit").values()) == (role in ("auditor", "admin"))


@pytest.mark.usefixtures("stubs")
def test_a_search_that_is_given_every_page_asks_by_itself(
    visit: Visit, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one types nothing else of the page is drawn, so that nothing else asks."""
    draw = finder.finder
    monkeypatch.setattr(finder, "finder", lambda posture, _: draw(posture, list(VIEWS.values())))
    assert searched(visit(store, "posture", "viewer"), "wide") == {}
    assert "wide-bot" in searched(visit(store, "posture", "analyst"), "wide")
