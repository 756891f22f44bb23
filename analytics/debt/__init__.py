"""Trust debt: what is owed for access whose assumptions no longer hold; see docs/trust-debt.md."""

from analytics.assumptions.items import Debt, Rows, items_of
from analytics.assumptions.model import ASSUMPTIONS, Model, model
from analytics.debt.owed import debt_of

__all__ = [
    "ASSUMPTIONS",
    "Debt",
    "Model",
    "Rows",
    "debt_of",
    "items_of",
    "model",
]
