"""Forecast of debt if nothing is done: today's facts, assessed at a later date.

It includes all that is known to fall due: access that outlives its end, people who leave on a known
day, approvals and acceptances that run out, keys that grow old, access that stays unused.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.model import ASSUMPTIONS, Model
from analytics.debt.ledger.balance import Balance, balance
from analytics.debt.ledger.period import Period, period
from analytics.posture import Posture, assess
from graph.access import AccessGraph

DAYS = (30, 90)


@dataclass(frozen=True)
class Outlook:
    """Debt some days ahead, by origin.

    `interest` is the growth of today's items, `opening` the debt of items that fall due until then
    (with `opening_items` and `by_assumption`), `ending` the debt of items that end by themselves.
    """

    days: int
    at: pd.Timestamp
    debt: float
    interest: float
    opening: float
    opening_items: int
    by_assumption: dict[str, float]
    ending: float


def forecast(
    posture: Posture, days: tuple[int, ...] = DAYS, by: Model | None = None
) -> list[Outlook]:
    """Forecast the debt of today's facts for each number of `days` ahead."""
    today = balance(posture, by)
    return [_outlook(today, ahead) for ahead in days]


def ahead(posture: Posture, days: int) -> Posture:
    """Return the posture of the same facts, assessed `days` later."""
    graph = posture.graph
    at = graph.as_of + pd.Timedelta(days=days)
    then = assess(AccessGraph.of(graph.facts, at, graph.snapshot))
    then.history, then.journal, then.decisions = posture.history, posture.journal, posture.decisions
    then.stated_until = posture.stated_until or graph.as_of
    return then


def _outlook(today: Balance, days: int) -> Outlook:
    then = ahead(today.posture, days)
    until = period(today, balance(then, today.debt.model))
    figures = until.figures
    return Outlook(
        days=days,
        at=then.graph.as_of,
        debt=figures["closing"],
        interest=figures["accrued"] + figures["rescored"],
        opening=figures["new"],
        opening_items=len(until.new),
        by_assumption=_by_assumption(until),
        ending=figures["retired"],
    )


def _by_assumption(until: Period) -> dict[str, float]:
    later = until.end
    kind = later.debt.rows.assumption[later.row[until.new]]
    amounts = np.bincount(kind, later.amount[until.new], len(ASSUMPTIONS))
    return {ASSUMPTIONS[k]: float(amounts[k]) for k in np.flatnonzero(amounts)}
