"""In a real browser: hostile names run nothing, load nothing and lead nowhere."""

from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.browsing import PATHS, Open, Serve, graph, names
from tests.support.search import searching, some


def test_hostile_names_run_nothing_and_load_nothing(
    serve: Serve, hostile_store: Path, open_window: Open, canary: tuple[str, list[str]]
) -> None:
    home = serve(hostile_store)
    window = open_window(home)
    pages = [home + path for path in PATHS.values()]
    addresses = [f"{home}/blast_radius?thing={thing}" for thing in ("db-00", "key-1", "ann")]
    addresses += [f"{home}/blast_radius?thing=wide&focus=db-01&view=rings"]
    addresses += [f"{home}/blast_radius?thing=wide&focus=db-01&remove=deploy,CAN_ACCESS,db-01"]
    addresses += [f"{home}/choke_points?item=deploy&start=wide", f"{home}/choke_points?item=<b>"]
    addresses += [f"{home}/trust_debt?by={by}&group={by}:wide" for by in ("identity", "owner")]
    addresses += [f"{home}/ownership?leaving=ann&leaving=<b>", f"{home}/trust_debt?items=unknown"]
    addresses += [f"{home}/?figure=sensitive_reach", f"{home}/findings?state=open&rules=OWN-01"]
    addresses += [f"{home}/identity?id={thing}" for thing in ("wide&fix=True", "key-1", "ann")]
    every_day = pages if searching() else pages[::3]  # test_browser.py draws the others
    for address in [*every_day, *some(addresses, 5)]:
        page = window.go(address)
        if "blast_radius" in address and "ann" not in address:
            assert names(graph(page))
        inside = [f.evaluate("() => window.pwned") for f in page.frames]
        assert set(inside) == {None}, address
        links = page.locator("[data-testid=stMain] a[href]").evaluate_all("e => e.map(a => a.href)")
        assert [link for link in links if not _own(link, home)] == [], address
        assert page.locator("[data-testid=stMain] img").count() == 0, address
    box = page.get_by_role("searchbox", name="Search everything")
    box.fill("pwned")  # part of several names; what is found is drawn while one types
    page.get_by_test_id("stSidebar").get_by_text("Agents").wait_for(timeout=20_000)
    assert page.evaluate("() => window.pwned") is None
    assert canary[1] == []


def _own(link: str, home: str) -> bool:
    """Say whether a link leads to a page of the app, as the pages link to one another."""
    parts = urlsplit(link)
    return f"{parts.scheme}://{parts.netloc}" == home and parts.path in {"/", *PATHS.values()}


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
