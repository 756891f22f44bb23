"""The app on the server's side: what one click costs before anything travels to the browser."""

import logging
import os
import statistics
from collections.abc import Iterator
from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from app.web.views import all_views
from tests.benchmarks.measure import Figure, Size, Topic, peak, timed, wall

MAIN = Path(__file__).parents[2] / "app" / "web" / "main.py"
VIEW = "blast_radius"
OTHERS = 9
LIMIT = 0.5


logging.disable(logging.WARNING)  # Streamlit wonders where its browser is


def visit(name: str) -> AppTest:
    """Open a page, as a link to it does."""
    test = AppTest.from_file(str(MAIN), default_timeout=600)
    first = next(iter(sorted(all_views().values(), key=lambda view: view.order)))
    test._page_hash = "" if name == first.name else calc_hash(name)
    return test


def run(test: AppTest) -> None:
    """Run the script once, and refuse a page that only shows an error."""
    test.run()
    assert not test.exception
    assert test.title


def clicks(size: Size) -> Iterator[Figure]:
    """Time the first visit, then what readers do most."""
    os.environ["TRUSTDEBT_STORE"] = str(size.store)
    test = visit(VIEW)
    yield Figure("first visit of all, to the blast radius page", wall(lambda: run(test)), "s")
    yield timed("drawn again", lambda: run(test), 5, LIMIT)
    times = []
    for place in range(1, OTHERS + 1):
        test.selectbox(key="thing").select_index(place)
        times.append(wall(lambda: run(test)))
    yield Figure("another wide identity chosen", statistics.median(times), "s", len(times), LIMIT)
    yield Figure("another wide identity chosen, the slowest", max(times), "s", len(times), LIMIT)


def pages(size: Size) -> Iterator[Figure]:
    """Time every page, drawn for the first time and again."""
    os.environ["TRUSTDEBT_STORE"] = str(size.store)
    for name, view in all_views().items():
        test = visit(name)
        yield Figure(f"{view.title} page, first visit", wall(lambda test=test: run(test)), "s")
        yield timed(f"{view.title} page, drawn again", lambda test=test: run(test), 5, LIMIT)
    yield peak("the app, peak memory")


TOPIC = Topic(
    "App",
    "One run of a page's script by Streamlit's own AppTest, in one process. The first visit of all "
    "reads and judges the snapshot, which all later visits of all readers share.",
    40,
    (clicks, pages),
)
