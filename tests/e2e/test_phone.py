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
