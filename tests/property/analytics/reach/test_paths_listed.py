"""All paths between two nodes against a search of every simple path, and who acts as what."""

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.schema import LEVELS
from tests.support.estates.small_estates import TYPES, Estate
from tests.support.printed import exposure
from tests.support.printed import path as path_answer
from tests.support.references.reach import (
    ACTING,
    CONTROL,
    MODE,
    NODES,
    RESOURCES,
    START,
    Reference,
    estates,
    number_of,
)

MOST = 2_000
Path = tuple[tuple[str, str, str], ...]


def paths_of(estate: Estate, mode: str, start: str, end: str, level: str | None) -> set[Path]:
    """Return the paths without a repeated node, each as (from, type, to) of its steps."""
    plain = Reference(estate, mode)
    type_of = {row["id"]: name for name in CONTROL for row in estate.rows.get(TYPES[name], ())}
    found: set[Path] = set()

    def go(node: str, rank: int, passed: tuple[str, ...], steps: Path) -> None:
        for holder, levels, resource, _ in plain.grants:
            if (holder, resource) == (node, end):
                given = {at for at in levels if LEVELS.index(at) <= rank}
                if given and (level is None or level in given):
                    found.add((*steps, (node, "CAN_ACCESS", end)))
        for source, target, ceiling, row in plain.edges:
            if source == node and target not in passed:
                step = (source, type_of.get(row["id"], "CONTROLS"), target)
                go(target, min(rank, ceiling), (*passed, target), (*steps, step))

    go(start, len(LEVELS) - 1, (start,), ())
    return found


@settings(max_examples=25)
@given(estates(), START, st.sampled_from(RESOURCES), MODE, st.sampled_from([None, *LEVELS]))
def test_all_paths_are_listed_once_and_none_comes_to_a_node_twice(estate, start, end, mode, level):
    posture = estate.quick()
    numbers = number_of(posture, start), number_of(posture, end)
    expected = paths_of(estate, mode, start, end, level)
    paths = path_answer(posture, *numbers, level, MOST, mode)["paths"]
    paths = [
        tuple((s["from"]["id"], s["relationship"], s["to"]["id"]) for s in p["steps"])
        for p in paths
        if p["level"] is not None
    ]
    assert len(paths) == len(set(paths))
    assert set(paths) == expected
    assert [len(path) for path in paths] == sorted(len(path) for path in paths)
    nearest = path_answer(posture, *numbers, level, 1, mode)["paths"]
    assert bool(nearest) == bool(paths)
    if nearest:
        assert len(nearest[0]["steps"]) == len(paths[0]["steps"])


@settings(max_examples=25)
@given(estates(), MODE)
def test_who_can_act_as_a_thing_is_who_comes_to_it(estate, mode):
    posture, plain = estate.quick(), Reference(estate, mode)
    sure = {w: Reference(estate, mode, (w,)) for w in ("derived", "conditional", "assumed")}
    acting = [name for name, label in NODES.items() if label in ACTING]
    for thing in NODES.keys() - RESOURCES:
        far = {n: plain.hops(n, 0).get(thing) for n in acting if n != thing}
        found = exposure(posture, number_of(posture, thing), None, mode)
        rows = {r["id"]: r for r in found["identities"]}
        assert {n: r["hops"] for n, r in rows.items()} == {n: h for n, h in far.items() if h}
        assert all(r["level"] is None for r in rows.values())
        for doubt, without in sure.items():
            marked = {n for n, r in rows.items() if r[doubt]}
            assert marked == {n for n in rows if thing not in without.hops(n, 0)}, doubt
