"""What tests in a real browser look at: the pages, and the drawn graph."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Frame, Page

from app.web.views import all_views
from tests.e2e.conftest import Watched

VIEWS = list(all_views().values())  # in menu order
PATHS = {view.name: "/" if view is VIEWS[0] else f"/{view.name}" for view in VIEWS}
Serve = Callable[[Path], str]
Open = Callable[..., Watched]
CANVAS = "() => document.getElementById('cy')?._cyreg?.cy.nodes().nonempty()"


def graph(page: Page) -> Frame:
    """Return the frame of the drawn graph, once it holds nodes."""
    page.wait_for_selector("iframe[title*=cytoscape]", timeout=60_000)
    for _ in range(100):
        found = next((f for f in page.frames if "streamlit_cytoscape" in f.url), None)
        if found is not None:
            found.wait_for_function(CANVAS, timeout=60_000)
            return found
        page.wait_for_timeout(100)
    raise AssertionError("no graph was drawn")


def names(frame: Frame) -> list[str]:
    found: list[str] = frame.evaluate(
        "() => document.getElementById('cy')._cyreg.cy.nodes().map(n => n.data('_name'))"
    )
    return [name for name in found if name]


def place(page: Page, frame: Frame, name: str) -> tuple[float, float]:
    """Return where a node stands on the page."""
    at = frame.evaluate(
        """name => {
            const box = document.getElementById('cy').getBoundingClientRect();
            const cy = document.getElementById('cy')._cyreg.cy;
            const p = cy.nodes().filter(n => n.data('_name') === name).renderedPosition();
            return [box.left + p.x, box.top + p.y];
        }""",
        name,
    )
    box: Any = frame.frame_element().bounding_box()
    return box["x"] + at[0], box["y"] + at[1]
