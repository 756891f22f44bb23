"""What people decide counts the same beside either store."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analytics.answers.campaign import campaigns
from analytics.answers.table import as_json
from analytics.answers.undertaking import close, start, steps_of_file
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.findings.lifecycle.states import STATES
from analytics.history import open_posture
from graph.journal.journal import journal_of
from graph.journal.place import journal_path
from graph.schema import CAN_ACCESS
from graph.stores import Store
from ingest.job.run import ingest
from tests.integration.conftest import ONE_LINE
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.few_rules import only_rules
from tests.support.printed import findings

DAY = pd.Timedelta(days=1)


@pytest.fixture(autouse=True, scope="module")
def _one_rule() -> Iterator[None]:
    """Judge by one rule only: no decision here is about what another one finds."""
    with only_rules("no_accountable_owner"):
        yield


def _estate(days: int, *more: str) -> Estate:
    e = Estate(at=AS_OF - days * DAY).person("ann").agent("bot", "owned", *more)
    return e.owned("owned", "ann", "ann").resource("ledger").can("bot", "read", "ledger")


@ONE_LINE
def test_decisions_count_beside_either_store(store: Store, store_uri: str, tmp_path: Path) -> None:
    """Seen in the first of two snapshots, accepted, and resolved by attested owners."""
    ingest(store, [_estate(30).job()])
    journal = journal_of(store_uri)
    assert ("://" in store_uri) != journal.path.is_relative_to(tmp_path / "store")
    posture = open_posture(store_uri)
    one = findings(posture, rule="OWN-01")["findings"][0]
    about = what_it_is_about(posture, one["id"])
    journal.accept(one["id"], AS_OF + DAY, "ann", "known", AS_OF - 30 * DAY, about)
    ingest(store, [_estate(0, "new").job()])
    rows = findings(open_posture(store_uri), rule="OWN-01")["findings"]
    states = {r["subject"]["id"]: (r["state"], r["first_seen"]) for r in rows}
    assert states == {
        "bot": ("accepted", one["first_seen"]),
        "new": ("open", "2026-08-01T00:00:00Z"),
    }
    for role in ("business", "technical"):
        journal.attest("bot", "ann", role, "ann", "", AS_OF - DAY)
    journal.review("bot", "approve", "ann", "needed", AS_OF - DAY)
    found = findings(open_posture(store_uri), rule="OWN-01", states=STATES)["findings"]
    (gone,) = [f for f in found if f["subject"]["id"] == "bot"]
    assert gone["state"] == "resolved"
    assert {c["relationship"] for c in gone["resolved_by"]["changes"]} == {"OWNS"}  # no review does
    assert journal_path(store_uri).exists()
    journal.path.unlink()


@ONE_LINE
def test_a_campaign_is_kept_beside_either_store(
    store: Store, store_uri: str, tmp_path: Path
) -> None:
    """Started on the first of two snapshots, ticked off by the second, and closed."""
    before = _estate(30).resource("crm", "restricted").can("bot", "read", "crm", grant_id="g1")
    ingest(store, [before.job()])
    posture = open_posture(store_uri)
    frame = posture.graph.frames[CAN_ACCESS]
    target = {"relationship": "CAN_ACCESS", "ids": frame["id"][frame["grant_id"] == "g1"].tolist()}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps([{"action": "remove_grant", "target": target}]))
    asked = steps_of_file(posture, plan)
    begun = as_json(start(posture, asked, "tidy", "ann"))["campaigns"][0]
    assert begun["promised"] > 0
    ingest(store, [_estate(0).resource("crm", "restricted").job()])
    (row,) = as_json(campaigns(open_posture(store_uri)))["campaigns"]
    assert (row["done"], row["repaid"]) == (1, begun["promised"])
    close(open_posture(store_uri), "tidy", "ann", "done")
    (row,) = as_json(campaigns(open_posture(store_uri)))["campaigns"]
    assert (row["state"], row["repaid"]) == ("closed", begun["promised"])
    journal_of(store_uri).path.unlink()
