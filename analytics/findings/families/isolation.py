"""Entitlements of judged identities as a table, for the isolation rules."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import usual_entitlements
from analytics.assumptions.families.separation import separating
from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.residue import judged
from graph.frames import records
from graph.instants import NEVER
from graph.once import once
from graph.schema import CAN_ACCESS, LEVELS

MOST = 20  # facts listed as support of a finding


@once
def judged_entitlements(posture: Posture) -> pd.DataFrame:
    """Return the entitlements of the judged identities, once for a posture.

    Returns
    -------
    DataFrame
        `identity`, `holder` and `resource` (numbers), `level` (a position in `LEVELS`),
        `sensitivity` (weight), `exposure`, `granted` (milliseconds) and `grant` (a row of
        CAN_ACCESS).
    """
    units = usual_entitlements(posture)
    mask = np.zeros(len(posture.in_service), bool)
    mask[judged(posture, ~mask)] = True
    frame = pd.DataFrame(
        {
            "identity": units.identity,
            "holder": units.holder,
            "resource": units.resource,
            "level": units.level,
            "sensitivity": units.weight,
            "exposure": units.exposure,
            "granted": units.granted,
            "grant": units.grant,
        }
    )
    return pd.DataFrame(frame[mask[units.identity]]).reset_index(drop=True)


def grant_ids(posture: Posture, rows: pd.DataFrame, by: list[str]) -> pd.Series:
    """Return the ids of the first `MOST` grants of each group of entitlements."""
    ids, rank = _ranked(posture)
    ranks = gathered(rows[by].assign(rank=rank[rows["grant"]]), by, "rank", MOST)
    facts = [tuple(ids[list(places)]) for places in ranks]
    return pd.Series(facts, index=ranks.index, dtype=object)


@once
def _ranked(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids of all grants in order, and the rank of each row of CAN_ACCESS."""
    ids = posture.graph.frames[CAN_ACCESS]["id"].to_numpy(object)
    order = np.argsort(ids, kind="stable")
    rank = np.empty(len(ids), np.int64)
    rank[order] = np.arange(len(ids))
    return ids[order], rank


def earliest(instants: pd.Series) -> pd.Series:
    """Replace `NEVER` by the largest number, so that the minimum is the earliest known instant."""
    return instants.where(instants != NEVER, np.iinfo(np.int64).max)


def known(instants: pd.Series) -> np.ndarray:
    """Undo `earliest`: replace the largest number by `NEVER`."""
    return instants.where(instants != np.iinfo(np.int64).max, NEVER).to_numpy(np.int64)


def conflicts(posture: Posture) -> pd.DataFrame:
    """Return each identity that holds both sides of a rule of separation.

    Returns
    -------
    DataFrame
        `rule` (text), `identity`, `left` and `right` (resources), `left_level` and
        `right_level` (as the rule has them, NA for any), `since` (when the later side was first
        granted, `NEVER` where nobody says that of a side), `weighs` (the lighter of the two sides),
        `facts` (ids of grants) and `side` (those of the side with fewer of them).
    """
    parts, find = [_no_conflict()], _Sides(posture)
    for rule in records(separating(posture.graph)):
        left = find.side(rule.left_resource, rule.left_level)
        right = find.side(rule.right_resource, rule.right_level)
        both, left_place, right_place = np.intersect1d(
            left.identity, right.identity, return_indices=True
        )
        if not len(both):
            continue
        facts = [
            (find.facts(left, a), find.facts(right, b))
            for a, b in zip(left_place, right_place, strict=True)
        ]
        parts.append(
            pd.DataFrame(
                {
                    "rule": rule.rule,
                    "identity": both,
                    "left": left.resource,
                    "right": right.resource,
                    "left_level": rule.left_level,
                    "right_level": rule.right_level,
                    "since": _both_since(left.granted[left_place], right.granted[right_place]),
                    "weighs": np.minimum(left.exposure[left_place], right.exposure[right_place]),
                    "facts": [a + b for a, b in facts],
                    "side": [min(pair, key=len) for pair in facts],
                }
            )
        )
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _both_since(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Return when the later side was granted: unknown where one is, as it may be the later."""
    return np.where(np.minimum(left, right) == NEVER, NEVER, np.maximum(left, right))


def _no_conflict() -> pd.DataFrame:
    names = ("rule", "identity", "left", "right", "left_level", "right_level")
    return pd.DataFrame({name: [] for name in (*names, "since", "weighs", "facts", "side")})


@dataclass(frozen=True)
class _Side:
    """The holders of one side of a rule by identity, with their rows of `judged_entitlements`."""

    resource: int
    identity: np.ndarray
    exposure: np.ndarray
    granted: np.ndarray
    rows: list[np.ndarray]


class _Sides:
    """Looks up the holders of a resource at one level or any, once for each pair."""

    def __init__(self, posture: Posture) -> None:
        self.posture, rows = posture, judged_entitlements(posture)
        self.columns = {name: rows[name].to_numpy() for name in rows}
        resource = self.columns["resource"]
        self.order = np.argsort(resource, kind="stable")  # identities stay in order
        self.resource = resource[self.order]
        self.known: dict[tuple[str, str], _Side] = {}

    def side(self, resource: str, level: Any) -> _Side:
        """Return the holders of one side; `level` is NA for any."""
        key = resource, "" if pd.isna(level) else str(level)
        if key not in self.known:
            self.known[key] = self._side(self.posture.graph.number(resource), key[1])
        return self.known[key]

    def _side(self, resource: int, level: str) -> _Side:
        rows = self.order[slice(*np.searchsorted(self.resource, [resource, resource + 1]))]
        if level:
            rows = rows[self.columns["level"][rows] == LEVELS.index(level)]
        identity, begin = np.unique(self.columns["identity"][rows], return_index=True)
        if not len(begin):
            return _Side(resource, identity, np.zeros(0), np.zeros(0, np.int64), [])
        granted = earliest(pd.Series(self.columns["granted"][rows])).to_numpy(np.int64)
        return _Side(
            resource,
            identity,
            np.maximum.reduceat(self.columns["exposure"][rows], begin),
            known(pd.Series(np.minimum.reduceat(granted, begin))),
            np.split(rows, begin[1:]),
        )

    def facts(self, side: _Side, place: int) -> tuple[str, ...]:
        """Return the ids of the grants by which an identity holds a side."""
        ids, rank = _ranked(self.posture)
        grants = self.columns["grant"][side.rows[place]]
        return tuple(ids[np.unique(rank[grants])[:MOST]])
