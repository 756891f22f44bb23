"""A new browser has what it must load for the first figure before that figure is sent."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from app.web.page import first_sight
from tests.e2e.browsing import Open as Window
from tests.e2e.browsing import Serve
from tests.e2e.conftest import Open

UNSEEN = "[data-testid=stEvent] [data-testid=stMetric]"
FIGURE = "[data-testid=stMain] [data-testid=stMetric]"
METRIC = re.compile(r"/Metric\.[^/]*\.js$")
# Counts the changes of the page while it has a gap where its first figure is to be.
GAPS = """
window.gaps = 0;
new MutationObserver(() => {
  const main = document.querySelector('[data-testid=stMain]');
  if (main?.querySelector('[data-testid=stColumn] [data-testid=stSkeleton]')
      && !main.querySelector('[data-testid=stMetric]')) window.gaps += 1;
}).observe(document, { childList: true, subtree: true });
"""


class Held:
    """The messages of the server: those after the unseen elements are held back until released."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[str | bytes] = []
        self.holds, self.released = False, False
        page.route_web_socket("**/_stcore/stream", self._connected)

    def _connected(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self.socket = socket
        socket.on_message(server.send)
        server.on_message(self._arrived)

    def _arrived(self, message: str | bytes) -> None:
        assert isinstance(message, bytes)
        unseen = first_sight.WORDS.encode() in message
        self.holds = not self.released and (self.holds or unseen)
        if self.holds and not unseen:
            self.waiting.append(message)
        else:
            self.socket.send(message)

    def release(self) -> None:
        """Send what was held back, and hold back nothing more."""
        while self.waiting:  # what arrives meanwhile waits behind
            self.socket.send(self.waiting.pop(0))
        self.holds, self.released = False, True


@pytest.fixture
def new_page(serve: Serve, store: Path, open_window: Window) -> Iterator[Page]:
    """Open an empty page that counts gaps, beside the window, which is used again."""
    page = open_window(serve(store)).context.new_page()
    page.add_init_script(GAPS)
    yield page
    page.close()


def test_the_first_figure_leaves_no_gap(serve: Serve, store: Path, new_page: Page) -> None:
    held = Held(new_page)
    new_page.goto(serve(store), wait_until="commit")
    new_page.locator(UNSEEN).wait_for(state="attached")
    expect(new_page.locator(UNSEEN)).to_be_hidden()
    held.release()
    new_page.locator(FIGURE).first.wait_for()
    assert new_page.evaluate("gaps") == 0


def test_without_what_is_unseen_it_would(serve: Serve, store: Path, new_page: Page) -> None:
    """The twin: the script of the figure is there only when the figure is to be drawn."""
    asked: list[Route] = []
    new_page.route(METRIC, lambda route: asked.append(route))
    new_page.goto(serve(store), wait_until="commit")
    new_page.locator("[data-testid=stMain] h2").first.wait_for()
    for route in asked:
        route.continue_()
    new_page.locator(FIGURE).first.wait_for()
    assert new_page.evaluate("gaps") > 0


def test_what_is_unseen_is_gone_with_the_next_page(
    serve: Serve, store: Path, open_window: Window
) -> None:
    window = open_window(serve(store))
    page = window.go(serve(store))
    assert first_sight.WORDS in (page.get_by_test_id("stEvent").text_content() or "")
    page.get_by_test_id("stSidebar").get_by_role("link", name="Audit", exact=True).click()
    page.get_by_role("heading", name="Audit", exact=True, level=1).wait_for()
    window.settle()
    assert first_sight.WORDS not in (page.get_by_test_id("stEvent").text_content() or "")


def test_a_browser_has_time_once_in_a_session(
    open_page: Open, store: Path, no_plan: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(first_sight, "HEAD_START", 0.8)
    monkeypatch.setattr(first_sight, "monotonic", lambda: 100.0)
    monkeypatch.setattr(first_sight, "sleep", waited.append)
    test = open_page(store)
    assert waited == pytest.approx([first_sight.UNSEEN, 0.8])
    monkeypatch.setattr(first_sight, "monotonic", lambda: 200.0)
    test.run()
    assert waited[2:] == [0.0, 0.0]
