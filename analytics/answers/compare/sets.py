"""The sets that a comparison is about: agents, paths to crown jewels, findings, and owners."""

import numpy as np
import pandas as pd

from analytics.answers.compare.differing import UNKNOWN, Differences, Keyed, differences
from analytics.answers.compare.series import judged_by_facts
from analytics.answers.compare.sides import Sides
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.names import finding_number, follow, names_of_findings
from analytics.ownership.owners import NOBODY, ROLES
from analytics.posture import Filter, Posture
from analytics.reach.inverse import reaching
from analytics.selectors import crown_jewels
from graph.once import once
from graph.schema import LEVELS

MODE = "standing"
HIGHEST = np.array([bits.bit_length() - 1 for bits in range(1 << len(LEVELS))])


def _differences(sets: list[Keyed]) -> Differences:
    common = (sets[2], sets[3]) if len(sets) > 2 else None
    return differences(sets[0], sets[1], common)


@once
def agents(sides: Sides) -> Differences:
    """Return the agents that are new or gone; a key is a place."""
    return _differences([Keyed.of(sides.places(p)[sides.starts(p)]) for p in sides.postures])


@once
def paths(sides: Sides) -> Differences:
    """Return the paths to crown jewels that opened, closed, or changed their highest level.

    A key is the place of the start times the number of places, plus the place of the jewel; a value
    is a position in `LEVELS`.
    """
    return _differences([_paths(sides, posture) for posture in sides.postures])


def ends_of(sides: Sides, key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of the start and the jewel of each path."""
    count = len(sides.things)
    return key // count, key % count


def _paths(sides: Sides, posture: Posture) -> Keyed:
    starts, place = sides.starts(posture), sides.places(posture).astype(np.int64)
    network, jewels = posture.network(Filter(MODE)), crown_jewels(posture)
    key, level = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for block in reaching(network, starts, wanted=jewels):
        target = np.repeat(block.resource, np.diff(block.ptr))
        key.append(place[starts[block.start]] * len(sides.things) + place[target])
        level.append(HIGHEST[block.levels])
    return Keyed.of(np.concatenate(key), np.concatenate(level))


@once
def findings(sides: Sides) -> Differences:
    """Return the findings that are new or gone; a key is the number of a finding (uint64).

    Those of rules that failed at either end are left out: they are unknown.
    """
    rows = [of_end(sides, posture) for posture in sides.postures]
    numbers = [_numbers(each) for each in rows]
    names = [names_of_findings(posture) for posture in (sides.before, sides.after)]
    followed = follow(list(zip(numbers[:2], names, strict=True)))
    differ = _differences([Keyed.of(followed.called(each)) for each in numbers])
    return judged_by_facts(sides, differ, (rows[0], rows[1]))


def of_end(sides: Sides, posture: Posture) -> pd.DataFrame:
    """Return the findings of an end, but for those of rules that failed at either."""
    rows = find_all(posture)
    if not sides.failed:
        return rows
    return rows[~rows["rule"].isin(list(sides.failed))].reset_index(drop=True)


def _numbers(rows: pd.DataFrame) -> np.ndarray:
    return np.array([finding_number(each) for each in rows["id"].tolist()], np.uint64)


@once
def owners(sides: Sides) -> Differences:
    """Return the identities of both ends whose owner in a role differs.

    A key is twice the place of the identity, plus a position in `ROLES`. A value is the place of
    the owner, `NOBODY`, or `UNKNOWN`. Of several owners one answers; whoever answered before and
    still owns is not replaced by another one beside.
    """
    before, *others = [_owners(sides, posture) for posture in sides.postures]
    later = zip(others, sides.postures[1:], strict=True)
    sets = [before, *(_with_those_of(before, each, sides, posture) for each, posture in later)]
    shared = np.intersect1d(sets[0].key, sets[1].key)
    return _differences([_kept(each, shared) for each in sets])


def _with_those_of(before: Keyed, later: Keyed, sides: Sides, posture: Posture) -> Keyed:
    """Return `later` with the owners of `before` that still own, of a posture of it."""
    owns, place = posture.ownership.owns, sides.places(posture).astype(np.int64)
    owns = owns[owns["active"] & ~owns["inferred"] & owns["role"].isin(ROLES)]
    role = pd.Index(ROLES).get_indexer(pd.Index(owns["role"]))
    key, owner = place[owns["thing"].to_numpy()] * len(ROLES) + role, place[owns["owner"]]
    earlier, count = before.values(later.key), len(sides.things)
    mask = (earlier >= 0) & np.isin(later.key * count + earlier, key * count + owner)
    return Keyed(later.key, np.where(mask, earlier, later.value), later.row)


def _kept(of: Keyed, keys: np.ndarray) -> Keyed:
    mask = np.isin(of.key, keys)
    return Keyed(of.key[mask], of.value[mask], of.row[mask])


def _owners(sides: Sides, posture: Posture) -> Keyed:
    place, owned, judged = sides.places(posture), posture.ownership, posture.accountable
    key, value = [], []
    for number, role in enumerate(ROLES):
        owner = owned.covered[role][judged]
        known = np.where(owned.known_in[role][judged], NOBODY, UNKNOWN)
        key.append(place[judged].astype(np.int64) * len(ROLES) + number)
        value.append(np.where(owner >= 0, place[owner], known))
    return Keyed.of(np.concatenate(key), np.concatenate(value))
