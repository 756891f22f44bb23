"""What a link asked for is in sight in a window of 1440 by 900, further down on its page or not."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from streamlit.testing.v1 import AppTest

from tests.e2e.browsing import Open as Window
from tests.e2e.browsing import Serve, turn_to
from tests.e2e.conftest import Open, Watched
from tests.e2e.said import figures

SCREEN = {"width": 1440, "height": 900}
GRANT = "deploy,CAN_ACCESS,db-00"


def asked(test: AppTest) -> list[str]:
    """Return the parameters whose place on the page the browser is to scroll to."""
    return [
        each.key.removeprefix("reveal:")
        for each in test.main.get("bidi_component")
        if each.key.startswith("reveal:")
    ]


def test_a_place_is_asked_for_by_an_address_and_not_by_a_choice(
    open_page: Open, store: Path, no_plan: None
) -> None:
    assert asked(open_page(store, "posture", figure="sensitive_reach")) == ["figure"]
    test = open_page(store, "blast_radius", thing="wide")
    assert asked(test) == []
    test.session_state["remove"] = [GRANT]
    test.run()
    assert figures(test)["Resources it reaches"] == "40 → 39"
    assert asked(test) == []


def seen(window: Watched, what: Locator) -> None:
    """Require that something is in sight, below the bar at the top."""
    expect(what).to_be_in_viewport(timeout=20_000)
    window.settle()
    box = what.bounding_box()
    assert box is not None
    assert 40 <= box["y"] <= SCREEN["height"] - 100, box


@pytest.fixture
def window(serve: Serve, store: Path, open_window: Window) -> Watched:
    opened: Watched = open_window(serve(store))
    opened.page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
    return opened


def test_the_list_behind_a_tile_of_the_front_comes_into_sight_each_time(
    window: Watched, serve: Serve, store: Path
) -> None:
    page = window.go(serve(store))
    link = page.get_by_role("link", name="See the list").first
    title = page.get_by_role("heading", name="Identities with access to sensitive data")
    for _ in range(2):
        link.click()
        page.wait_for_url("**figure=sensitive_reach*")
        window.settle()
        seen(window, title)
        page.mouse.move(800, 400)
        page.mouse.wheel(0, -20_000)
        expect(title).not_to_be_in_viewport()
    window.settle()
    expect(title).not_to_be_in_viewport()  # who scrolled away is not brought back


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        ("trust_debt?by=identity&group=identity:left", "Where the debt comes from"),
        ("ownership?leaving=ann", "What if people leave?"),
        (f"blast_radius?thing=wide&remove={GRANT}", "What if"),
        ("plan?plan=shown", "What to do first"),
    ],
)
def test_what_an_address_asks_for_is_in_sight(
    window: Watched, serve: Serve, store: Path, address: str, heading: str
) -> None:
    page = window.go(f"{serve(store)}/{address}")
    seen(window, page.get_by_role("heading", name=heading, exact=True))


def test_the_menu_leads_back_to_the_top_of_a_page(
    window: Watched, serve: Serve, store: Path
) -> None:
    page = window.go(f"{serve(store)}/ownership?leaving=ann")
    seen(window, page.get_by_role("heading", name="What if people leave?"))
    turn_to(window, "Sources")
    turn_to(window, "Ownership")
    page.wait_for_url("**leaving=ann*")
    expect(page.get_by_role("heading", name="Ownership", exact=True)).to_be_in_viewport()


def test_the_menu_goes_to_the_top_before_the_page_is_drawn(
    window: Watched, serve: Serve, store: Path
) -> None:
    page = window.go(f"{serve(store)}/ownership?leaving=ann")
    seen(window, page.get_by_role("heading", name="What if people leave?"))
    menu = page.get_by_test_id("stSidebar").get_by_role("link", name="Sources", exact=True)
    top = """(link) => {
        const main = document.querySelector("[data-testid=stMain]");
        const before = main.scrollTop;
        const stay = (event) => event.preventDefault();
        link.addEventListener("click", stay);
        const click = { bubbles: true, cancelable: true, ctrlKey: true };  // opens another tab
        link.dispatchEvent(new MouseEvent("click", click));
        link.removeEventListener("click", stay);
        const apart = main.scrollTop === before;
        link.click();
        return [before > 0, apart, main.scrollTop];
    }"""
    assert menu.evaluate(top) == [True, True, 0]


def test_a_link_that_the_menu_draws_anew_when_it_is_pressed_is_one_of_the_menu(
    window: Watched, serve: Serve, store: Path
) -> None:
    page = window.go(f"{serve(store)}/ownership?leaving=ann")
    pressed = "document.documentElement.dataset.pressed"
    page.get_by_role("heading", name="What if people leave?").click()
    assert page.evaluate(pressed) == "page"
    page.evaluate(
        """() => {
            const item = document.createElement("button");
            item.textContent = "Anew";
            item.addEventListener("click", () => item.remove());
            document.querySelector("[data-testid=stSidebarContent]").prepend(item);
        }"""
    )
    page.get_by_role("button", name="Anew").click()
    assert page.evaluate(pressed) == "menu"
