"""Instants as whole milliseconds since 1970 (int64): the form in which code counts with them."""

import numpy as np
import pandas as pd

NEVER = np.iinfo(np.int64).min  # an unknown instant
LATER = np.iinfo(np.int64).max  # after all others: it has not come yet
DAY = 86_400_000


def milliseconds(instants: pd.Series) -> np.ndarray:
    """Return instants as milliseconds since 1970 (int64), `NEVER` where null."""
    return np.asarray(instants.to_numpy("datetime64[ms]").astype(np.int64))


def millisecond(at: pd.Timestamp) -> int:
    """Return an instant as milliseconds since 1970.

    A timestamp in seconds is no exact number, and times 1000 may fall short.

    >>> at = pd.Timestamp("2004-05-21T03:07:02.705Z")
    >>> millisecond(at), int(at.timestamp() * 1000)
    (1085108822705, 1085108822704)
    """
    return int(np.datetime64(at.tz_convert(None), "ms").astype(np.int64))
