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
    heat.locator(".main-svg").first.wait_for()
    sizes = heat.evaluate("part => [part.clientWidth, part.scrollWidth]")
    assert sizes[0] <= PHONE["width"] < sizes[1]
    assert page.evaluate(SIDEWAYS) == [0, 0]
