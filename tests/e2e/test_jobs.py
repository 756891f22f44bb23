"""In a real browser: the jobs of a reader, with the clicks that each takes."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, expect

from graph.journal.journal import journal_of
from tests.e2e.browsing import Open, Serve
from tests.e2e.conftest import Watched
from tests.e2e.estate import AS_OF, a_quarter_later, estate, publish
from tests.support.pdf import A4, inside, page_count, sizes

PATIENCE = 150_000.0  # milliseconds, in which an estate is judged even on a busy machine


@dataclass
class Reader:
    """A reader at a page, whose clicks are counted; typing is none."""

    window: Watched
    clicks: int = 0
    seen: list[str] = field(default_factory=list)

    @property
    def page(self) -> Page:
        """The page that the reader looks at."""
        return self.window.page

    @property
    def main(self) -> Locator:
        """The page beside the sidebar."""
        return self.page.get_by_test_id("stMain")

    def click(self, what: Locator) -> None:
        """Click, and wait until all is drawn."""
        self.clicks += 1
        what.click(timeout=PATIENCE)  # what is searched may be judged first
        self.window.settle()

    def reads(self, words: str) -> None:
        """Require that a text is on the page."""
        expect(self.main.get_by_text(words).first).to_be_visible(timeout=20_000)


@pytest.fixture
def reader(serve: Serve, store: Path, open_window: Open) -> Reader:
    """Open a page that is quickly drawn; the search is on every page."""
    window = open_window(serve(store))
    window.go(f"{serve(store)}/audit")
    return Reader(window)


@pytest.fixture(scope="module")
def quarters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate at three moments: half a year ago, a quarter ago, and now."""
    folder = tmp_path_factory.mktemp("jobs") / "quarters"
    for world, quarter in ((estate(), 2), (estate(), 1), (a_quarter_later(), 0)):
        publish(world, folder, AS_OF - quarter * pd.Timedelta(days=90))
    return folder


@pytest.fixture
def comparing(serve: Serve, quarters: Path, open_window: Open, told) -> Reader:
    """Open a page of the estate that has a history, with the right to decide."""
    home = serve(quarters)
    window = open_window(home)
    window.go(f"{home}/audit?token={told(home)}")
    return Reader(window)


def search(reader: Reader, text: str) -> Locator:
    """Type into the search of every page, which the key `/` leads to; return what it finds."""
    box = reader.page.get_by_role("searchbox", name="Search everything")
    box.wait_for(timeout=60_000)
    for _ in range(100):  # the script that listens is loaded after the page
        reader.page.keyboard.press("/")
        if box.evaluate("box => box === document.activeElement"):
            break
        reader.page.wait_for_timeout(100)
    expect(box).to_be_focused()
    reader.page.keyboard.press("ControlOrMeta+a")  # a key that was pressed once more is in the box
    reader.page.keyboard.type(text)
    expect(box).to_have_value(text)
    return reader.page.get_by_test_id("stSidebar")


def test_the_worst_agent_and_why_takes_two_clicks(
    serve: Serve, store: Path, open_window: Open
) -> None:
    """The front page lists the worst identities; a click on the text of a row is enough."""
    reader = Reader(open_window(serve(store)))
    reader.window.go(serve(store))
    reader.reads("Worst identities")
    row = {"x": 100, "y": 52}
    table = reader.main.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position=row)  # type: ignore[arg-type]
    reader.clicks += 1
    reader.page.wait_for_url("**/identity?*id=wide*", timeout=30_000)
    reader.window.settle()
    reader.reads("Number 1")
    assert reader.clicks <= 2


def test_what_a_leaked_key_opens_takes_one_click(reader: Reader) -> None:
    found = search(reader, "key:key")
    reader.click(found.get_by_role("link", name="key-1"))
    reader.reads("Whoever has this key reaches all of this")
    assert reader.clicks <= 3


def test_what_breaks_takes_two_clicks(reader: Reader) -> None:
    found = search(reader, "wide-bot")
    reader.click(found.get_by_role("link", name="wide-bot").first)
    reader.click(reader.main.get_by_role("button", name="Work out the safest fix"))
    reader.reads("would fail")
    assert reader.clicks <= 2


def test_now_is_compared_with_the_last_quarter_in_one_click(comparing: Reader) -> None:
    sidebar = comparing.page.get_by_test_id("stSidebar")
    comparing.click(sidebar.get_by_role("link", name="Compare", exact=True))
    comparing.reads("1 agent new, 1 gone")
    comparing.reads("1 path to a crown jewel opened")
    assert comparing.clicks <= 3


def test_any_two_snapshots_are_compared_in_three_clicks(comparing: Reader) -> None:
    """The later end stays the present; the earlier one becomes that of half a year ago."""
    sidebar, main = comparing.page.get_by_test_id("stSidebar"), comparing.main
    comparing.click(sidebar.get_by_role("link", name="Compare", exact=True))
    comparing.click(main.get_by_role("combobox", name="Earlier", exact=False).first)
    comparing.click(comparing.page.get_by_role("option").filter(has_text="2 Feb 2026"))
    comparing.reads("1 agent new, 1 gone")
    comparing.page.wait_for_url("**/compare?*earlier=000001-*")
    assert comparing.clicks <= 3


def test_an_owner_is_assigned_in_three_clicks(comparing: Reader, quarters: Path) -> None:
    reader = comparing
    found = search(reader, "orphan-bot")
    reader.click(found.get_by_role("link", name="orphan-bot").first)
    form = reader.main.get_by_test_id("stForm").first
    form.get_by_role("combobox", name="Who answers for it").fill("ann")
    reader.page.keyboard.press("Enter")
    form.get_by_role("combobox", name="Who decides").fill("ann")
    reader.page.keyboard.press("Enter")
    reader.click(form.get_by_role("button", name="Assign"))
    reader.reads("Recorded")
    assert reader.clicks <= 3
    (entry,) = journal_of(str(quarters)).attestations()
    assert (entry.thing, entry.owner, entry.role) == ("orphan", "ann", "business")


def test_the_report_takes_one_click(comparing: Reader) -> None:
    """It is the page for leadership: one page of A4."""
    page = comparing.page
    button = page.get_by_test_id("stSidebar").get_by_role("button", name="Report", exact=True)
    with page.expect_download(timeout=PATIENCE) as download:
        button.click(timeout=PATIENCE)  # the only click
    assert download.value.suggested_filename == "trustdebt-report.pdf"
    text = inside(download.value.path().read_bytes())
    assert text.startswith(b"%PDF-")
    assert page_count(text) == 1
    assert sizes(text) == [pytest.approx(A4, abs=1)]
    assert b"Trust debt report" in text
