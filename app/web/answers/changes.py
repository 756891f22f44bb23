"""Changes that close findings, as pages show them."""

import pandas as pd

from analytics.answers.changes import changes as changes_answer
from analytics.findings.lifecycle.states import STATES, listed
from analytics.posture import Posture
from analytics.remediation.closing.asking import asked
from app.web.page.snapshots import ANSWERS, kept, moment_of, shelf


@kept
def changes(posture: Posture) -> pd.DataFrame:
    """Return a row for each change, the most severe first, names not escaped.

    Returns
    -------
    DataFrame
        The columns of `analytics.answers.changes.Changes`, readable: `decides` and `decides_name`.
    """
    return changes_answer(posture).changes.readable()


_ASKED = shelf("Working it out…", ANSWERS)


def asked_for(posture: Posture, shown: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `changes` that findings ask for, given their rows of `findings`."""
    key = moment_of(posture), frozenset(shown["id"])
    answer: pd.DataFrame = _ASKED.get(key, "asked_for", lambda: _asked_for(posture, shown))
    return answer


def _asked_for(posture: Posture, shown: pd.DataFrame) -> pd.DataFrame:
    rows = listed(posture, STATES)
    every = asked(posture)
    wanted = every.by(rows[rows["id"].isin(shown["id"])])
    ids = {every.changes[place].id for place in wanted.tolist()}
    table = changes(posture)
    return table[table["id"].isin(ids)].reset_index(drop=True)
