"""In a real browser: every page draws without errors, in light or in dark.

Of three pages in a row, the first is drawn every day with hostile names (see that test), the second
in light and the third in dark; `make search` draws all in both.
"""

from pathlib import Path

import pytest

from tests.e2e.browsing import PATHS, VIEWS, Open, Serve, graph, names, turn_to
from tests.support.search import searching


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_draws_in_light_and_dark(
    serve: Serve, store: Path, open_window: Open, scheme: str
) -> None:
    home = serve(store)
    window = open_window(home, scheme)
    first, *others = VIEWS if searching() else VIEWS[1 if scheme == "light" else 2 :: 3]
    for view in (first, *others):
        page = window.go(home + PATHS[view.name]) if view is first else turn_to(window, view.title)
        assert page.locator("[data-testid=stException]").count() == 0, view.name
        if view.name == "blast_radius":
            assert "wide-bot" in names(graph(page))
    background = window.page.evaluate(
        "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 16, 21)"}[scheme]
