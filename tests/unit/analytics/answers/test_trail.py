"""Who did what, as the journal holds it, and a second person for what is critical."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from analytics.answers import journal
from analytics.answers.trail import COLUMNS, trail
from analytics.findings.lifecycle.states import lives
from analytics.history import posture_in
from analytics.posture import Posture
from graph.journal.actor import By
from graph.journal.hash_chain import FIRST_HASH
from graph.journal.rights import NotAllowed
from graph.stores import StoreDamaged
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.rule_findings import found
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.few_rules import only_rules
from tests.support.histories.small_history import history_of
from tests.support.printed import findings

UNTIL = AS_OF + pd.Timedelta(days=3000)
ANN = By("ann", account="https://idp|1", roles=frozenset({"admin"}), session="s1")


@pytest.fixture(autouse=True, scope="module")
def _few_rules() -> Iterator[None]:
    """Keep to a rule that finds what is critical, one that finds what is less, and neighbours."""
    with only_rules("no_accountable_owner", "leaked_credential", "unused_grant", "review_overdue"):
        yield


@pytest.fixture
def judged(tmp_path: Path) -> Posture:
    """Judge an agent that nobody owns and whose key leaked, and one that reaches little."""
    e = Estate().agent("bot", created_at=ago(300)).resource("db", "restricted")
    e.account("svc").link("bot", "RUNS_AS", "svc").person("ann", "ben")
    e.thing("Credential", "key", storage="vault", exposed_at=ago(3))
    e.link("key", "AUTHENTICATES_AS", "svc").link("bot", "USES", "key")
    e.can("svc", "read write admin", "db", granted_at=ago(200))
    e.agent("idle", created_at=ago(300)).resource("wiki", "internal").can("idle", "read", "wiki")
    store = ParquetStore(tmp_path / "store")
    done = ingest(store, [e.job()])
    return posture_in(store, done.snapshot.id)


def of_severity(posture: Posture, *severities: str) -> str:
    rows = findings(posture)["findings"]
    return next(str(row["id"]) for row in rows if row["severity"] in severities)


def again(posture: Posture) -> Posture:
    """Read the same snapshot anew, with what was decided since."""
    assert posture.graph.snapshot is not None
    assert posture.journal is not None
    return posture_in(ParquetStore(posture.journal.path.parent), posture.graph.snapshot.id)


def test_what_is_critical_is_pending_until_another_person_confirms_it(judged: Posture) -> None:
    finding = of_severity(judged, "critical")
    written = journal.accept(judged, finding, UNTIL, "ann", "for now")
    assert "trustdebt confirm 1" in written["note"]
    now = again(judged)
    assert lives(now).acceptances == {}
    assert [e.number for e in journal.waiting(now).values()] == [1]
    assert list(journal.waiting(now)) == [finding]
    for name in ("ann", "Ann"):
        with pytest.raises((journal.Refused, NotAllowed), match="another person"):
            journal.confirm(now, 1, name, "agreed")
    journal.confirm(now, 1, "ben", "agreed")
    now = again(judged)
    assert list(lives(now).acceptances) == [finding]
    assert journal.waiting(now) == {}


def test_at_an_earlier_moment_nobody_confirms_for_themselves_under_another_name(
    judged: Posture,
) -> None:
    """What was accepted later than the moment looked at is still of who accepted it."""
    journal.accept(judged, of_severity(judged, "critical"), UNTIL, "ann", "for now")
    assert judged.graph.snapshot is not None
    store = ParquetStore(judged.journal.path.parent)  # type: ignore[union-attr]
    before = posture_in(store, judged.graph.snapshot.id, judged.graph.as_of - pd.Timedelta(days=1))
    with pytest.raises((journal.Refused, NotAllowed), match="another person"):
        journal.confirm(before, 1, "ann", "agreed")


def test_what_is_less_counts_at_once(judged: Posture) -> None:
    """The twin: so did everything."""
    finding = of_severity(judged, "high", "medium", "low")
    assert journal.accept(judged, finding, UNTIL, "ann", "for now")["note"] is None
    assert list(lives(again(judged)).acceptances) == [finding]


@pytest.mark.parametrize("as_of", [None, AS_OF - pd.Timedelta(days=10), AS_OF])
@pytest.mark.parametrize(
    ("then", "now", "two"),
    [
        ("internal", "restricted", True),
        ("restricted", "internal", True),
        ("internal", "internal", False),
    ],
)
def test_what_is_critical_today_takes_two_also_where_an_earlier_moment_is_looked_at(
    tmp_path: Path, then: str, now: str, two: bool, as_of: pd.Timestamp | None
) -> None:
    """Of an agent that nobody owns and that may write to what turns out to be restricted."""

    def said(sensitivity: str, days: float) -> Estate:
        e = Estate(AS_OF - pd.Timedelta(days=days)).agent("bot", created_at=ago(300)).person("ann")
        return e.resource("db", sensitivity).can("bot", "write", "db", granted_at=ago(200))

    history = history_of(said(then, 20), said(now, 0), journal=tmp_path / "journal")
    posture = history.posture(history.infos[0].id, as_of)
    (finding,) = found(posture, "OWN-01")
    assert journal.accept(posture, finding.id, UNTIL, "ann", "for now").get("second", False) is two


def test_the_trail_of_nothing(judged: Posture) -> None:
    nothing = trail(judged)
    assert (nothing.count, nothing.head, nothing.sealed) == (0, FIRST_HASH, False)
    assert list(nothing.entries.frame) == list(COLUMNS)


def test_the_trail_says_who_did_what_about_what(judged: Posture) -> None:
    finding = of_severity(judged, "critical")
    journal.accept(judged, finding, UNTIL, ANN, "for now")
    journal.review(judged, "bot", "approve", "ben", "needed")
    journal.withdraw(judged, 2, "ben", "mistaken")
    rows = trail(judged).entries.frame
    assert rows["kind"].tolist() == ["withdrawal", "review", "acceptance"]
    assert rows["about"].tolist()[:2] == ["entry 2", "bot"]
    assert rows["about"].iloc[2].endswith(f" bot {finding}")
    assert rows["about_name"].iloc[2].endswith(" bot")
    assert rows["by"].tolist() == ["ben", "ben", "ann"]
    assert rows["signed_in"].tolist() == [False, False, True]
    assert rows["account"].fillna("").tolist() == ["", "", "https://idp|1"]
    assert rows["decided"].fillna("").tolist() == [
        "",
        "approve all access",
        "pending, not confirmed",
    ]
    assert rows["withdrawn_at"].notna().tolist() == [False, True, False]


def test_a_trail_that_was_changed_is_refused(judged: Posture) -> None:
    journal.review(judged, "bot", "approve", "ben", "needed")
    assert judged.journal is not None
    assert trail(judged).head == judged.journal.mark()
    db = sqlite3.connect(judged.journal.path, isolation_level=None)
    db.execute("DROP TRIGGER entry_stays")
    db.execute("UPDATE entry SET body = replace(body, 'approve', 'revoke')")
    db.close()
    with pytest.raises(StoreDamaged, match="not as it was written"):
        trail(again(judged))
