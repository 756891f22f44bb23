"""Every page draws every kind of thing of every source, alone and with nothing around it.

A store is made of each small export, of each label alone and of each relationship alone, so a new
source, label, relationship or page is drawn here without being named.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from analytics.history import posture_in
from analytics.posture import Posture
from app.views import all_views
from graph.element import Relationship
from graph.schema import CREDENTIAL, FACT_NODES, OWNS, RELATIONSHIPS, RESOURCE
from graph.stores.parquet_store import ParquetStore
from ingest.job import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.e2e.conftest import Open
from tests.small_estates import AS_OF, Estate
from tests.small_exports import EXPORTS, write

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
    **{f"{name} {n}": _of_export(name, n) for name in EXPORTS for n in range(len(EXPORTS[name]))},
    **{f"only {node.name}": _of_estate(_alone(node.name)) for node in FACT_NODES},
    **{f"only {joins.name}": _of_estate(_joined(joins)) for joins in RELATIONSHIPS},
    "nothing in it": _of_estate(Estate()),
    "no snapshot": lambda folder: None,
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    STORES[request.param](tmp_path)
    return tmp_path / "store"


def sound(test: AppTest) -> None:
    """Require that nothing of a page failed."""
    assert not test.exception, [f"{e.message}\n{e.stack_trace}" for e in test.exception]
    assert test.title


def judged(store: Path) -> Posture | None:
    kept = ParquetStore(store)
    current = kept.current()
    return None if current is None else posture_in(kept, kept.snapshots(), current.id)


def of_each_kind(posture: Posture) -> Iterator[tuple[str, str]]:
    """Yield a label and an id: of each label a thing for each way in which it may be bare.

    The ways: whether it reaches a resource, and whether a step leads from it to anything.
    """
    graph, things = posture.graph, posture.graph.things
    leads = np.zeros(len(things), bool)
    leads[posture.edges.source] = True
    holds = np.zeros(len(things), bool)
    holds[posture.grants.holder] = True
    ways = things.assign(leads=leads, holds=holds)
    for row in ways.drop_duplicates(["label", "leads", "holds"]).itertuples():
        assert graph.number(str(row.id)) >= 0
        yield str(row.label), str(row.id)


def test_everything_draws(open_page: Open, store: Path) -> None:
    for page in all_views():
        sound(open_page(store, page))
    posture = judged(store)
    if posture is None:
        return
    for label, one in of_each_kind(posture):
        directions = ("reached-by",) if label == RESOURCE.name else ("reaches", "reached-by")
        for direction in directions:
            sound(open_page(store, "blast_radius", thing=one, direction=direction))
        if label == CREDENTIAL.name:
            sound(open_page(store, "blast_radius", thing=one, leaked="True"))


def test_the_stores_hold_what_they_are_named_for() -> None:
    """Else the pages would be drawn of less than this file says."""
    assert {name.split()[0] for name in STORES} >= set(all_sources())


def test_a_page_that_fails_is_noticed(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    STORES["only Agent"](tmp_path)

    def broken(posture: Posture) -> None:
        raise ZeroDivisionError

    views = dict(all_views())
    views["findings"] = replace(views["findings"], draw=broken)
    monkeypatch.setattr("app.views.all_views", lambda: views)
    test = open_page(tmp_path / "store", "findings")
    with pytest.raises(AssertionError):
        sound(test)
