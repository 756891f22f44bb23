"""Growth of exposure: the series of each identity over snapshots, and steps up in it.

A series covers only snapshots with the same sources: connecting another source is no growth.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import heaviest, usual_entitlements
from analytics.findings.change_point import NO_CHANGE, SHORTEST, steps
from analytics.history import History, Unread
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.facts import Coverage
from graph.identity.match import Identities
from graph.identity.renamed_ids import RenamedIds, changes_of, names_in, names_in_each
from graph.once import once
from graph.schema import CAN_ACCESS
from graph.stores import SnapshotInfo, last_of_each_instant

AROUND = 1  # snapshots before and after a step that are compared for new grants


@dataclass(frozen=True)
class Growth:
    """A step up in the exposure of an identity.

    `identity` is a number in the current posture, `info` the first snapshot of the higher level,
    `before` and `after` are mean exposures, and `grants` are the ids of the grants added within a
    snapshot of it, the heaviest first; `heaviest` is the weight of the first, without any that of
    the identity's heaviest entitlement.
    """

    identity: int
    info: SnapshotInfo
    before: float
    after: float
    grants: tuple[str, ...]
    heaviest: float


@once
def growths(posture: Posture) -> list[Growth]:
    """Find the identities whose exposure stepped up, once for a posture."""
    infos = comparable(posture)
    if len(infos) < SHORTEST:
        return []
    frame = exposures(posture)
    series, number = frame.to_numpy(float), posture.graph.numbers(_text(frame.index))
    here = ~np.isnan(series)
    begun = np.where(here.any(axis=1), here.argmax(axis=1), len(infos))
    complete = here.sum(axis=1) == len(infos) - begun  # present from then on, without a gap
    grown: list[Growth] = []
    for start in np.unique(begun[complete & (number >= 0)]):
        rows = np.flatnonzero(complete & (begun == start) & (number >= 0))
        step = steps(series[rows, start:])
        up = np.flatnonzero((step.start != NO_CHANGE) & (step.after > step.before))
        grown += [
            _growth(posture, infos, int(number[rows[k]]), int(start + step.start[k]),
                    (float(step.before[k]), float(step.after[k])))
            for k in up
        ]  # fmt: skip
    return sorted(grown, key=lambda g: g.identity)


def exposures(posture: Posture) -> pd.DataFrame:
    """Return the exposure of each identity in each comparable snapshot.

    Returns
    -------
    DataFrame
        A row for each identity (`id`), a column for each snapshot (position in
        `comparable(posture)`), nan where the identity was absent.
    """
    history = posture.history
    assert history is not None
    looks = [_look(history, info.id) for info in comparable(posture)]
    names = names_in_each(posture.graph, changes_of([look.identities for look in looks]))
    parts = [_summed(look.exposure, each) for look, each in zip(looks, names, strict=True)]
    return pd.concat(parts, axis=1, keys=range(len(parts)))


def _summed(exposure: pd.Series, names: dict[str, str]) -> pd.Series:
    """Add up the exposure of merged identities, under their canonical ids."""
    if not names:
        return exposure
    ids = [names.get(i, i) for i in exposure.index]
    return exposure.groupby(pd.Index(ids, dtype=object), sort=False).sum()


def comparable(posture: Posture) -> list[SnapshotInfo]:
    """Return the snapshots up to this one since the set of sources of grants last changed.

    The oldest comes first. Of several at one instant, the last published counts.
    """
    history, now = posture.history, posture.graph.snapshot
    if history is None or now is None:
        return []
    known = [i for i in history.until(now) if i.taken_at <= posture.graph.as_of]
    infos: list[SnapshotInfo] = []
    for info in reversed(last_of_each_instant(known)):
        if infos and granting(info.coverage) != granting(infos[0].coverage):
            break
        infos.append(info)
    return infos[::-1]


def granting(coverage: tuple[Coverage, ...]) -> set[tuple[str, str]]:
    """Return source and scope of those that could state grants."""
    return {c.key for c in coverage if "grants" in c.declares}


@dataclass(frozen=True)
class _Look:
    """The cached data of a snapshot: the exposure of each identity, and the merged ids."""

    exposure: pd.Series
    identities: Identities


@once
def _look(history: History, snapshot: str) -> _Look:
    (info,) = (i for i in history.every if i.id == snapshot)
    return _look_at(Unread(history, info, info.taken_at))


@kept
def _look_at(snapshot: Unread) -> _Look:
    past = snapshot.posture
    sums = exposure(past)
    ids = past.graph.ids.take(sums.index.to_numpy()).to_pandas()
    same = Identities.named(past.graph.identities.canonical)  # without the sources of each merge
    return _Look(sums.set_axis(pd.Index(ids, dtype=object)), same)


def exposure(posture: Posture) -> pd.Series:
    """Return the exposure of each accountable identity, by the number of its node."""
    units = usual_entitlements(posture)
    sums = np.bincount(units.place, units.exposure, len(units.identities))
    return pd.Series(sums, index=pd.Index(units.identities))


def _text(ids: pd.Index) -> pd.Series:
    return pd.Series(ids, dtype="string")


def _growth(
    posture: Posture,
    infos: list[SnapshotInfo],
    identity: int,
    at: int,
    levels: tuple[float, float],
) -> Growth:
    name = posture.graph.ids[identity].as_py()
    earlier = _grants(posture, infos[max(at - AROUND - 1, 0)], name)
    later = _grants(posture, infos[min(at + AROUND, len(infos) - 1)], name)
    came = later[~later.index.isin(earlier.index)].sort_values(ascending=False, kind="stable")
    weighs = float(came.max()) if len(came) else float(heaviest(posture)[identity])
    return Growth(identity, infos[at], *levels, tuple(came.index), weighs)


def _grants(posture: Posture, info: SnapshotInfo, name: str) -> pd.Series:
    """Return the weight of the heaviest level of each grant of an identity, by the grant's id."""
    assert posture.history is not None
    snapshot = Unread(posture.history, info, info.taken_at)
    if _has_ids_of(posture, info.id):
        then = _look(posture.history, info.id).identities.canonical.get(name, name)
        return _weights(snapshot, then)
    past = snapshot.posture
    earlier_ids = RenamedIds(past.graph, posture.graph)
    weights = _weights_of(past, earlier_ids.numbers(name))
    ids = earlier_ids.linked(weights.index.to_numpy(object))
    return weights.set_axis(pd.Index(ids, dtype=object)).groupby(level=0).max()


@once
def _has_ids_of(posture: Posture, snapshot: str) -> bool:
    """Return whether a posture has the same ids merged as an earlier snapshot."""
    assert posture.history is not None
    merged = _look(posture.history, snapshot).identities
    return names_in(posture.graph, [merged]) == merged.canonical


@kept
def _weights(snapshot: Unread, name: str) -> pd.Series:
    """Return the same in a snapshot that has the ids of today.

    Steps stay where they are while the history goes on, so it is asked of the same ones again.
    """
    past = snapshot.posture
    return _weights_of(past, [past.graph.number(name)])


def _weights_of(past: Posture, numbers: list[int]) -> pd.Series:
    units = usual_entitlements(past)
    mask = np.isin(units.identity, numbers)
    facts = past.graph.frames[CAN_ACCESS]["id"].to_numpy(object)[units.grant[mask]]
    weights = pd.Series(units.exposure[mask], index=pd.Index(facts, dtype=object))
    return weights.groupby(level=0).max()
