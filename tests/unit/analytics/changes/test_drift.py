"""Drift from what was approved: against which baseline, by what cause, and since when."""

from typing import Any

import pandas as pd
import pytest

from analytics.history import open_posture
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.histories.small_history import history_of
from tests.support.printed import drift

INVOICES = [{"resource": "s3:invoices", "level": "read"}]


def base(at: pd.Timestamp = AS_OF, **facts: Any) -> Estate:
    """State an agent that may read invoices, and does so by its own account."""
    e = Estate(at=at).agent("bot", **{"kind": "workload", "declared_scope": INVOICES, **facts})
    e.account("svc").link("bot", "RUNS_AS", "svc", valid_from=ago(300))
    e.resource("s3:invoices", "confidential").resource("db:ledger", "restricted")
    return e.can("svc", "read", "s3:invoices", grant_id="g1", granted_at=ago(300))


def rows(posture: Posture, about: str = "bot") -> list[dict[str, Any]]:
    return drift(posture, posture.graph.find(about))["drift"]


def told(posture: Posture, about: str = "bot") -> list[tuple[str, str, str, str | None]]:
    return [
        (r["excess"]["resource"]["id"], r["excess"]["level"], r["cause"], r["since"])
        for r in rows(posture, about)
    ]


def latest(*states: Any) -> Posture:
    history = history_of(*states)
    return history.posture(history.infos[-1].id)


def test_within_the_scope_nothing_drifts():
    answer = drift(base().posture())
    assert answer["drift"] == answer["shrink"] == []
    assert (answer["exposure"], answer["drifted"]) == (0, 0)
    assert answer["by_baseline"] == {"declared scope": 1}


def test_a_grant_of_its_own():
    e = base().can("svc", "write", "db:ledger", grant_id="g2", granted_at=ago(40))
    assert told(e.posture()) == [("db:ledger", "write", "direct", ago(40))]
    (row,) = rows(e.posture())
    assert row["exposure"] == 30 * 3
    assert row["sentence"] == "bot → svc → db:ledger"
    assert row["baseline"] == {"kind": "declared scope", "by": None, "at": None}


def test_of_several_snapshots_of_one_instant_the_last_is_the_first_snapshot():
    """A second reading of the same instant has what the one before it lacked."""

    def at(days: float) -> Estate:
        return base(AS_OF - pd.Timedelta(days=days), declared_scope=None)

    def more(days: float) -> Estate:
        return at(days).can("svc", "write", "db:ledger", grant_id="g2", granted_at=ago(90))

    assert told(latest(at(60), more(60), more(0))) == []
    assert told(latest(at(60), more(0))) == [("db:ledger", "write", "direct", ago(90))]


def test_the_way_opened_when_its_last_step_came():
    """The group had the grant long before the account joined the group."""
    e = base().thing("Group", "fin").can("fin", "read", "db:ledger", granted_at=ago(200))
    e.link("svc", "MEMBER_OF", "fin", valid_from=ago(25))
    assert told(e.posture()) == [("db:ledger", "read", "inherited", ago(25))]


def test_of_several_ways_the_one_that_was_open_first_counts():
    e = base().thing("Role", "r1", "r2")
    e.link("svc", "ASSUMES", "r1", valid_from=ago(10))
    e.can("r1", "read", "db:ledger", granted_at=ago(400))
    e.link("svc", "ASSUMES", "r2", valid_from=ago(60)).link("r2", "ASSUMES", "r1")
    assert told(e.posture()) == [("db:ledger", "read", "inherited", ago(60))]
    e.can("svc", "read", "db:ledger", granted_at=ago(70))
    assert told(e.posture()) == [("db:ledger", "read", "direct", ago(70))]


def test_delegated_access():
    e = base().agent("child", kind="workload", declared_scope=[])
    e.link("bot", "SPAWNS", "child", valid_from=ago(9))
    e.can("child", "read", "db:ledger", granted_at=ago(50))
    assert told(e.posture()) == [("db:ledger", "read", "delegated", ago(9))]
    assert told(e.posture(), "child") == [("db:ledger", "read", "direct", ago(50))]


