"""The promise of a campaign against the debt with and without; what is repaid against it."""

import json
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.actions import Action
from analytics.answers.undertaking import start, steps_of_file
from analytics.remediation.campaign.promise import promises
from analytics.remediation.closing.change import Change
from analytics.remediation.removal.before_and_after import debt_owed
from graph.schema import CAN_ACCESS
from tests.support.estates.debt_estates import estates
from tests.support.estates.small_estates import Estate
from tests.support.histories.small_history import history_of
from tests.support.printed import campaigns

PICKS = st.lists(st.integers(0, 5), min_size=1, max_size=3)


def without(estate: Estate, ids: set[str], later: int = 0) -> Estate:
    """State the same estate, so many seconds later, less some grants."""
    left = Estate(at=estate.at + timedelta(seconds=later), declares=estate.declares)
    for element, rows in estate.rows.items():
        for row in rows:
            if element is not CAN_ACCESS or row["id"] not in ids:
                left.add(element, **row)
    return left


@settings(max_examples=5)
@given(estates(), PICKS)
def test_the_steps_promise_what_they_take_off_and_repay_what_they_promised(estate, picks):
    estate.person("clerk").declares = ("grants", *estate.declares)
    grants = [row["id"] for row in estate.rows[CAN_ACCESS]]
    chosen = list(dict.fromkeys(grants[pick % len(grants)] for pick in picks))
    less = debt_owed(without(estate, set(chosen)).posture())
    later = without(estate, set(chosen), later=1)
    with TemporaryDirectory() as folder:
        history = history_of(estate, later, journal=Path(folder) / "journal.sqlite")
        first, last = (history.posture(info.id) for info in history.infos)
        fall = debt_owed(first) - less
        changes = [Change(Action.REMOVE_GRANT, CAN_ACCESS, (id_,)) for id_ in chosen]
        promised = sum(promise.amounts.sum() for promise in promises(first, changes))
        assert promised == pytest.approx(fall, abs=1e-6)
        plan = Path(folder) / "plan.json"
        target = [{"relationship": "CAN_ACCESS", "ids": [id_]} for id_ in chosen]
        plan.write_text(json.dumps([{"action": "remove_grant", "target": t} for t in target]))
        start(first, steps_of_file(first, plan), "all", "clerk")
        (row,) = campaigns(last)["campaigns"]
        assert [step["state"] for step in row["steps"]] == ["done"] * len(chosen)
        assert row["repaid"] == pytest.approx(row["promised"], rel=1e-5, abs=1e-6)
