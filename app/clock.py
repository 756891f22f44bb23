"""The clock: how old the data are today. What is judged is judged as of an instant instead."""

import pandas as pd


def now() -> pd.Timestamp:
    """Return the present instant, in UTC."""
    return pd.Timestamp.now("UTC")