def test_access_by_a_credential_that_others_use():
    def keyed(*users: str) -> Posture:
        e = base().agent("other", kind="workload").account("theirs").thing("Credential", "k1")
        e.link("k1", "AUTHENTICATES_AS", "theirs").can("theirs", "read", "db:ledger")
        for user in users:
            e.link(user, "USES", "k1", valid_from=ago(12))
        return e.posture()

    assert told(keyed("bot", "other")) == [("db:ledger", "read", "shared credential", ago(12))]
    assert told(keyed("bot")) == [("db:ledger", "read", "direct", ago(12))]


def test_access_that_a_rule_concludes():
    """Whoever reads the vault reads the key that is kept in it."""
    e = base().account("admin").thing("Credential", "k9").resource("vault", "internal")
    e.link("k9", "AUTHENTICATES_AS", "admin").can("admin", "admin", "db:ledger")
    e.link("k9", "STORED_IN", "vault").can("svc", "read", "vault", granted_at=ago(30))
    assert told(e.posture()) == [
        ("db:ledger", "admin", "policy", ago(30)),
        ("vault", "read", "direct", ago(30)),
    ]


def test_a_grant_that_was_widened():
    """The grant keeps its id and its date; the first snapshot with the level dates the drift."""
    before, after = base(AS_OF - pd.Timedelta(days=60)), base(AS_OF - pd.Timedelta(days=30))
    now = Estate().agent("bot", kind="workload", declared_scope=INVOICES).account("svc")
    now.link("bot", "RUNS_AS", "svc").resource("s3:invoices", "confidential")
    now.can("svc", "read write", "s3:invoices", grant_id="g1", granted_at=ago(300))
    posture = latest(before, after, now)
    assert told(posture) == [("s3:invoices", "write", "policy", "2026-08-01T00:00:00Z")]
    assert told(now.posture()) == [
        ("s3:invoices", "write", "direct", ago(300))
    ]  # no past: as dated


def test_the_scope_of_a_prefix_and_an_exact_level():
    e = base(declared_scope=[{"resource": "s3:*", "level": "read"}])
    e.resource("s3:archive", "internal").can("svc", "read write", "s3:archive", granted_at=ago(3))
    assert told(e.posture()) == [("s3:archive", "write", "direct", ago(3))]


# ---------------------------------------------------------------- baselines


def reviewed(e: Estate, baseline: Any, days: float, name: str = "rev-1") -> Estate:
    e.thing("Review", name, decision="approve", decided_at=ago(days), baseline=baseline)
    return e.link(name, "COVERS", "bot")


@pytest.mark.parametrize(
    "listed",
    [
        [{"resource": "db:ledger", "level": "read"}],
        [{"resource": "db:ledger", "levels": ["read"]}],
        {"hash": "1", "entitlements": [{"resource": "db:ledger", "level": "read"}]},
    ],
)
def test_the_last_approving_review_counts_before_the_scope(listed):
    e = reviewed(base().can("svc", "read", "db:ledger", granted_at=ago(40)), listed, 20)
    assert told(e.posture()) == [("s3:invoices", "read", "direct", ago(300))]
    assert rows(e.posture())[0]["baseline"] == {"kind": "review", "by": "rev-1", "at": ago(20)}
    reviewed(e, INVOICES, 10, "rev-2")
    assert told(e.posture()) == [("db:ledger", "read", "direct", ago(40))]


def test_a_review_to_come_or_one_that_revokes_is_no_baseline():
    e = reviewed(base(), [], -5)
    e.thing("Review", "no", decision="revoke", decided_at=ago(1), baseline=[])
    e.link("no", "COVERS", "bot")
    assert told(e.posture()) == []


