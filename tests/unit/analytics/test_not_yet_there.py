"""Who acted, as of a day before others came who could have."""

import pandas as pd

from analytics.posture import assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import identities


def test_what_is_yet_to_be_created_did_not_act():
    """Only `caller` could take the account when it was used; an agent came later."""
    e = Estate().account("caller", "svc").link("caller", "ASSUMES", "svc").resource("db")
    e.can("svc", "read", "db", granted_at=ago(90), last_used_at={"read": ago(40)})
    e.agent("late", created_at=ago(10)).link("late", "RUNS_AS", "svc")
    posture = assess(AccessGraph.of(together(e), AS_OF - pd.Timedelta(days=30)))
    active = {row["id"]: row["last_active_at"] for row in identities(posture)["identities"]}
    assert active["caller"] == ago(40)
