"""Leaks on random estates, against plain readings: union of reaches, one removal for each key."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.posture import MODES, Filter, Posture
from analytics.reach.joint import joint_reach
from analytics.reach.kernels.removal import NODE
from analytics.reach.paths.reliance import relied_on
from analytics.reach.removal import Masked
from analytics.remediation.leak.kill import ended_by, kill_set_of_leak
from analytics.remediation.leak.opened import opened
from analytics.remediation.leak.outliving import outliving
from analytics.remediation.leak.rotation import broken_uses
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.what_if import removals
from graph.schema import CREDENTIAL, LEVELS
from tests.support.estates import any_world
from tests.support.estates.small_estates import Estate
from tests.support.references.reach import MODE, NODES, Reference, estates, number_of
from tests.support.references.removal import without
from tests.support.search import some

STARTS = st.sets(st.sampled_from([n for n in NODES if n != "m0"]), min_size=1, max_size=5)
LASTING = ("SPAWNS", "USES", "CONTROLS")
USE = ["identity", "thing", "level", "at", "report"]


def from_starts(plain: Reference, ceilings: dict[str, int]) -> set[tuple[str, str]]:
    """Return the pairs that any start reaches which is entered with its ceiling."""
    return {
        (resource, level)
        for start, ceiling in ceilings.items()
        for resource, level in plain.reach(start)
        if LEVELS.index(level) <= ceiling
    }


def pairs_of(posture: Posture, joint) -> set[tuple[str, str]]:
    return {
        (posture.graph.thing(int(r))["id"], level)
        for r in joint.resources
        for bit, level in enumerate(LEVELS)
        if joint.levels[r] >> bit & 1
    }


@settings(max_examples=25)
@given(estates(), MODE, STARTS, st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_the_joint_reach_is_the_union_of_the_reach_of_each(estate, mode, starts, ceilings):
    posture, plain = estate.quick(), Reference(estate, mode)
    chosen = dict(zip(sorted(starts), ceilings, strict=False))
    numbers = np.array([number_of(posture, name) for name in chosen])
    network = posture.network(Filter(mode))
    for limits in (dict.fromkeys(chosen, 3), chosen):
        joint = joint_reach(network, numbers, np.array(list(limits.values()), np.int8))
        assert pairs_of(posture, joint) == from_starts(plain, limits)
        for name in NODES:
            best = [
                min(limit, level)
                for start, limit in limits.items()
                for level in range(4)
                if name in plain.hops(start, level)
            ]
            assert joint.ceiling[number_of(posture, name)] == max(best, default=-1), name
        weights = joint.weights(posture.sensitivities["weight"].to_numpy())
        assert weights.sum() == pytest.approx(plain.weigh(from_starts(plain, limits)))
        reach_of = {int(n): plain.reach(posture.graph.thing(int(n))["id"]) for n in numbers}
        for resource, start in zip(joint.resources, joint.through, strict=True):
            name = posture.graph.thing(int(resource))["id"]
            assert any(r == name for r, _ in reach_of[int(start)])


@settings(max_examples=25)
@given(estates(), MODE, STARTS, st.lists(st.tuples(*3 * [st.integers(0, 13)]), max_size=12))
def test_a_start_relies_on_a_node_if_removing_it_alone_ends_what_it_wants(
    estate, mode, barred, asked
):
    """Wanted are resources at a level or at any, and nodes with a ceiling."""
    posture = estate.quick()
    names = sorted(NODES)
    levels = [*range(4), -1, NODE, NODE - 1, NODE - 3]
    start = np.array([number_of(posture, names[s]) for s, _, _ in asked], np.int64)
    wanted = np.array([number_of(posture, names[w]) for _, w, _ in asked], np.int64)
    level = np.array([levels[at % len(levels)] for _, _, at in asked], np.int64)
    network, mask = posture.network(Filter(mode)), np.zeros(len(NODES), bool)
    mask[[number_of(posture, name) for name in barred]] = True
    place, node = relied_on(network, mask, start, wanted, level)
    masked, nothing = Masked(network, np.zeros(0, np.int64)), np.zeros(0, np.int64)
    could = masked.holds(start, wanted, level, nothing, nothing)
    expected = set()
    for key in np.flatnonzero(mask).tolist():
        edges, grants = posture.edges, posture.grants
        off = np.flatnonzero((edges.source == key) | (edges.target == key))
        g_off = np.flatnonzero(grants.holder == key)
        can = masked.holds(start, wanted, level, off, g_off)
        can &= (start != key) & ((wanted != key) | (level >= -1))
        expected |= {(at, key) for at in np.flatnonzero(could & ~can).tolist()}
    assert set(zip(place.tolist(), node.tolist(), strict=True)) == expected


def one_by_one(posture: Posture, keys: list[int]) -> dict[int, list[tuple]]:
    """Return what breaks with each key, by a removal for each."""
    found = {}
    for key in keys:
        gone = removals(posture, [posture.graph.thing(key)["id"]])
        rows = ended(posture, changed(posture, gone), gone)
        found[key] = list(rows[USE].itertuples(index=False, name=None))
    return found


def at_once(posture: Posture, keys: list[int]) -> dict[int, list[tuple]]:
    rows = broken_uses(posture, np.array(keys, np.int64))
    return {
        key: list(rows[rows["credential"] == key][USE].itertuples(index=False, name=None))
        for key in keys
    }


@cache
def judged(seed: int) -> Posture:
    return any_world.estate(seed).quick()


@pytest.mark.parametrize("seed", some(range(24), 8))
def test_what_breaks_with_each_key_is_what_its_removal_ends(seed):
    posture = judged(seed)
    keys = np.flatnonzero(posture.graph.has_label(CREDENTIAL) & posture.graph.live).tolist()
    expected = one_by_one(posture, keys)
    assert at_once(posture, keys) == expected


USED = st.tuples(
    st.sampled_from(["a0", "a1", "s0", "k0", "k1", "r0", "h0"]),
    st.sampled_from(LEVELS),
    st.sampled_from(["x0", "x1", "x2"]),
)


@settings(max_examples=20)
@given(estates(), st.lists(USED, max_size=6))
def test_what_breaks_is_the_same_on_estates_with_cycles_and_ceilings(estate, seen):
    for number, (user, level, used) in enumerate(seen):
        estate.link(
            user, "USED", used, level=level, last_at="2026-07-30T00:00:00Z", id=f"u{number}"
        )
    posture = estate.quick()
    keys = [n for n in (number_of(posture, k) for k in ("k0", "k1")) if posture.graph.live[n]]
    assert at_once(posture, keys) == one_by_one(posture, keys)


def kept(estate: Estate, plain: Reference) -> list[tuple[str, str, int]]:
    """Return the steps that outlive their holder: from, to and ceiling."""
    kinds = {r["id"]: x.name for x, rows in estate.rows.items() for r in rows if "source_id" in r}
    steps = []
    for source, target, ceiling, row in plain.edges:
        kind = kinds[row["id"]]
        derived = kind == "CAN_ACCESS"  # a secret in a store that the holder reads
        if source != target and (derived or kind in LASTING):
            steps.append((source, target, ceiling))
    return steps


@settings(max_examples=25)
@given(estates(), MODE)
def test_what_outlives_a_leak_is_what_was_handed_on_and_what_that_reaches(estate, mode):
    posture, plain = estate.quick(), Reference(estate, mode)
    keys = np.array([number_of(posture, key) for key in ("k0", "k1")])
    keys = keys[posture.graph.live[keys]]
    ended_nodes = ended_by(kill_set_of_leak(posture, keys, mode))
    gone = {posture.graph.thing(int(n))["id"] for n in ended_nodes}
    names = [posture.graph.thing(int(n))["id"] for n in keys]
    after = outliving(posture, opened(posture, keys, mode).reach, ended_nodes, mode)
    ceilings: dict[str, int] = {}
    for source, target, ceiling in kept(estate, plain):
        best = [lv for name in names for lv in range(4) if source in plain.hops(name, lv)]
        if best and target not in gone:
            entered = min(max(best), ceiling)
            ceilings[target] = max(ceilings.get(target, -1), entered)
    ids = [posture.graph.thing(int(n))["id"] for n in after.footholds["thing"]]
    assert sorted(ids) == sorted(ceilings)
    left = Reference(without(estate, *gone), mode)
    assert pairs_of(posture, after.reach) == from_starts(left, ceilings)
    for name, weighted in zip(ids, after.footholds["weighted"], strict=True):
        alone = from_starts(left, {name: ceilings[name]})
        assert weighted == pytest.approx(left.weigh(alone))


@pytest.mark.parametrize("seed", some(range(10), 4))
def test_after_the_kill_the_keys_open_nothing_and_lead_nowhere(seed):
    posture = judged(seed)
    keys = np.flatnonzero(posture.graph.has_label(CREDENTIAL) & posture.graph.live)
    gone = ended_by(kill_set_of_leak(posture, keys))
    after = outliving(posture, opened(posture, keys).reach, gone)
    assert set(keys.tolist()) <= set(gone.tolist())
    assert not after.reach.entered[gone].any()
    assert not set(after.footholds["thing"]) & set(gone.tolist())


def test_the_worlds_have_uses_that_break():
    """Else the comparison compares nothing."""
    broken, seeds = 0, some(range(24), 8)
    for seed in seeds:
        posture = judged(seed)
        keys = np.flatnonzero(posture.graph.has_label(CREDENTIAL) & posture.graph.live)
        broken += len(broken_uses(posture, keys))
    assert broken > len(seeds)
    assert set(MODES) == {"standing", "potential"}
