"""Decisions of an instant: the record that allowed a use then, and what it lacks."""

from dataclasses import dataclass

import pandas as pd

from analytics.evidence.deciding import EXPLAINED
from analytics.evidence.decisions import records
from analytics.evidence.matching import REASONS, STATES, UNKNOWN, judged_use, uses
from analytics.posture import Posture
from analytics.proving.entitlement import NO, YES
from analytics.proving.entitlement import UNKNOWN as NOT_KNOWN
from analytics.proving.moments import Moments
from graph.access import millisecond

LOWEST = 0  # a position in `LEVELS`: any permission includes it


@dataclass(frozen=True)
class Decided:
    """Whether a decision allowed the use, with the record that decides it and the recorded use.

    `record` is a row of the decision records, None if none decides. `use` is the id of
    the recorded use at the very instant, None if none is recorded.
    """

    state: str
    because: str | None
    record: pd.Series | None
    use: str | None


def decided(known: Moments, identity: int, resource: int, level: int | None) -> Decided:
    """Return the decision on a use of a resource by an identity (numbers in `known.latest`)."""
    posture = known.latest.posture
    at = millisecond(known.at)
    recorded = uses_at(posture, identity, at)
    recorded = recorded[recorded["resource"] == resource]
    if level is not None:
        recorded = recorded[recorded["level"] == level]
    if not len(recorded):
        asked = LOWEST if level is None else level
        state, reason, record = judged_use(posture, identity, resource, asked, at)
        return _decided(state, reason, record, None)
    row = recorded.iloc[0]
    place = int(row["record"])
    record = records(posture).iloc[place] if place >= 0 else None
    return _decided(int(row["state"]), int(row["reason"]), record, str(row["id"]))


def uses_at(posture: Posture, identity: int, at: int) -> pd.DataFrame:
    """Return the recorded uses of an identity at an instant; see `Evidence`."""
    rows = uses(posture)
    return rows[(rows["identity"] == identity) & (rows["at"] == at)]


def _decided(state: int, reason: int, record: pd.Series | None, use: str | None) -> Decided:
    if state == EXPLAINED:
        return Decided(YES, None, record, use)
    if state == UNKNOWN:
        return Decided(NOT_KNOWN, "no source would have recorded a decision", record, use)
    words = {"denied_but_happened": "it was denied", "unexplained": "no decision allowed it"}
    name = STATES[state]
    because = words.get(name, REASONS[reason])
    if name == "unexplained" and record is not None:
        because = "it was escalated, and nobody allowed it"
    return Decided(NO, because, record, use)
