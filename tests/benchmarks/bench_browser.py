"""The app in a real browser: what a reader waits for, judged on the page itself."""

import statistics
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page

from analytics.answers.ahead import judge_ahead
from analytics.history import open_posture
from analytics.reach.running.warm import warm
from graph.stores import open_store
from ingest.generator import generate, reading
from ingest.job.run import ingest_reading
from ingest.sources import all_sources
from tests.benchmarks.browser import first_sight, settled_elsewhere, timing, titled
from tests.benchmarks.measure import Figure, Size, Skipped, Topic
from tests.support.chromium import NoBrowser, chromium, served, settle

ROOT = Path(__file__).parents[2]
AGENTS = {1_500: 2_000, 15_000: 20_000}  # by those of the estate of a size
SEED = 7
FIRST = {2_000: 1.5, 20_000: 3.0}  # seconds to the first figure, at most
TURN, PICK = 0.5, 0.3  # seconds of a change of page, and of a click on a node, at most
CLICKS, SESSIONS = 10, 7
SEARCHED = "copilot"


@dataclass(frozen=True)
class Look:
    """What a reader looks for in an app, as scripts and selectors.

    `figure` finds the first useful figure of the front page, `menu` the links to the pages, each
    with its `title`, `box` is the label of the box on the page `picture` in which another thing is
    chosen, and `filters` that of what has to be opened before a filter can be changed.
    """

    figure: str = (
        "[...document.querySelectorAll('[data-testid=stMetric]')].some((tile) =>"
        " tile.textContent.includes('Trust debt ratio') && /[0-9]/.test(tile.textContent))"
        " && (document.querySelector('[data-testid=stMain] h2')?.textContent.length > 10)"
    )
    menu: str = "[data-testid=stSidebar] [data-testid=stPageLink-NavLink]"
    title: str = "p"
    picture: str = "Blast radius"
    box: str = "Who or what"
    filters: str = "View and filters"
    searches: bool = True


def sessions(size: Size) -> Iterator[Figure]:
    """Time all that a reader does, in a server that has just been started."""
    agents = AGENTS[size.agents]
    store = size.folder / "history"
    warm()
    publish(agents, store)
    try:
        with chromium() as browser:
            yield from seen(browser, ROOT, store, Look(), agents)
    except NoBrowser as reason:
        raise Skipped(str(reason)) from None


def publish(agents: int, store: Path) -> None:
    """Publish an estate with its history and judge it ahead, as `trustdebt ingest` does."""
    with closing(open_store(str(store))) as opened:
        for state in generate(agents, SEED).history:
            ingest_reading(opened, all_sources()["estate"], reading(state))
    assert judge_ahead(lambda: open_posture(str(store)), lambda _: None) is None


def seen(browser: Browser, root: Path, store: Path, look: Look, agents: int) -> Iterator[Figure]:
    """Time what a reader sees of the app of a source tree."""
    limit = FIRST[agents]
    with served(root, store, store.parent / "server.log") as (address, started):
        yield Figure("start of the server, until it answers", started, "s")
        page, first = first_sight(browser, address, look.figure)
        yield Figure("first useful figure, in the first session", first, "s", 1, limit)
        settle(page)
        later: list[float] = []
        for _ in range(SESSIONS):  # one alone says little: they differ by a third
            page.context.close()
            page, seconds = first_sight(browser, address, look.figure)
            settle(page)
            later.append(seconds)
        words = "first useful figure, in a later session"
        yield Figure(words, statistics.median(later), "s", SESSIONS, limit)
        yield from turns(page, look)
        yield from picture(page, look)
        if look.searches:
            yield search(page)
        page.context.close()


def turns(page: Page, look: Look) -> Iterator[Figure]:
    """Time the change to each page: before anybody opened it, and later."""
    titles = [
        title.strip() for title in page.locator(f"{look.menu} {look.title}").all_text_contents()
    ]
    for when, limit in (("a page that nobody opened yet", None), ("any page", TURN)):
        times: dict[str, float] = {}
        for title in (*titles[1:], titles[0]):
            turn(page, look, title, times)
        worst = max(times, key=lambda title: times[title])
        what = f"menu to a settled page, {when}"
        yield Figure(what, statistics.median(times.values()), "s", len(times), limit)
        yield Figure(f"{what}, the slowest ({worst})", times[worst], "s")


