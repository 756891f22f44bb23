"""The debt owed by a posture, without interest for the time in which items were accepted."""

import numpy as np

from analytics.assumptions.items import Debt, added, items_of, with_pauses
from analytics.assumptions.model import Model, model
from analytics.debt.pauses import pauses
from analytics.posture import Posture
from graph.once import once


def debt_of(posture: Posture, by: Model | None = None) -> Debt:
    """Return the trust debt of a posture, computed once for each model."""
    return _owed(posture, model() if by is None else by)


@once
def _owed(posture: Posture, by: Model) -> Debt:
    owed = items_of(posture, by)
    stood = pauses(posture, owed)
    return owed if stood is None else with_pauses(owed, stood.time, stood.now)


def accepted_debt(owed: Debt) -> np.ndarray:
    """Return the debt of items whose acceptance is in force; it remains owed.

    Returns
    -------
    float64[identities, assumptions]
    """
    return added(owed, np.where(owed.rows.accepted, owed.rows.debt, 0.0))
