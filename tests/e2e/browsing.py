"""What tests in a real browser look at: the pages, and the drawn graph."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from app.web.views import all_views
from tests.e2e.conftest import Watched

VIEWS = list(all_views().values())  # in menu order
PATHS = {view.name: "/" if view is VIEWS[0] else f"/{view.name}" for view in VIEWS}
Serve = Callable[[Path], str]
Open = Callable[..., Watched]


def turn_to(window: Watched, title: str) -> Page:
    """Follow the link of the menu to a page; the scripts of the app are not loaded anew."""
    menu = window.page.get_by_test_id("stSidebar")
    menu.get_by_role("link", name=title, exact=True).click()
    window.page.get_by_role("heading", name=title, exact=True, level=1).wait_for()
    window.settle()
    return window.page


def graph(page: Page, at: int = 0) -> Locator:
    """Return a drawn picture, once it holds nodes."""
    canvas = page.locator(".canvas").nth(at)
    canvas.locator(".node").first.wait_for(timeout=60_000)
    return canvas


def names(canvas: Locator) -> list[str]:
    """Return the texts beside the nodes."""
    texts: list[str] = canvas.locator(".node .name").all_text_contents()
    return texts


def node(canvas: Locator, name: str) -> Locator:
    """Return the node with this text."""
    exactly = re.compile(f"^{re.escape(name)}$")
    return canvas.locator(".node").filter(has=canvas.page.locator(".name", has_text=exactly))


def place(canvas: Locator, name: str) -> tuple[float, float]:
    """Return where a node stands on the page; it may be drawn anew just then."""
    shape = node(canvas, name).locator(".shape").last
    boxes: Any = (shape.bounding_box() for _ in range(50))
    box = next(box for box in boxes if box is not None)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def camera(canvas: Locator) -> str:
    """Return the pan and zoom of a picture."""
    return str(canvas.locator("svg > g").first.get_attribute("transform"))
