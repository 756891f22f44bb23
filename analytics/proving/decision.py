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
from graph.instants import millisecond
from graph.schema import USE_EVENT

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


def decided(
    known: Moments, identity: int, resource: int, level: int | None, use: str | None
) -> Decided:
    """Return the decision on a use of a resource by an identity (numbers in `known.latest`).

    `use` is the id of the recorded use; without one, whether it would have been allowed.
    """
    posture = known.latest.posture
    at = millisecond(known.at)
    recorded = uses_at(posture, identity, at)
    recorded = recorded[(recorded["resource"] == resource) & (recorded["id"] == use)]
    if level is not None:
        recorded = recorded[recorded["level"] == level]
    if use is None:
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


def named_use(posture: Posture, rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the uses among `rows` that `name` tells.

    It is an id, else a correlation id, else the credential or principal that the log names.
    """
    events, number = posture.graph.frames[USE_EVENT], posture.graph.number(name)
    columns = (events[column] == name for column in ("correlation_id", "credential"))
    named = [rows["id"].isin(events["id"][mask.fillna(False)]) for mask in columns]
    for mask in (rows["id"] == name, *named, rows["principal"] == number):
        if mask.any():
            return pd.DataFrame(rows[mask])
    return rows.head(0)


def single_uses(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out sums of uses at an instant of which an event tells the use of that instant."""
    event = rows["id"].isin(posture.graph.frames[USE_EVENT]["id"])
    reported = event.groupby([rows["resource"], rows["level"]]).transform("any")
    return pd.DataFrame(rows[event | ~reported])


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
