"""The clock of a page: what a reader waits for in a browser, judged on the page itself.

One clock counts, the browser's: from its own event (the navigation, the click, the key) until a
frame in which what the reader waits for is there. It is looked for before each frame, so a figure
is exact to a sixtieth of a second.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page

from tests.support.chromium import PATIENCE, SETTLED

SIZE = {"width": 1440, "height": 900}
CLOCK = """
window.clock = {
  begun: null,
  arm(kind) {
    document.addEventListener(kind, (event) => {
      window.top.clock.begun = performance.timeOrigin + event.timeStamp;
    }, { capture: true, once: true });
  },
  until(ready) {
    const end = performance.now() + PATIENCE;
    this.took = new Promise((done, fail) => {
      const look = () => {
        if (this.begun !== null && ready()) {
          done(performance.timeOrigin + performance.now() - this.begun);
        } else if (performance.now() > end) fail(new Error(`never there: ${ready}`));
        else requestAnimationFrame(look);
      };
      look();
    });
  },
};
""".replace("PATIENCE", str(round(PATIENCE * 1000)))


@contextmanager
def timing(
    page: Page, kind: str, ready: str, times: list[float], frame: Any = None
) -> Iterator[None]:
    """Add the seconds from the next event `kind` until the script `ready` finds what it should.

    What is done inside has to cause that event. `frame` is where it happens, if not on the page.
    """
    page.evaluate(f"() => {{ clock.begun = null; clock.until(() => {ready}); }}")
    (frame or page).evaluate(f"() => clock.arm({json.dumps(kind)})")
    yield
    times.append(float(page.evaluate("() => clock.took")) / 1000)


def settled_elsewhere(page: Page) -> str:
    """Return the script that finds a settled page with another address than now."""
    return f"location.href !== {json.dumps(page.url)} && {SETTLED}"


def titled(title: str) -> str:
    """Return the script that finds the settled page with this heading."""
    return f"document.querySelector('h1')?.textContent === {json.dumps(title)} && {SETTLED}"


def first_sight(browser: Browser, address: str, ready: str) -> tuple[Page, float]:
    """Open an address in a new session; return its page, and the seconds until `ready` held."""
    context = browser.new_context(viewport=SIZE, service_workers="block")  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE * 1000)
    context.add_init_script(CLOCK)
    # The time of a page begins when the browser sets out to it.
    start = f"clock.begun = performance.timeOrigin; clock.until(() => {ready});"
    context.add_init_script(f"if (window === top) {{ {start} }}")
    page = context.new_page()
    page.goto(address, wait_until="commit")
    return page, float(page.evaluate("() => clock.took")) / 1000
