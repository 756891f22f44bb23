"""Revocation: how long it takes until what should have ended is gone."""

from typing import Any

import numpy as np

from analytics.answers.shape import cut, when
from analytics.debt.model import NUMBER, model
from analytics.posture import Posture
from analytics.revocation_speed import KINDS, Spells, overdue
from graph.frames import records


def revocation(posture: Posture, about: int | None = None, limit: int = 0) -> dict[str, Any]:
    """Answer how fast what is overdue goes, for all identities or one (a node's number).

    `items` are what was ever overdue, what is still open first and of that the oldest first.
    """
    spells = overdue(posture, about)
    order = np.lexsort((-spells.rows["days"], spells.rows["ended"]))
    shown, left_out = cut(spells.rows.iloc[order], limit)
    return {
        "time_to_revoke": time_to_revoke(posture, spells),
        "items": [_item(posture, row) for row in records(shown)],
        "left_out": left_out,
    }


def time_to_revoke(posture: Posture, spells: Spells) -> dict[str, Any]:
    """Return the time to revoke by Kaplan and Meier, with what is still open as censored.

    `met_sla` is the share that ended within the cycle of the assumption `outlived`, of all of
    which that can be said: what is open, and not yet so old, is left out of it.
    """
    days = model().cycle[NUMBER["outlived"]]
    return _speed(spells, days) | {
        "sla_days": days,
        "by_kind": [
            {"kind": kind} | _speed(mine, days)
            for kind in KINDS
            if len((mine := spells.of(kind)).rows)
        ],
        "snapshots": _snapshots(posture),
    }


def _speed(spells: Spells, days: float) -> dict[str, Any]:
    estimate, (met, of) = spells.estimate, spells.within(days)
    still = spells.rows["days"][~spells.rows["ended"].astype(bool)]
    return {
        "median_days": estimate.quantile(0.5),
        "p95_days": estimate.quantile(0.95),
        "censored": estimate.censored,
        "ended": len(spells.rows) - estimate.censored,
        "open_p90_days": float(np.quantile(still, 0.9)) if len(still) else None,
        "met_sla": met / of if of else None,
        "met": met,
        "met_of": of,
    }


def _snapshots(posture: Posture) -> int:
    """Count the snapshots that it was seen in."""
    history, info = posture.history, posture.graph.snapshot
    if history is None or info is None:
        return 1
    return len([i for i in history.until(info) if i.taken_at <= posture.graph.as_of]) or 1


def _item(posture: Posture, row: Any) -> dict[str, Any]:
    number = posture.graph.number(row.identity)
    gone = {"id": row.identity, "label": None, "name": None}
    return {
        "kind": row.kind,
        "key": row.key,
        "identity": posture.graph.thing(number) if number >= 0 else gone,
        "since": when(row.since),
        "ended_at": when(row.until) if row.ended else None,
        "days": float(row.days),
    }
