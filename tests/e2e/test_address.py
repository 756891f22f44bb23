"""The address holds the snapshot, the instant and what was chosen, on every page and way back."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import Open, Serve, turn_to
from tests.e2e.conftest import Watched
from tests.e2e.said import texts
from tests.support.search import some

OLD = "not the latest snapshot"
MENU = ("Findings", "Ownership", "Trust debt", "Stale access")


def back(window: Watched, title: str) -> None:
    window.page.go_back()
    window.page.get_by_role("heading", name=title, exact=True, level=1).wait_for()
    window.settle()


def shows(page: Page, words: str) -> None:
    expect(page.get_by_test_id("stMain").get_by_text(words).first).to_be_visible()


def test_the_snapshot_and_the_instant_survive_every_change_of_page(
    serve: Serve, grown: tuple[Path, str], open_window: Open
) -> None:
    store, first = grown
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/audit?snapshot={first[:12]}&as_of=2026-07-15")
    menu = some(MENU, 2)
    for title in menu:
        turn_to(window, title)
        shows(page, OLD)
        shows(page, "15 Jul 2026")
        page.wait_for_url(f"**snapshot={first}*")
        page.wait_for_url("**as_of=2026-07-15*")
    page.reload()
    window.settle()
    shows(page, OLD)
    shows(page, "15 Jul 2026")
    for title in reversed(menu[:-1]):
        back(window, title)
        shows(page, OLD)
    links = page.locator("[data-testid=stMain] a[href]").evaluate_all("e => e.map(a => a.href)")
    assert [link for link in links if "snapshot=" not in link] == []


def test_a_snapshot_that_is_picked_is_in_every_address(
    serve: Serve, grown: tuple[Path, str], open_window: Open
) -> None:
    store, first = grown
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/audit")
    page.get_by_role("combobox", name="Snapshot").click()
    page.get_by_role("option", name=first[-6:]).click()
    page.wait_for_url(f"**snapshot={first}*")
    window.settle()
    for title in ("Ownership", "Findings"):
        turn_to(window, title)
        shows(page, OLD)
        page.wait_for_url(f"**snapshot={first}*")


def test_each_step_back_undoes_one_step(serve: Serve, store: Path, open_window: Open) -> None:
    home = serve(store)
    window = open_window(home)
    page = window.go(f"{home}/ownership")
    turn_to(window, "Findings")
    page.get_by_test_id("stMain").get_by_role("button", name=re.compile("critical · ")).click()
    page.wait_for_url("**severity=critical*")
    window.settle()
    turn_to(window, "Stale access")
    back(window, "Findings")
    page.wait_for_url("**severity=critical*")
    page.go_back()
    page.wait_for_url(lambda address: "severity" not in address)
    window.settle()
    assert "/findings" in page.url
    pressed = page.get_by_test_id("stMain").locator("[data-testid$=Active]")
    expect(pressed).to_have_count(0)
    back(window, "Ownership")
    page.go_forward()
    page.get_by_role("heading", name="Findings", level=1).wait_for()


@pytest.mark.usefixtures("no_plan")
def test_what_the_address_names_and_the_store_does_not_have_is_told(
    open_page: Open, grown: tuple[Path, str]
) -> None:
    store, first = grown
    for page in ("posture", "findings"):
        test = open_page(store, page, snapshot="no-such", as_of="yesterday")
        assert not test.exception
        words = " ".join(error.value for error in test.error)
        assert "`no-such`, which is not in this store" in words
        assert "`yesterday`, which is none" in words
        assert OLD not in texts(test)
    known = open_page(store, "findings", snapshot=first)
    assert not known.error
    assert OLD in texts(known)
