"""Trust debt: what is owed for access whose assumptions hold no more; see docs/trust-debt.md."""

from analytics.debt.items import Debt, Rows, assess_debt, debt_of
from analytics.debt.model import ASSUMPTIONS, Model, WrongModel, model

__all__ = [
    "ASSUMPTIONS",
    "Debt",
    "Model",
    "Rows",
    "WrongModel",
    "assess_debt",
    "debt_of",
    "model",
]
