"""In a real browser: every page draws without errors, in light or in dark.

Of three pages in a row, the first is drawn every day with hostile names (see that test), the second
in light and the third in dark; `make search` draws all in both.
"""

from pathlib import Path

import pytest

from tests.e2e.browsing import PATHS, Open, Serve, graph, names
from tests.support.search import searching


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_draws_in_light_and_dark(
    serve: Serve, store: Path, open_window: Open, scheme: str
) -> None:
    home = serve(store)
    window = open_window(home, scheme)
    every = list(PATHS.items())
    drawn = every if searching() else every[1 if scheme == "light" else 2 :: 3]
    for name, path in drawn:
        page = window.go(home + path)
        assert page.locator("[data-testid=stException]").count() == 0, name
        if name == "blast_radius":
            assert "wide-bot" in names(graph(page))
    background = window.page.evaluate(
        "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 16, 21)"}[scheme]
