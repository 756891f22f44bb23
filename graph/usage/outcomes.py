"""Outcomes of attempts as sources write them: a failed attempt is no use.

Only the words of `FAILED` mean a failure, in any letter case and with any separators or none, and
only where they are all of the outcome. Any other outcome, such as one in words of a source's own,
and one that is missing count as a success: a failure is never guessed.
"""

import numpy as np
import pandas as pd

FAILED = (  # in lower case, without separators
    *("failure", "failed", "fail", "unsuccessful", "error"),
    *("denied", "deny", "explicitdeny", "implicitdeny", "deniedbypolicy", "requestdenied"),
    *("accessdenied", "accessdeniedexception", "permissiondenied"),
    *("unauthorized", "unauthorised", "notauthorized", "notauthorised", "unauthenticated"),
    *("unauthorizedoperation", "clientunauthorizedoperation", "authorizationfailed"),
    *("authorizationrequestdenied", "authenticationfailed", "loginfailed"),
    *("forbidden", "blocked", "rejected", "refused"),
)
SEPARATORS = " _-.:/"


def is_failure(outcome: str) -> bool:
    """Return whether an outcome is a failure.

    >>> [is_failure(word) for word in ("ACCESS_DENIED", "denied by policy", "no error", "")]
    [True, True, False, False]
    """
    return outcome.translate(dict.fromkeys(map(ord, SEPARATORS))).lower() in FAILED


def failed(outcome: pd.Series) -> np.ndarray:
    """Return the mask of the outcomes that are failures (bool); null counts as a success.

    >>> failed(pd.Series(["Denied", "success", None], dtype="string"))
    array([ True, False, False])
    """
    codes, words = pd.factorize(outcome)  # a null has the code -1: the last of the mask
    return np.array([*(is_failure(str(word)) for word in words), False], bool)[codes]
