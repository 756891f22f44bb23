"""Every page draws every kind of thing of every source, alone and with nothing around it.

A store is made of each small export, of each label alone and of each relationship alone, so a new
source, label, relationship or page is drawn here without being named. Every day some of the stores
are drawn, one by every fifth page and the next by the pages after those, and some relationships;
`make search` draws all on all.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analytics.history import posture_in
from analytics.posture import Posture
from app.web.views import all_views
from graph.element import Relationship
from graph.schema import CREDENTIAL, FACT_NODES, OWNS, RELATIONSHIPS, RESOURCE
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.e2e.conftest import Open
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.exports.small_exports import EXPORTS, write
from tests.support.search import some, worlds

SCOPE = "demo"


def _of_export(name: str, number: int) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        path = write(EXPORTS[name][number], folder / "export")
        scope = None if name == "estate" else SCOPE
        taken_at = None if name == "estate" else AS_OF
        job = all_sources()[name], Request([path], scope, taken_at)
        ingest(ParquetStore(folder / "store"), [job], max_bad=100)

    return make


def _of_estate(estate: Estate) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        ingest(ParquetStore(folder / "store"), [estate.job()])

    return make


def _alone(label: str) -> Estate:
    return Estate().thing(label, "one", "other")


def _joined(relationship: Relationship) -> Estate:
    """Return things joined by one relationship only, from each label to each that it may join."""
    e, kind = Estate(), relationship.name
    for source in relationship.sources:
        e.thing(source.name, f"from {source.name}")
        for target in relationship.targets:
            one = f"{source.name} to {target.name}"
            role = {"role": "business"} if relationship is OWNS else {}
            e.thing(target.name, one).link(f"from {source.name}", kind, one, **role)
    return e


STORES: dict[str, Callable[[Path], None]] = {
    **{name: _of_export(name, 0) for name in EXPORTS},
    **{f"only {node.name}": _of_estate(_alone(node.name)) for node in FACT_NODES},
    "nothing in it": _of_estate(Estate()),
    "no snapshot": lambda folder: None,
}
DRAWN = [*some(EXPORTS, 6), *some(list(STORES)[len(EXPORTS) : -2], 4), *list(STORES)[-2:]]
BARE = ["leads", "holds"]
STRIDE = worlds(every_day=5, search=1)  # of so many pages, a store is drawn by one


@pytest.fixture(params=DRAWN)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    STORES[request.param](tmp_path)
    return tmp_path / "store"


@pytest.fixture
def pages(request: pytest.FixtureRequest) -> list[str]:
    """List the pages by which the store is drawn."""
    number = DRAWN.index(request.node.callspec.params["store"])
    return list(all_views())[number % STRIDE :: STRIDE]


def sound(test: AppTest) -> None:
    """Require that nothing of a page failed."""
    assert not test.exception, [f"{e.message}\n{e.stack_trace}" for e in test.exception]
    assert test.title


def judged(store: Path) -> Posture | None:
    kept = ParquetStore(store)
    current = kept.current()
    return None if current is None else posture_in(kept, current.id)


def of_each_kind(posture: Posture, told_apart_by: list[str]) -> Iterator[tuple[str, str]]:
    """Yield a label and an id of each kind: things are of one kind where they are alike.

    They are told apart by their `label`, by whether a step `leads` from them to anything, and by
    whether one `holds` a grant.
    """
    things = posture.graph.things
    leads, holds = np.zeros((2, len(things)), bool)
    leads[posture.edges.source] = True
    holds[posture.grants.holder] = True
    kinds = things.assign(leads=leads, holds=holds).drop_duplicates(told_apart_by)
    yield from zip(kinds["label"], kinds["id"], strict=True)


def test_everything_draws(open_page: Open, store: Path, pages: list[str]) -> None:
    for page in pages:
        sound(open_page(store, page))
    posture = judged(store)
    if posture is None or "blast_radius" not in pages:
        return
    turned = set()
    for label, one in of_each_kind(posture, ["label"]):
        if label != RESOURCE.name:
            sound(open_page(store, "blast_radius", thing=one))
        if label not in turned:
            sound(open_page(store, "blast_radius", thing=one, direction="reached-by"))
        if label == CREDENTIAL.name:
            sound(open_page(store, "blast_radius", thing=one, leaked="True"))
        turned.add(label)


@pytest.mark.parametrize("joins", some(RELATIONSHIPS, 4), ids=lambda joins: joins.name)
def test_each_relationship_draws(open_page: Open, tmp_path: Path, joins: Relationship) -> None:
    _of_estate(_joined(joins))(tmp_path)
    store = tmp_path / "store"
    sound(open_page(store))
    posture = judged(store)
    assert posture is not None
    for _, one in of_each_kind(posture, BARE):
        sound(open_page(store, "blast_radius", thing=one, direction="reaches"))
    sound(open_page(store, "identity", id=one))


def test_the_stores_hold_what_they_are_named_for() -> None:
    """Else the pages would be drawn of less than this file says."""
    assert {name.split()[0] for name in STORES} >= set(EXPORTS)


def test_a_page_that_fails_is_noticed(
    open_page: Open, tmp_path: Path, around: pytest.MonkeyPatch
) -> None:
    STORES["only Agent"](tmp_path)

    def broken(posture: Posture) -> None:
        raise ZeroDivisionError

    views = dict(all_views())
    views["findings"] = replace(views["findings"], draw=broken)
    around.setattr("app.web.views.all_views", lambda: views)
    test = open_page(tmp_path / "store", "findings")
    with pytest.raises(AssertionError):
        sound(test)
