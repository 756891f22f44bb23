"""Outcomes of decisions: whether their records say that the action was carried out."""

import pandas as pd

from graph.usage.outcomes import failed

DONE = ("success", "succeeded", "ok", "completed", "done")  # in lower case


def carried_out(records: pd.DataFrame) -> pd.Series:
    """Return whether each record says that its action was carried out (boolean; null: not said).

    What was tried and failed was not. Without a flag, the words of the result tell.

    >>> executed = pd.array([True, True, None, None, None], dtype="boolean")
    >>> result = pd.array(["success", "Failure", "ok", "denied", "late"], dtype="string")
    >>> carried_out(pd.DataFrame({"executed": executed, "result": result})).tolist()
    [True, False, True, False, <NA>]
    """
    done = records["result"].str.lower().isin(DONE).fillna(False).to_numpy(bool)
    executed = records["executed"].astype("boolean")
    stated = executed.mask((executed.isna() & done).to_numpy(bool), True)
    return stated.mask(failed(records["result"]), False)
