"""The clock, for the age of data today; judgements use the instant of the posture instead."""

import pandas as pd


def now() -> pd.Timestamp:
    """Return the present instant, in UTC."""
    return pd.Timestamp.now("UTC")
