"""Term: access ends by itself, and what has ended is gone."""

import numpy as np

from analytics.assumptions.judgement import Case, Verdict, unkept
from analytics.residue import LATER, ended_at
from graph.access import NEVER, milliseconds
from graph.schema import CAN_ACCESS


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge whether it has an end, and whether it outlived that, or its identity.

    An identity is outlived that is past its own end, or that ended and still has access.
    """
    units, frame = case.units, case.posture.graph.frames[CAN_ACCESS]
    never = np.zeros(len(units), bool)
    expires = milliseconds(frame["expires_at"])[units.grant]
    standing = unkept((expires == NEVER) & units.standing, never, units.granted)
    ended = np.minimum(_past(case, expires), _revoked(case))
    task = milliseconds(frame["task_ended_at"])[units.grant]
    ended = np.minimum(ended, _past(case, task))
    identity = ended_at(case.posture)[units.identity]
    undated = identity == NEVER
    ended = np.minimum(ended, np.where(undated, LATER, identity))
    since = np.where(ended == LATER, NEVER, ended)
    outlived = unkept((ended != LATER) | undated, never, since)
    return Verdict("standing", 1.0, (standing,)), Verdict("outlived", 1.0, (outlived,))


def _past(case: Case, at: np.ndarray) -> np.ndarray:
    """Return instants that have come; the end of time where one has not, or there is none."""
    return np.where((at != NEVER) & (at <= case.now), at, LATER)


def _revoked(case: Case) -> np.ndarray:
    """Return when it was decided to take each away, if that is the last word on it."""
    units, said = case.units, case.reviews
    last = np.maximum(said.last_thing[units.identity], said.last_thing[units.holder])
    last = np.maximum(last, said.last_grant[units.grant])
    return _past(case, np.where((last != NEVER) & (last & 1 == 1), last >> 1, NEVER))
