"""The trend: the trust debt at each snapshot, up to the moment looked at."""

import pandas as pd

from analytics.answers.table import INSTANT, Table
from analytics.debt.past import Owed, past_debt
from analytics.kept.answers import kept
from analytics.past import past
from analytics.posture import Posture


@kept
def trend(posture: Posture, limit: int = 0) -> Table:
    """Return the trust debt of the estate at each snapshot, the last `limit` (0: all).

    Returns
    -------
    Table
        `at`, `debt` and `most` (trust points), `ratio`, `high` (the ratio if all that is unverified
        were broken), `coverage` (shares), `grade` and `not_known` (identities); null where nothing
        is known.
    """
    infos = past(posture)
    infos = infos[max(0, len(infos) + 1 - limit) :] if limit else infos
    rows = [*past_debt(posture, infos), Owed.of(posture)]
    at = [*(info.taken_at for info in infos), posture.graph.as_of]
    figures = ("debt", "most", "ratio", "high", "coverage")
    columns = {
        "at": pd.Series(at, dtype=INSTANT),
        **{name: pd.array([getattr(r, name) for r in rows], dtype="Float64") for name in figures},
        "grade": pd.array([row.grade for row in rows], dtype="string"),
        "not_known": [row.not_known for row in rows],
    }
    return Table(pd.DataFrame(columns), posture.graph.things)