def turn(page: Page, look: Look, title: str, times: dict[str, float]) -> None:
    """Time the change to one page."""
    link = page.locator(look.menu).filter(has=page.get_by_text(title, exact=True)).first
    link.scroll_into_view_if_needed()
    took: list[float] = []
    with timing(page, "click", titled(title), took):
        link.click()
    times[title] = took[0]


def picture(page: Page, look: Look) -> Iterator[Figure]:
    """Time clicks on nodes, another thing, and a filter, on the page with the picture."""
    turn(page, look, look.picture, {})
    yield clicks(page)
    yield chosen(page, look)
    yield filtered(page, look)


def clicks(page: Page) -> Figure:
    """Time clicks on nodes until the panel beside the picture has the name of the node."""
    canvas = page.locator(".canvas").first
    canvas.scroll_into_view_if_needed()
    nodes = canvas.locator(".node:not(.fold):not(.start)").all()
    times: list[float] = []
    for node in nodes[:: max(1, len(nodes) // CLICKS)]:
        name = (node.get_attribute("aria-label") or "").split(", ")[0]
        at = _middle(node)
        if len(times) == CLICKS or at is None:
            continue
        with timing(page, "click", panel_of(name), times):
            page.mouse.click(*at)
        settle(page)
    return Figure(NODE, statistics.median(times), "s", len(times), PICK)


NODE = "click on a node, until the panel shows it"


def panel_of(name: str) -> str:
    """Return the script that finds the panel with the facts of the thing of this name."""
    heads = "[...document.querySelectorAll('[data-testid=stMain] h2')]"
    return f"{heads}.some((head) => head.textContent.trim() === {name!r})"


def _middle(node: Locator) -> tuple[float, float] | None:
    """Return where a node is met, if that is in sight."""
    box = node.locator(".shape").last.bounding_box()
    if box is None or not 0 < box["y"] < 900:
        return None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def chosen(page: Page, look: Look) -> Figure:
    """Time the choice of other things, until their page is settled."""
    times: list[float] = []
    for steps in range(1, 6):
        page.get_by_role("combobox", name=look.box).first.click()
        for _ in range(steps):
            page.keyboard.press("ArrowDown")
        with timing(page, "keydown", settled_elsewhere(page), times):
            page.keyboard.press("Enter")
    return Figure(
        "another thing chosen, until its page is settled", statistics.median(times), "s", 5
    )


def filtered(page: Page, look: Look) -> Figure:
    """Time a filter of the picture, changed and changed back."""
    if look.filters:
        page.get_by_text(look.filters).first.click()
    times: list[float] = []
    for name in ("Potential", "Standing") * 3:
        button = page.get_by_role("radio", name=name).first
        button.wait_for()
        with timing(page, "click", settled_elsewhere(page), times):
            button.click(force=True)
    return Figure("a filter changed, until the page is settled", statistics.median(times), "s", 6)


def search(page: Page) -> Figure:
    """Time the search of every page, until it shows what it found."""
    ready = (
        "[...document.querySelectorAll('[data-testid=stSidebar] a')]"
        f".some((link) => link.textContent.includes({SEARCHED!r}))"
    )
    times: list[float] = []
    box = page.locator("[data-testid=stSidebar] input[type=search]")
    for _ in range(5):
        box.fill("")
        page.wait_for_function(f"() => !({ready})")
        box.focus()
        with timing(page, "input", ready, times):
            page.keyboard.insert_text(SEARCHED)
        settle(page)
    return Figure("search, until what it found is shown", statistics.median(times), "s", 5)


TOPIC = Topic(
    "In a browser",
    "The app in headless Chromium, without a GPU, 1440 pixels wide. The estates have 2,000 (in the "
    "column 10k) and 20,000 agents, with the history of `trustdebt demo`. The page's own clock "
    "counts, from the browser's event until a frame in which what the reader waits for is there. "
    "The store is warm and the server has just been started; the first useful figure is the "
    "sentence of the front page and the ratio beside it. A page is settled when its script has "
    "ended and nothing on it is a placeholder or about to be replaced.",
    41,
    (sessions,),
    generated=False,
)
