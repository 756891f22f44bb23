"""In a real browser: pages draw without errors, ask nobody else, and obey no name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_draws_in_light_and_dark(
    serve: Serve, store: Path, open_window: Open, scheme: str
) -> None:
    home = serve(store)
    window = open_window(home, scheme)
    for name, path in PATHS.items():
        page = window.go(home + path)
        assert page.locator("[data-testid=stException]").count() == 0, name
        if name == "blast_radius":
            assert "wide-bot" in names(graph(page))
    background = window.page.evaluate(
        "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 16, 21)"}[scheme]


def test_the_first_page_is_found_by_its_name_too(
    serve: Serve, store: Path, open_window: Open
) -> None:
    home = serve(store)
    window = open_window(home)
    for path, dialogs in (("", 0), ("/posture", 0), ("/no_such_page", 1)):
        page = window.go(home + path)
        assert page.locator("[data-testid=stApp] h1").first.inner_text() == "Posture"
        assert page.get_by_text("Page not found").count() == dialogs, path
    assert len(window.errors) == 1  # of the one that there is not
    window.errors.clear()


def test_hostile_names_run_nothing_and_load_nothing(
    serve: Serve, hostile_store: Path, open_window: Open, canary: tuple[str, list[str]]
) -> None:
    home = serve(hostile_store)
    window = open_window(home)
    addresses = [home + path for path in PATHS.values()]
    addresses += [f"{home}/blast_radius?thing={thing}" for thing in ("db-00", "key-1", "ann")]
    addresses += [f"{home}/blast_radius?thing=wide&focus=db-01&view=rings"]
    addresses += [f"{home}/blast_radius?thing=wide&focus=db-01&remove=deploy,CAN_ACCESS,db-01"]
    addresses += [f"{home}/choke_points?item=deploy&start=wide", f"{home}/choke_points?item=<b>"]
    addresses += [f"{home}/trust_debt?by={by}&group={by}:wide" for by in ("identity", "owner")]
    addresses += [f"{home}/ownership?leaving=ann&leaving=<b>", f"{home}/trust_debt?items=unknown"]
    addresses += [f"{home}/?figure=sensitive_reach", f"{home}/findings?state=open&rules=OWN-01"]
    for address in addresses:
        page = window.go(address)
        if "blast_radius" in address and "ann" not in address:
            assert names(graph(page))
        inside = [f.evaluate("() => window.pwned") for f in page.frames]
        assert set(inside) == {None}, address
        links = page.locator("[data-testid=stMain] a[href]").evaluate_all("e => e.map(a => a.href)")
        assert [link for link in links if not _own(link, home)] == [], address
        assert page.locator("[data-testid=stMain] img").count() == 0, address
    assert canary[1] == []


def _own(link: str, home: str) -> bool:
    """Say whether a link leads to a page of the app, as the pages link to one another."""
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}" == home and parts.path in {"/", *PATHS.values()}


# Later than this call: what a debugger calls itself, a browser lets make code of text.
MAKES_CODE = """() => new Promise(done => setTimeout(() => {
    try { done(new Function("return 'made'")()) } catch (error) { done(error.name) }
}))"""


@pytest.mark.parametrize(("obeys", "came"), [(True, "EvalError"), (False, "made")])
def test_the_app_needs_no_code_made_of_text(
    serve: Serve, store: Path, open_window: Open, obeys: bool, came: str
) -> None:
    """Charts and pictures are drawn without; the twin is a browser that obeys no policy."""
    home = serve(store)
    window = open_window(home, obeys_policy=obeys)
    for path in ("/", "/trust_debt", "/blast_radius?thing=wide-bot"):
        page = window.go(home + path)
        page.locator(".js-plotly-plot .main-svg").first.wait_for()
        assert page.evaluate(MAKES_CODE) == came
    assert graph(page).evaluate(MAKES_CODE) == came
    window.errors[:] = [said for said in window.errors if "unsafe-eval" not in said]


def test_the_canary_would_have_been_heard(
    serve: Serve, store: Path, open_window: Open, canary: tuple[str, list[str]]
) -> None:
    home = serve(store)
    window = open_window(home, obeys_policy=False)  # the content policy would keep it from asking
    window.go(home + "/")
    window.page.evaluate("src => { new Image().src = src }", f"{canary[0]}/twin")
    window.page.wait_for_timeout(500)
    assert canary[1] == ["/twin"]
    assert window.foreign == [f"{canary[0]}/twin"]
    canary[1].clear()
    window.foreign.clear()
    window.errors.clear()


def test_a_link_restores_the_view(serve: Serve, store: Path, open_window: Open) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/blast_radius?thing=left&mode=potential&hops=2&view=layers")
    assert page.get_by_role("combobox", name="Thing").input_value() == "left-bot · agent"
    assert page.get_by_role("radio", name="Potential").is_checked()
    for part in ("thing=left", "mode=potential", "hops=2", "view=layers"):
        assert part in page.url


def test_what_is_chosen_survives_a_visit_to_another_page(
    serve: Serve, store: Path, open_window: Open
) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/blast_radius?thing=left")
    page.get_by_role("link", name="Ownership").click()
    page.get_by_role("heading", name="Ownership").wait_for()
    page.get_by_role("link", name="Blast radius").click()
    page.get_by_role("heading", name="Blast radius").wait_for()
    window.settle()
    page.wait_for_url("**/blast_radius?thing=left*")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_what_if_is_drawn_before_and_after(
    serve: Serve, store: Path, open_window: Open, scheme: str
) -> None:
    home = serve(store)
    window = open_window(home, scheme)
    page = window.go(f"{home}/blast_radius?thing=wide&remove=deploy,CAN_ACCESS,db-00")
    page.wait_for_function(
        "() => document.querySelectorAll('iframe[title*=cytoscape]').length === 3", timeout=20_000
    )
    page.get_by_text("40 → 39").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_choke_point_goes_to_the_what_if(serve: Serve, store: Path, open_window: Open) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/choke_points?start=wide&target=db-00&item=deploy")
    page.get_by_role("button", name="Add to what-if").click()
    page.wait_for_url("**remove=deploy*")
    page.get_by_role("button", name="Show the what-if: 1 removal").click()
    page.wait_for_url("**/blast_radius*remove=deploy*")
    page.get_by_text("40 → 0").wait_for()


def test_a_click_on_a_tile_filters_the_items_and_the_path_leads_back(
    serve: Serve, store: Path, open_window: Open
) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/trust_debt?by=environment")
    page.locator(".slice text", has_text="wide-bot").first.click(force=True)
    page.wait_for_url("**group=identity*wide*")
    page.get_by_text("Items of identity wide-bot:").wait_for()
    window.settle()
    page.locator(".pathbar text", has_text="All").first.click(force=True)
    page.wait_for_url(lambda address: "group" not in address)
    page.get_by_text("Items of identity").wait_for(state="detached")


def test_a_click_on_a_node_selects_it(serve: Serve, store: Path, open_window: Open) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/blast_radius?thing=wide")
    frame = graph(page)
    page.wait_for_timeout(800)
    page.mouse.click(*place(page, frame, "deploy"))
    page.wait_for_url("**focus=deploy*")
    page.get_by_text("may assume").wait_for()


def test_a_double_click_on_a_fold_opens_it(serve: Serve, store: Path, open_window: Open) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/blast_radius?thing=wide")
    frame = graph(page)
    page.wait_for_timeout(800)
    at = place(page, frame, "30 internal resources")
    page.mouse.dblclick(*at, delay=20)
    frame.wait_for_function(
        "() => document.getElementById('cy')._cyreg.cy.nodes().length > 40", timeout=20_000
    )
    page.get_by_text("Showing all 44 things").wait_for()


def test_a_finding_is_saved_with_its_cells_defused(
    serve: Serve, hostile_store: Path, open_window: Open, tmp_path: Path
) -> None:
    home = serve(hostile_store)
    window = open_window(home)
    page = window.go(f"{home}/blast_radius?thing=wide")
    page.wait_for_timeout(1000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV", exact=True).click()
    download.value.save_as(tmp_path / "reach.csv")
    said = (tmp_path / "reach.csv").read_text()
    assert "\"'=HYPERLINK" in said
    assert ',"=HYPERLINK' not in said