@pytest.mark.parametrize("scoped", [True, False])
@pytest.mark.parametrize("over", ["ended", "revoked", "ends later", "revoked before"])
def test_a_review_that_has_ended_or_was_revoked_stands_behind_the_scope(over, scoped):
    """Without a scope it is still what was approved last."""
    facts = {} if scoped else {"declared_scope": None}
    e = base(**facts).can("svc", "read", "db:ledger", granted_at=ago(40))
    ends = {"ended": ago(5), "ends later": ago(-5)}.get(over)
    ledger = [{"resource": "db:ledger", "level": "read"}]
    e.thing("Review", "rev", decision="approve", decided_at=ago(20), baseline=ledger,
            expires_at=ends).link("rev", "COVERS", "bot")  # fmt: skip
    if over.startswith("revoked"):
        days = 30 if over.endswith("before") else 10
        e.thing("Review", "no", decision="revoke", decided_at=ago(days)).link("no", "COVERS", "bot")
    holds = over in ("ends later", "revoked before") or not scoped
    beyond = ("s3:invoices", ago(300)) if holds else ("db:ledger", ago(40))
    assert told(e.posture()) == [(beyond[0], "read", "direct", beyond[1])]


def test_without_review_and_scope_the_first_snapshot_counts():
    def state(days: float) -> Estate:
        return base(AS_OF - pd.Timedelta(days=days), declared_scope=None)

    extra = state(0).can("svc", "write", "db:ledger", grant_id="g2", granted_at=ago(15))
    posture = latest(state(60), state(30), extra)
    assert told(posture) == [("db:ledger", "write", "direct", ago(15))]
    (row,) = rows(posture)
    assert row["baseline"]["kind"] == "first snapshot"
    assert row["baseline"]["by"].startswith("000001-")
    assert told(extra.posture()) == []  # it is the first snapshot itself


def test_what_a_newly_connected_scope_shows_is_no_drift():
    first = base(AS_OF - pd.Timedelta(days=60), declared_scope=None)
    west = Estate(scope="west").account("svc").resource("crm", "restricted")
    west.can("svc", "write", "crm", granted_at=ago(200))
    answer = drift(latest(first, [base(declared_scope=None), west]))
    assert [(r["excess"]["resource"]["id"], r["why"]) for r in answer["drift"]] == [
        ("crm", "coverage")
    ]
    assert (answer["exposure"], answer["drifted"], answer["by_cause"]) == (0, 0, [])


def test_access_that_came_to_cross_environments():
    def state(days: float, env: str) -> Estate:
        e = Estate(at=AS_OF - pd.Timedelta(days=days))
        e.agent("bot", kind="workload", declared_scope=INVOICES, env="dev")
        e.resource("s3:invoices", "confidential", env=env)
        return e.can("bot", "read", "s3:invoices", grant_id="g1", granted_at=ago(300))

    moved = [state(60, "dev"), state(30, "prod"), state(0, "prod")]
    at = (AS_OF - pd.Timedelta(days=30)).isoformat().replace("+00:00", "Z")
    assert told(latest(*moved)) == [("s3:invoices", "read", "environment", at)]
    assert told(latest(state(60, "prod"), state(0, "prod"))) == []  # it always crossed
    assert told(latest(state(60, "prod"), state(0, "dev"))) == []  # it crosses no more
    assert told(latest(state(60, "dev"), state(0, " Dev"))) == []  # written otherwise, and the same
    assert told(latest(state(60, "production"), state(0, "prod"))) == []  # it always crossed


def test_what_is_approved_but_not_there_is_shrink():
    scope = [
        *INVOICES,
        {"resource": "db:ledger", "level": "read"},
        {"resource": "x*", "level": "read"},
    ]
    answer = drift(base(declared_scope=scope).posture())
    assert answer["drift"] == []
    assert [r["shrink"]["resource"]["id"] for r in answer["shrink"]] == ["db:ledger"]


def test_when_nobody_dates_a_step_nobody_says_since_when():
    e = base().thing("Group", "g").link("svc", "MEMBER_OF", "g").can("g", "read", "db:ledger")
    assert told(e.posture()) == [("db:ledger", "read", "inherited", ago(300))]  # RUNS_AS is dated
    bare = Estate().agent("bot", declared_scope=[]).resource("r", "public").can("bot", "read", "r")
    assert told(bare.posture()) == [("r", "read", "direct", None)]


