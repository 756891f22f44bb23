"""Outcomes of attempts as sources write them: a failed attempt is no use."""

import numpy as np
import pandas as pd

FAILED = ("failure", "failed", "denied", "deny", "error")  # in lower case


def failed(outcome: pd.Series) -> np.ndarray:
    """Return the mask of the outcomes that are failures (bool); null counts as a success.

    >>> failed(pd.Series(["Denied", "success", None], dtype="string"))
    array([ True, False, False])
    """
    return np.asarray(outcome.str.lower().isin(FAILED).fillna(False).to_numpy(bool))
