"""In a real browser: links, choices and clicks lead where they say."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import Open, Serve, graph
from tests.support.search import some


def test_a_link_restores_the_view_and_a_visit_to_another_page_keeps_it(
    serve: Serve, store: Path, open_window: Open
) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/blast_radius?thing=left&mode=potential&hops=2&view=layers")
    thing = page.get_by_role("combobox", name="Who or what")
    expect(thing).to_have_value("left-bot · agent")
    page.get_by_text("View and filters").click()
    expect(page.get_by_role("radio", name="Potential")).to_be_checked()
    for part in ("thing=left", "mode=potential", "hops=2", "view=layers"):
        page.wait_for_url(f"**{part}*")
    page.get_by_role("link", name="Ownership").click()
    page.get_by_role("heading", name="Ownership").wait_for()
    page.get_by_role("link", name="Blast radius").click()
    page.get_by_role("heading", name="Blast radius").wait_for()
    window.settle()
    page.wait_for_url("**/blast_radius?thing=left*")


def test_a_query_that_takes_long_can_be_cancelled_and_asked_again(
    serve: Serve, store: Path, open_window: Open
) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/console")
    query = page.get_by_role("textbox", name="Query")
    query.fill(
        "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = 3"
    )
    query.press("Control+Enter")
    for _ in range(2):
        page.get_by_role("button", name="Run").click()
        cancel = page.get_by_role("button", name="Cancel")
        cancel.click(timeout=20_000)
        cancel.wait_for(state="detached", timeout=10_000)  # long before the query's own end
        page.get_by_text("Press Run to ask").wait_for()
    query.fill("SELECT 7 AS n")
    query.press("Control+Enter")
    page.get_by_role("button", name="Run").click()
    page.get_by_text("1 row.").wait_for()


@pytest.mark.parametrize("scheme", some(["dark", "light"], 1))
def test_a_what_if_is_drawn_before_and_after(
    serve: Serve, store: Path, open_window: Open, scheme: str
) -> None:
    home = serve(store)
    window = open_window(home, scheme)
    page = window.go(f"{home}/blast_radius?thing=wide&remove=deploy,CAN_ACCESS,db-00")
    graph(page, 2)
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
    group, focused = page.locator(".treemap .tile", has_text="unknown").first, ".treemap :focus"
    group.wait_for()
    assert page.locator(focused).count() == 0  # the page would scroll to it
    group.click()
    page.wait_for_url("**group=environment*unknown*")
    window.settle()
    tile = page.locator(".treemap .tile", has_text="wide-bot").first
    tile.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**group=identity*wide*")
    page.get_by_text("Items of identity wide-bot:").wait_for()
    window.settle()
    expect(tile).to_have_attribute("aria-pressed", "true")
    assert page.locator(focused).count() == 1  # whoever goes by keyboard goes on from there
    page.locator(".treemap .all").click()
    page.wait_for_url(lambda address: "group" not in address)
    page.get_by_text("Items of identity").wait_for(state="detached")
