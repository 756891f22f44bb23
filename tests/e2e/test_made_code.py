"""In a real browser: pages need no code made of text, and the first is found by its name."""

from pathlib import Path

import pytest

from tests.e2e.browsing import Open, Serve, graph


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
    paths = ("/trust_debt", "/blast_radius?thing=wide-bot")
    for path in paths if obeys else paths[1:]:
        page = window.go(home + path)
        page.locator(".treemap .tile, .canvas .node").first.wait_for()
        assert page.evaluate(MAKES_CODE) == came
    assert graph(page).locator(".node").count()
    window.errors[:] = [said for said in window.errors if "unsafe-eval" not in said]
