"""Exports of few scopes, complete and partial: the order of reading changes no instant."""

import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.schema import AGENT, CAN_ACCESS
from graph.stores import pick
from graph.stores.parquet.store import ParquetStore
from graph.values import iso
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.search import worlds

Export = tuple[str, int, bool, tuple[str, ...]]  # scope, day, complete, agents

EXPORTS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.integers(1, 5),
        st.booleans(),
        st.lists(st.sampled_from("xyz"), unique=True, max_size=2).map(tuple),
    ),
    min_size=2,
    max_size=5,
    unique_by=lambda export: export[:2],
)


@settings(max_examples=worlds(3, 60), deadline=None)
@given(EXPORTS)
@example([("a", 2, False, ("y",)), ("a", 1, False, ("x",))])
@example([("a", 3, False, ("z",)), ("a", 2, True, ("y",)), ("a", 1, True, ("x",))])
@example([("a", 3, False, ("z",)), ("a", 1, True, ("x",)), ("a", 2, True, ("y",))])
@example([("a", 1, True, ()), ("a", 4, True, ()), ("b", 2, True, ("x",)), ("a", 3, True, ())])
@example([("a", 5, False, ("z",)), ("b", 4, True, ()), ("a", 2, False, ("x",))])
def test_each_instant_has_what_was_stated_by_then(exports: list[Export]) -> None:
    exports = [("a", 0, True, ()), ("b", 0, True, ()), *exports]
    days = sorted({day for _, day, _, _ in exports})
    with tempfile.TemporaryDirectory() as folder:
        store = ParquetStore(Path(folder) / "store")
        for export in exports:
            ingest(store, [_estate(*export).job()])
        shown = {day: _rows(store, f"@{iso(_at(day))}") for day in days}
        current = _rows(store, None)
    assert shown == {day: _stated(exports, day) for day in days}
    assert current == shown[days[-1]]


def _stated(exports: list[Export], until: int) -> set[tuple[str, str, int]]:
    """Return scope, agent and day of the last statement, as read in order of the days."""
    stated: dict[tuple[str, str], int] = {}
    for scope, day, complete, agents in sorted(exports, key=lambda e: e[1]):
        if day <= until:
            kept = {k: d for k, d in stated.items() if k[0] != scope or not complete}
            stated = kept | {(scope, agent): day for agent in agents}
    return {(scope, agent, day) for (scope, agent), day in stated.items()}


def _at(day: int) -> pd.Timestamp:
    return AS_OF + pd.Timedelta(days=day)


def _estate(scope: str, day: int, complete: bool, agents: tuple[str, ...]) -> Estate:
    estate = Estate(_at(day), scope=scope, complete=complete).resource(f"db-{scope}")
    for agent in agents:
        estate.agent(f"{scope}-{agent}").can(f"{scope}-{agent}", "read", f"db-{scope}")
    return estate


def _rows(store: ParquetStore, snapshot: str | None) -> set[tuple[str, str, int]]:
    """Return scope, agent and day of the last statement; a grant has those of its agent."""
    wanted = None if snapshot is None else pick(store.snapshots(), snapshot).id
    frames = store.read(wanted)[1].frames
    agents, grants = (
        {
            (scope, id_.removeprefix(f"{scope}-"), (seen - AS_OF).days)
            for scope, id_, seen in frames[element][["scope", name, "last_seen"]].itertuples(
                index=False, name=None
            )
        }
        for element, name in ((AGENT, "id"), (CAN_ACCESS, "source_id"))
    )
    assert agents == grants
    return agents
