"""What was decided, or ended, between the reading that shows an access and its use."""

from typing import Any

import pandas as pd
import pytest

from analytics.answers.prove import prove
from analytics.answers.table import as_json
from graph.schema import COVERS, REVIEW
from tests.support.estates.decision_log import Log, at
from tests.support.histories.small_history import history_of

SCOPE = [{"resource": "r", "level": "read"}]
USE = pd.Timestamp(at("10:05"))  # on 20 July; the readings are of 10 July and of 1 August
EARLIER, BETWEEN, LATER = (f"2026-07-{day}T00:00:00Z" for day in ("05", "15", "25"))


def read(
    day: str,
    scope: Any = SCOPE,
    review: tuple[str, str] | None = None,
    on: dict[str, str] | None = None,
    agent: dict[str, str] | None = None,
    granted: bool = True,
    **grant: str,
) -> Log:
    """State what an export of a day shows of a bot that was allowed to read r, and did."""
    made = Log(at=pd.Timestamp(f"2026-{day}", tz="UTC"))
    made.agent("bot", declared_scope=scope, **(agent or {})).resource("r", "confidential")
    if granted:
        made.can("bot", "read", "r", granted_at="2026-06-01T00:00:00Z", **grant)
    if review is not None:
        decision, decided = review
        made.add(REVIEW, id=f"rev-{decided}", decision=decision, decided_at=decided)
        made.add(COVERS, source_id=f"rev-{decided}", target_id="bot", **(on or {}))
    return made.decided("10:00", policy_version="3", justification="close").used("10:05")


def proof(*states: Log) -> dict[str, Any]:
    history = history_of(*states)
    return as_json(prove(history.posture(history.infos[-1].id), "bot", USE, "r", "read"))


def ended(status: str = "retired", **dates: str) -> dict[str, str]:
    return {"status": status, **dates}


FIRST, NEXT = "07-10", "08-01"
CASES = {
    "revoked": (read(FIRST), read(NEXT, review=("revoke", BETWEEN)), "not_proven"),
    "revoked after the use": (read(FIRST), read(NEXT, review=("revoke", LATER)), "proven"),
    "revoked, then approved": (
        read(FIRST, review=("revoke", EARLIER)),
        read(NEXT, review=("approve", BETWEEN)),
        "proven",
    ),
    "revoked before, and executed after": (
        read(FIRST, review=("revoke", EARLIER), on={"grant_id": "g"}, grant_id="g"),
        read(NEXT, granted=False),
        "not_proven",
    ),
    "approved": (read(FIRST, None), read(NEXT, None, ("approve", BETWEEN)), "proven"),
    "approved after the use": (
        read(FIRST, None),
        read(NEXT, None, ("approve", LATER)),
        "not_proven",
    ),
    "approved by its source": (
        read(FIRST, None),
        read(NEXT, None, reviewed_at=BETWEEN, approved_by="ann"),
        "proven",
    ),
    "its task ended": (read(FIRST), read(NEXT, task_ended_at=BETWEEN), "not_proven"),
    "its task ended after the use": (read(FIRST), read(NEXT, task_ended_at=LATER), "proven"),
    "its term was set": (
        read(FIRST, grant_id="g"),
        read(NEXT, grant_id="g", expires_at=BETWEEN),
        "not_proven",
    ),
    "retired": (read(FIRST), read(NEXT, agent=ended(status_at=BETWEEN)), "not_proven"),
    "retired after the use": (read(FIRST), read(NEXT, agent=ended(status_at=LATER)), "proven"),
    "retired nobody knows when": (read(FIRST), read(NEXT, agent=ended()), "unknown"),
    "past its own end": (
        read(FIRST, agent={"expires_at": BETWEEN}),
        read(NEXT, agent={"expires_at": BETWEEN}),
        "not_proven",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_came_between_the_reading_and_the_use_counts(name: str) -> None:
    first, following, verdict = CASES[name]
    made = proof(first, following)
    assert made["verdict"] == verdict, (made["envelope"], made["entitlement"]["because"])


def test_an_approval_of_in_between_is_among_the_facts() -> None:
    made = proof(read(FIRST, None), read(NEXT, None, ("approve", BETWEEN)))
    (approval,) = made["envelope"]["approved_by"]
    facts = {fact["id"]: fact["snapshot"] for fact in made["rests_on"]}
    assert facts[approval["id"]] == max(made["snapshots"])


@pytest.mark.parametrize(
    ("agent", "verdict"),
    [
        ({}, "proven"),
        ({"expires_at": BETWEEN}, "not_proven"),
        ({"expires_at": LATER}, "proven"),
        (ended("disabled", status_at=BETWEEN), "not_proven"),
        (ended("disabled", status_at=LATER), "proven"),
        (ended("disabled"), "unknown"),
    ],
)
def test_who_had_ended_was_no_longer_within_what_was_approved(agent, verdict) -> None:
    """As for debt, and for the claim *revocation*, which both say that it should have been gone."""
    assert proof(read(NEXT, agent=agent))["verdict"] == verdict


def by_key(day: str, **key: str) -> Log:
    """State the same of a bot that signs in as an account with a key."""
    made = Log(at=pd.Timestamp(f"2026-{day}", tz="UTC")).agent("bot", declared_scope=SCOPE)
    made.resource("r", "confidential").account("svc")
    made.can("svc", "read", "r", granted_at="2026-06-01T00:00:00Z")
    made.thing("Credential", "k", type="api_key", created_at="2026-06-01T00:00:00Z", **key)
    made.link("bot", "USES", "k", valid_from="2026-06-01T00:00:00Z")
    made.link("k", "AUTHENTICATES_AS", "svc", valid_from="2026-06-01T00:00:00Z")
    return made.decided("10:00", policy_version="3", justification="close").used("10:05")


@pytest.mark.parametrize(
    ("states", "verdict"),
    [
        ([by_key(NEXT)], "proven"),
        ([by_key(NEXT, status="revoked")], "unknown"),
        ([by_key(NEXT, status="revoked", status_at=LATER)], "proven"),
        ([by_key(NEXT, status="revoked", status_at=BETWEEN)], "not_proven"),
        ([by_key(NEXT, status="revoked", expires_at=BETWEEN)], "not_proven"),
        ([by_key(FIRST, status="revoked"), by_key(NEXT, status="revoked")], "not_proven"),
    ],
)
def test_a_key_that_ended_nobody_knows_when_leaves_a_use_before_open(
    states: list[Log], verdict: str
) -> None:
    made = proof(*states)
    assert made["verdict"] == verdict, made["entitlement"]["because"]
    if verdict == "unknown":
        assert "nobody states" in made["entitlement"]["because"]
        assert made["entitlement"]["path"]
