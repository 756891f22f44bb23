"""Verdicts: what is kept of each permission by the evidence of a period, and which actions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.remediation.policy.aws_actions import LIST, Inexpressible, Wanted, narrowed
from analytics.remediation.policy.evidence import (
    ASKED,
    DROPPED,
    STATES,
    Evidence,
    Period,
    State,
    actions_of,
    among,
)
from analytics.remediation.policy.targets import NotAws, aws_target, patterns
from graph.aws.patterns import contains


@dataclass(frozen=True)
class Verdict:
    """What a period says of the permissions in `evidence`.

    `states` (int8) has a place in `STATES` for each entitlement, `used_actions` for each permission
    the actions in use, in small letters, where all its uses name one that it grants; else None.
    """

    evidence: Evidence
    states: np.ndarray
    used_actions: list[frozenset[str] | None]

    @property
    def kept(self) -> np.ndarray:
        """Mask of the entitlements that are kept."""
        return ~self.among(DROPPED)

    def among(self, states: tuple[State, ...]) -> np.ndarray:
        """Return a mask of the entitlements in one of some states."""
        return among(self.states, states)

    def levels(self, mask: np.ndarray) -> np.ndarray:
        """Return for each permission the levels of the entitlements in a mask (uint8 bits)."""
        bits = np.zeros(len(self.evidence.holdings), np.uint8)
        chosen = mask & (self.evidence.level >= 0)
        level = self.evidence.level[chosen].astype(np.uint8)
        np.bitwise_or.at(bits, self.evidence.permission[chosen], np.uint8(1) << level)
        return bits

    def permissions(self, mask: np.ndarray) -> np.ndarray:
        """Return a mask of the permissions with an entitlement in a mask."""
        some = np.zeros(len(self.evidence.holdings), bool)
        some[self.evidence.permission[mask]] = True
        return some


def verdict(posture: Posture, evidence: Evidence, period: Period) -> Verdict:
    """Judge every entitlement by the evidence of a period."""
    states = evidence.states(period)
    for place in _companions(posture, evidence, states).tolist():
        states[place] = STATES.index(State.COMPANION)
    return Verdict(evidence, states, _used_actions(posture, evidence, states, period))


def _companions(posture: Posture, evidence: Evidence, states: np.ndarray) -> np.ndarray:
    """Return the unused entitlements to list and describe AWS resources that are in use.

    Consoles and libraries list and describe what they work on, where a log may not show it.
    """
    target = evidence.holdings.target[evidence.permission]
    in_use = among(states, (State.USED,)) & (evidence.level != LIST)
    idle = among(states, (State.UNUSED,)) & (evidence.level == LIST)
    places = np.flatnonzero(idle & np.isin(target, target[in_use]))
    return places[[_lists(posture, evidence, place) for place in places.tolist()]]


def _lists(posture: Posture, evidence: Evidence, place: int) -> bool:
    of, permission = evidence.holdings, int(evidence.permission[place])
    target, actions = int(of.target[permission]), actions_of(posture, int(of.row[permission]))
    wanted = Wanted(1 << LIST, int(of.levels[permission]), companions=True)
    try:
        named = aws_target(str(posture.graph.ids[target]), bool(patterns(posture)[target]))
        return not named.account and bool(narrowed(actions, named, wanted))
    except (NotAws, Inexpressible):
        return False


def _used_actions(
    posture: Posture, evidence: Evidence, states: np.ndarray, period: Period
) -> list[frozenset[str] | None]:
    """Return the actions in use of each permission, where nothing of it is used or kept unseen."""
    of = evidence.holdings
    rows = evidence.within(period)
    rows = rows.assign(
        permission=evidence.permission[rows["entitlement"]],
        action=evidence.uses["action"].to_numpy(object)[rows["use"]],
    )
    in_use = among(states, (State.USED,))
    logged = np.zeros(len(evidence), bool)
    logged[rows["entitlement"]] = True
    silent = (in_use & ~logged) | among(states, ASKED)
    unclear = set(evidence.permission[silent].tolist())
    known: list[frozenset[str] | None] = [None] * len(of)
    for permission, actions in rows.groupby("permission")["action"]:
        place = int(str(permission))
        if place not in unclear and (named := _granted(posture, evidence, place, actions)):
            known[place] = named
    return known


def _granted(
    posture: Posture, evidence: Evidence, permission: int, actions: pd.Series
) -> frozenset[str] | None:
    """Return the actions of uses in small letters, if each names an action that is granted."""
    used = {None if action is None else str(action).lower() for action in actions}
    if None in used:
        return None
    named = frozenset(str(action) for action in used)
    if evidence.holdings.call[permission]:
        return named
    granted = actions_of(posture, int(evidence.holdings.row[permission]))
    given = [action.lower() for action in granted]
    return named if all(any(contains(g, u) for g in given) for u in named) else None