# -- policies that grew ------------------------------------------------------------------------


def by_policy(at, *resources, policy="arn:aws:iam::aws:policy/ReadAll", accounts=("svc",)):
    """State accounts of agents, each with a grant on each resource by one managed policy."""
    e = Estate(at=at)
    for account in accounts:
        e.agent(f"bot-{account}", kind="workload").account(account)
        e.link(f"bot-{account}", "RUNS_AS", account)
        for name in resources:
            e.can(account, "read", name, policy_id=policy)
    for name in resources:
        e.resource(name, "restricted" if name == "r1" else "internal")
    return e


def test_a_managed_policy_that_grew_is_told_once():
    """It gave r0; now it gives r1 to r5 as well, to two accounts: one row for each agent."""
    first = by_policy(AS_OF, "r0", accounts=("x", "y"))
    then = by_policy(
        AS_OF + pd.Timedelta(days=30), *(f"r{n}" for n in range(6)), accounts=("x", "y")
    )
    posture = latest(first, then)
    answer = drift(posture)
    assert [(r["identity"]["id"], r["cause"]) for r in answer["drift"]] == [
        ("bot-x", "policy"),
        ("bot-y", "policy"),
    ]
    for row in answer["drift"]:
        assert row["excess"]["resource"]["id"] == "r1"  # the heaviest
        said = row["policy"]
        assert (said["name"], said["growth"], said["identities"]) == ("ReadAll", 5, 2)
        assert {g["resource"]["id"] for g in said["gained"]} == {f"r{n}" for n in range(1, 6)}
    assert [(c["cause"], c["count"]) for c in answer["by_cause"]] == [("policy", 10)]
    assert answer["exposure"] == sum(r["policy"]["exposure"] for r in answer["drift"])


def test_a_policy_that_was_newly_attached_did_not_grow():
    first = by_policy(AS_OF, "r0", policy="other")
    then = by_policy(AS_OF + pd.Timedelta(days=30), "r0", policy="other")
    for name in ("r1", "r2"):
        then.resource(name).can("svc", "read", name, policy_id="new")
    rows_of = drift(latest(first, then))["drift"]
    assert [(r["excess"]["resource"]["id"], r["cause"], r["policy"]) for r in rows_of] == [
        ("r1", "direct", None),
        ("r2", "direct", None),
    ]


def shrunk(*estates: Estate) -> list[str]:
    """Return what is approved, and known not to be reached."""
    answer = drift(assess(AccessGraph.of(together(*estates))))
    return [row["shrink"]["resource"]["id"] for row in answer["shrink"]]


def test_nothing_is_known_to_have_shrunk_where_more_may_be_reached():
    """Decision 0025: what is reached is then the least, and what is not known is not absent."""

    def agents(*declares: str) -> Estate:
        e = Estate(declares=("scope", *declares)).resource("crm", "internal")
        return e.agent("bot", declared_scope=[{"resource": "crm", "level": "read"}])

    assert shrunk(agents("grants")) == ["crm"]
    assert shrunk(agents()) == []
    keys = Estate(declares=("credentials",), source="vault").thing("Credential", "k")
    assert shrunk(agents("grants"), keys.agent("bot").link("bot", "USES", "k")) == []


@pytest.mark.parametrize("reread", [False, True], ids=["in order", "the older one read last"])
def test_what_an_older_snapshot_lacks_came_later_in_any_order_of_reading(tmp_path, reread):
    """The account joined the group between the two snapshots; nobody dates it."""
    store = ParquetStore(tmp_path)
    former = base(AS_OF - pd.Timedelta(days=60)).thing("Group", "fin")
    former.can("fin", "read", "db:ledger", granted_at=ago(200))
    latter = base().thing("Group", "fin").can("fin", "read", "db:ledger", granted_at=ago(200))
    latter.link("svc", "MEMBER_OF", "fin")
    for estate in (latter, former) if reread else (former, latter):
        ingest(store, [estate.job()])
    posture = open_posture(str(tmp_path))
    assert told(posture) == [("db:ledger", "read", "inherited", ago(0))]
