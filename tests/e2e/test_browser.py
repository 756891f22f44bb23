"""In a real browser: every page draws without errors in light, some of them in dark."""

from pathlib import Path

import pytest

from tests.e2e.browsing import PATHS, Open, Serve, graph, names
from tests.support.search import some


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_draws_in_light_and_dark(
    serve: Serve, store: Path, open_window: Open, scheme: str
) -> None:
    home = serve(store)
    window = open_window(home, scheme)
    drawn = PATHS if scheme == "light" else dict(some(PATHS.items(), 3))
    for name, path in drawn.items():
        page = window.go(home + path)
        assert page.locator("[data-testid=stException]").count() == 0, name
        if name == "blast_radius":
            assert "wide-bot" in names(graph(page))
    background = window.page.evaluate(
        "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    )
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(14, 16, 21)"}[scheme]
