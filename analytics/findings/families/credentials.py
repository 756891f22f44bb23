"""Findings on credentials, as all credential rules build them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from analytics.findings.rule import findings_of, nothing
from analytics.posture import Posture


def about_credentials(
    posture: Posture,
    rows: pd.DataFrame,
    since: np.ndarray,
    say: Callable[[Any, str], str],
    remedy: str,
) -> pd.DataFrame:
    """Build findings from rows of `live_credentials`.

    `say` returns the sentence of a row, given its holder; `remedy` is a format string
    with a place for the credential's name.
    """
    if rows.empty:
        return nothing()
    identity = rows["identity"].to_numpy(np.int64)
    names = posture.graph.things["name"].iloc[identity]
    return findings_of(
        posture,
        identity,
        [say(row, str(n)) for row, n in zip(rows.itertuples(), names, strict=True)],
        since=since,
        other=rows["number"].to_numpy(np.int64),
        evidence=list(rows["facts"]),
        remedy=[remedy.format(name) for name in rows["name"]],
    )
