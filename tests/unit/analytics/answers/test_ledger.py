"""The ledger as JSON: what is gone by the end is named beside what is still there."""

import json

import pandas as pd

from analytics.answers.ledger import ledger
from analytics.answers.table import as_json
from analytics.debt.ledger.moments import Moment
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of


def state(at: int, *resources: str) -> Estate:
    """State a bot with a grant without an end on each of these."""
    e = Estate(at=AS_OF + pd.Timedelta(days=at)).agent("bot", created_at=ago(300))
    for name in resources:
        e.resource(name).can("bot", "read", name, granted_at=ago(200), grant_id=name)
    return e


def test_what_is_gone_has_its_id_for_a_name_and_no_label():
    history = history_of(state(0, "crm", "old"), state(10, "crm"))
    start, end = (Moment(info, info.taken_at) for info in history.infos)
    shown = as_json(ledger(history, start, end))
    things = {row["resource"]["id"]: row["resource"] for row in shown["entries"]}
    assert things["old"] == {"id": "old", "label": None, "name": "old"}
    assert {row["identity"]["label"] for row in shown["entries"]} == {"Agent"}
    json.dumps(shown, allow_nan=False)
