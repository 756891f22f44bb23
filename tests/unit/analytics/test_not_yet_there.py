"""Who acted, as of a day before others came who could have."""

import pandas as pd

from analytics.posture import assess
from graph.access import AccessGraph
from graph.schema import USE_EVENT
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import identities


def test_what_is_yet_to_be_created_did_not_act():
    """The account was used 40 days ago; an agent that runs as it came 10 days ago."""
    e = Estate().account("svc").resource("db").can("svc", "read", "db", granted_at=ago(90))
    e.agent("late", created_at=ago(10)).link("late", "RUNS_AS", "svc")
    e.add(USE_EVENT, id="u", at=ago(40), principal="svc", resource="db", level="read")
    posture = assess(AccessGraph.of(together(e), AS_OF - pd.Timedelta(days=30)))
    (row,) = identities(posture)["identities"]
    assert (row["id"], row["last_active_at"]) == ("svc", ago(40))
