"""On a screen of 390 pixels the pages for reading fit it, and the menu gets out of the way."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Open, Serve
from tests.e2e.conftest import Watched

PHONE = {"width": 390, "height": 844}
# How far each thing that scrolls a page goes sideways, in pixels, tables left aside: they scroll
# within themselves.
SIDEWAYS = """() => {
    const page = document.querySelector("[data-testid=stMain]");
    return [document.scrollingElement, page].map((part) => part.scrollWidth - part.clientWidth);
}"""


@pytest.fixture
def phone(serve: Serve, store: Path, open_window: Open) -> Watched:
    window: Watched = open_window(serve(store))
    window.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    return window


@pytest.mark.parametrize("address", ["", "findings", "identity?id=wide"])
def test_a_page_for_reading_does_not_scroll_sideways(
    phone: Watched, serve: Serve, store: Path, address: str
) -> None:
    page = phone.go(f"{serve(store)}/{address}")
    assert page.evaluate(SIDEWAYS) == [0, 0]
    wide = page.get_by_test_id("stMainBlockContainer").bounding_box()
    assert wide is not None
    assert (wide["x"], wide["width"]) == (0, PHONE["width"])


def test_the_menu_closes_when_a_page_is_chosen_and_the_page_is_read(
    phone: Watched, serve: Serve, store: Path
) -> None:
    page = phone.go(f"{serve(store)}/identity?id=wide")
    for title in ("Findings", "Posture"):
        page.get_by_test_id("stExpandSidebarButton").click()
        menu = page.get_by_test_id("stSidebar")
        expect(menu).to_be_in_viewport()
        menu.get_by_role("link", name=title, exact=True).click()
        page.get_by_role("heading", name=title, exact=True, level=1).wait_for()
        phone.settle()
        expect(menu.get_by_role("link", name=title, exact=True)).not_to_be_in_viewport()
        assert page.evaluate(SIDEWAYS) == [0, 0]


# Where the tiles of a page begin, and the texts of theirs that are cut.
TILES = """() => [...document.querySelectorAll("[data-testid=stMetric]")].map((tile) => {
    const box = tile.getBoundingClientRect();
    const cut = [...tile.querySelectorAll("p")].filter((part) =>
        part.scrollWidth > part.clientWidth + 1 || part.getBoundingClientRect().right > box.right);
    return [Math.round(box.x), Math.round(box.y), cut.map((part) => part.textContent)];
})"""


@pytest.mark.parametrize("address", ["trust_debt", "sources", "blast_radius?thing=wide"])
def test_two_tiles_stand_in_a_row_and_are_read(
    phone: Watched, serve: Serve, store: Path, address: str
) -> None:
    page = phone.go(f"{serve(store)}/{address}")
    page.get_by_test_id("stMetric").nth(3).wait_for()
    tiles = page.evaluate(TILES)
    for first, second in zip(tiles[:4:2], tiles[1:4:2], strict=True):
        assert first[1] == second[1], "they stand in one row"
        assert first[0] < second[0]
    assert [cut for *_, cut in tiles if cut] == []
    assert page.evaluate(SIDEWAYS) == [0, 0]


def test_the_heat_map_of_teams_is_as_wide_as_its_numbers_need(
    phone: Watched, serve: Serve, store: Path
) -> None:
    page = phone.go(serve(store))
    heat = page.locator(".st-key-heat")
    heat.locator("table.heat").wait_for()
    sizes = heat.evaluate("part => [part.clientWidth, part.scrollWidth]")
    assert sizes[0] <= PHONE["width"] < sizes[1]
    assert page.evaluate(SIDEWAYS) == [0, 0]


# Whether a part is seen whole between the edges of the screen.
FITS = """part => {
    const box = part.getBoundingClientRect();
    return box.height > 0 && box.x >= 0 && box.right <= innerWidth;
}"""


def test_a_finding_is_read_as_a_sentence_and_in_full(
    phone: Watched, serve: Serve, store: Path
) -> None:
    """The table has room for the beginning of a sentence; a tap on one leads to all of it."""
    page = phone.go(f"{serve(store)}/findings")
    first = page.locator(".st-key-narrow").get_by_role("link").first
    assert first.evaluate(FITS)
    words = first.inner_text().partition(" · ")[2]
    assert words.endswith(".")
    first.click()
    page.wait_for_url("**/findings?*finding=F-*")
    phone.settle()
    full, table = page.locator(".st-key-finding-in-full"), page.get_by_test_id("stDataFrame").first
    assert full.get_by_text(words).first.evaluate(FITS)
    below = table.bounding_box()
    above = full.bounding_box()
    assert above is not None
    assert below is not None
    assert above["y"] + above["height"] <= below["y"]
    assert page.evaluate(SIDEWAYS) == [0, 0]


def test_on_a_desk_the_table_alone_lists_them(phone: Watched, serve: Serve, store: Path) -> None:
    phone.page.set_viewport_size({"width": 1440, "height": 900})
    page = phone.go(f"{serve(store)}/findings")
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    assert page.locator(".st-key-narrow").count() == 1
    expect(page.locator(".st-key-narrow")).to_be_hidden()
