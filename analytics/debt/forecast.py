"""What debt will be if nobody does anything: the facts as they are, looked at from later on.

What is known to fall due is in it: access that expires and stays, people who leave on a known
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
    """Debt some days ahead, by what it comes from.

    `interest` is what today's items will have grown by, `opening` what falls due until then
    (its debt and how many items, and its debt by assumption), `ending` what ends by itself.
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
    """Look ahead so many days, at the facts as they are."""
    today = balance(posture, by)
    return [_outlook(today, ahead) for ahead in days]


def _outlook(today: Balance, days: int) -> Outlook:
    graph = today.posture.graph
    at = graph.as_of + pd.Timedelta(days=days)
    then = assess(AccessGraph.of(graph.facts, at, graph.snapshot))
    then.history, then.journal = today.posture.history, today.posture.journal
    until = period(today, balance(then, today.debt.model))
    figures = until.figures
    return Outlook(
        *(days, at, figures["closing"], figures["accrued"] + figures["rescored"]),
        *(figures["new"], len(until.new), _by_assumption(until), figures["retired"]),
    )


def _by_assumption(until: Period) -> dict[str, float]:
    later = until.end
    kind = later.debt.rows.assumption[later.row[until.new]]
    amounts = np.bincount(kind, later.amount[until.new], len(ASSUMPTIONS))
    return {ASSUMPTIONS[k]: float(amounts[k]) for k in np.flatnonzero(amounts)}
