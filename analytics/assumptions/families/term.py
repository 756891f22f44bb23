"""Term: access has an end, and ended access is removed."""

import numpy as np

from analytics.assumptions.judgement import ALONE, Case, Verdict, unkept
from analytics.assumptions.model import Model
from analytics.assumptions.reviews import last_decision, reviews
from analytics.posture import Posture
from analytics.residue import ended_at
from graph.instants import LATER, NEVER, milliseconds
from graph.schema import CAN_ACCESS

JUDGED = ("standing", "outlived")


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge whether a grant has an end, and whether it outlived that end, its task or its identity.

    A decision to revoke is such an end. An identity has ended past its own end, or by its status.
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


def alike(posture: Posture, _: Model) -> np.ndarray:
    """Judge those alone that have ended, or about which themselves somebody decided."""
    identities = posture.accountable
    decided = reviews(posture.graph).last_thing[identities] != NEVER
    ended = ended_at(posture)[identities] != LATER
    return np.where(decided | ended, ALONE, 0)


def _past(case: Case, at: np.ndarray) -> np.ndarray:
    """Return the instants that have passed, and `LATER` for others and for `NEVER`."""
    return np.where((at != NEVER) & (at <= case.now), at, LATER)


def _revoked(case: Case) -> np.ndarray:
    """Return when each entitlement was revoked, if that is the last decision, else `LATER`."""
    units = case.units
    last = last_decision(case.posture.graph, units.identity, units.holder, units.grant)
    return _past(case, np.where((last != NEVER) & (last & 1 == 1), last >> 1, NEVER))
