"""The front page for leadership on one screen of 1440 by 900, and what nobody states in sight."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.e2e.browsing import Open, Serve
from tests.e2e.said import texts
from tests.support.estates.small_estates import Estate

WIDTH, HEIGHT = 1440, 900
PATIENCE = 150_000.0  # milliseconds, in which the example is judged even on a busy machine
NUMBERS = ("Agents at a crown jewel", "Best single fix cuts off", "Open paths to crown jewels")


@pytest.fixture
def front(serve: Serve, demo: Path, open_window: Open) -> Page:
    """Open the front page of the example on a desk."""
    home = serve(demo)
    window = open_window(home)
    window.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    window.page.goto(home)
    plan = window.page.get_by_test_id("stMain").get_by_text("With the plan")
    expect(plan).to_be_visible(timeout=PATIENCE)
    window.settle()
    return window.page


def below(part: Locator) -> float:
    """Return where a part of the page ends, in pixels from its top."""
    expect(part).to_be_visible()
    box = part.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= WIDTH
    return box["y"] + box["height"]


def test_the_board_is_read_without_scrolling(front: Page) -> None:
    main = front.get_by_test_id("stMain")
    assert below(main.get_by_role("heading", level=2).first) < HEIGHT
    tiles = main.get_by_test_id("stMetric")
    ratio = tiles.filter(has_text="Trust debt ratio").first
    expect(ratio).to_contain_text("grade D")
    ends = {
        "figure": ratio,
        "direction": main.get_by_text("points since 1 May 2026"),
        "move": main.get_by_text("Fix first", exact=True),
        "whole plan": main.get_by_role("link", name="Whole plan"),
        "burn-down": main.get_by_text("When is the target of 5.0% reached?"),
        "pace": main.get_by_text("At today's pace"),
        "plan": main.get_by_text("With the plan"),
        "delay": main.get_by_text("Cost of delay"),
        "age": main.get_by_text("1 data source: facts of 1 Aug 2026"),
        **{name: tiles.filter(has_text=name).first for name in NUMBERS},
    }
    beyond = {name: end for name, part in ends.items() if (end := below(part)) > HEIGHT}
    assert beyond == {}
    assert front.evaluate("() => document.querySelector('[data-testid=stMain]').scrollTop") == 0


def test_what_to_connect_next_is_in_sight(open_page: Open, tmp_path: Path) -> None:
    """Of an estate that states nothing but grants, the page says what else would settle most."""
    ingest(
        ParquetStore(tmp_path / "s"),
        [
            Estate(declares=("inventory", "grants"))
            .agent("bot")
            .resource("db", "restricted")
            .can("bot", "read", "db")
            .job()
        ],
    )
    test = open_page(tmp_path / "s")
    assert not test.exception
    folded = [words.value for box in test.expander for words in box.markdown]
    lines = [words.value for words in test.markdown if "Connect next: **" in words.value]
    assert len(lines) == 1
    assert "Nobody states " in lines[0]
    assert lines[0] not in folded
    assert texts(test).index("Connect next") < texts(test).index("Fix first")
