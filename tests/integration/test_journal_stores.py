"""What people decide counts the same beside either store."""

from pathlib import Path

import pandas as pd

from analytics.findings.lifecycle.about import what_it_is_about
from analytics.findings.lifecycle.states import STATES
from analytics.history import open_posture
from graph.journal.file import journal_path
from graph.journal.journal import journal_of
from graph.stores import Store
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.printed import findings

DAY = pd.Timedelta(days=1)


def _estate(days: int, *more: str) -> Estate:
    e = Estate(at=AS_OF - days * DAY).person("ann").agent("bot", "owned", *more)
    return e.owned("owned", "ann", "ann").resource("ledger").can("bot", "read", "ledger")


def test_decisions_count_beside_either_store(store: Store, store_uri: str, tmp_path: Path) -> None:
    """Seen in the first of two snapshots, accepted, and resolved by attested owners."""
    ingest(store, [_estate(30).job()])
    journal = journal_of(store_uri)
    assert ("://" in store_uri) != journal.path.is_relative_to(tmp_path)
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
