"""Proofs: one thing at a time is missing or wrong, and the verdict and its reason follow."""

import json

import pandas as pd
import pytest

from analytics.answers.prove import NothingToProve, digest_of, prove
from analytics.answers.table import as_json
from analytics.history import History
from analytics.posture import assess
from graph.access import AccessGraph
from graph.schema import COVERS, REVIEW
from tests.support.estates.decision_log import Log, at
from tests.support.estates.small_estates import ago, together
from tests.support.histories.small_history import history_of

USE, NOBODY = pd.Timestamp(at("10:05")), ("business", "technical")
GRANTED = "2026-07-12T00:00:00Z"
SCOPE = [{"resource": "r", "level": "read"}]
SAID = {"policy_version": "3", "justification": "monthly close"}
WITHOUT = {"usage", "reviews", "owners", "grants", "credentials", "decisions", "trust", "inventory"}


def estate(scope=SCOPE, granted_at=GRANTED, decision=None, grant=None, held=True, **facts) -> Log:
    """Build a bot that reads r at 10:05, five minutes after it was allowed to."""
    made = Log(**facts)
    made.agent("bot", declared_scope=scope).resource("r", "confidential").resource("vault")
    made.person("ann").owned("bot", "ann", "ann")
    dates = {"granted_at": granted_at} if granted_at else {}
    if held:
        made.can("bot", "read", "r", grant_id="g", **dates, **(grant or {}))
    if decision is not None:
        made.decided("10:00", **(SAID | decision))
    return made.used("10:05")


def by_another(made: Log, kind: str, label: str) -> Log:
    """Give the access to something that the bot takes, made or controls."""
    made.thing(label, "other").can("other", "read", "r", granted_at=GRANTED)
    return made.link("bot", kind, "other", valid_from=GRANTED)


def by_key(made: Log) -> Log:
    made.thing("Credential", "key").account("svc").link("bot", "USES", "key", valid_from=GRANTED)
    made.link("key", "AUTHENTICATES_AS", "svc", valid_from=GRANTED)
    return made.can("svc", "read", "r", granted_at=GRANTED)


def proof(made: Log, moment: pd.Timestamp = USE, resource="r", level="read"):
    return as_json(prove(made.posture(), "bot", moment, resource, level))


def reviewed(made: Log, decision: str, days: float = 15, ends: float | None = None) -> Log:
    end = None if ends is None else ago(ends)
    made.add(REVIEW, id="rev", decision=decision, decided_at=ago(days), decided_by="ann",
             expires_at=end)  # fmt: skip
    return made.add(COVERS, source_id="rev", target_id="bot")


def listing(made: Log, id_: str, days: float, what: str = "vault", on: str = "bot") -> Log:
    """Add an approving review that lists one thing."""
    listed = [{"resource": what, "level": "read"}]
    made.add(REVIEW, id=id_, decision="approve", decided_at=ago(days), baseline=listed)
    return made.add(COVERS, source_id=id_, target_id=on)


CASES = {
    "all of it": (lambda: estate(decision={}), "proven", None, ""),
    "no version of the policy": (
        lambda: estate(decision={"policy_version": None}),
        "unknown",
        "decision",
        "version",
    ),
    "no justification": (
        lambda: estate(decision={"justification": None}),
        "unknown",
        "decision",
        "justification",
    ),
    "denied": (lambda: estate(decision={"decision": "deny"}), "not_proven", "decision", "denied"),
    "escalated": (
        lambda: estate(decision={"decision": "escalate"}),
        "not_proven",
        "decision",
        "escalated",
    ),
    "nothing decided": (lambda: estate(), "not_proven", "decision", "no decision"),
    "the reason had ended": (
        lambda: estate(decision={"justification_expires_at": at("10:03")}),
        "not_proven",
        "decision",
        "expired",
    ),
    "decisions that no source records": (
        lambda: estate(decision=None, declares=[*WITHOUT - {"decisions"}, "scope"]),
        "unknown",
        "decision",
        "no source",
    ),
    "granted later": (
        lambda: estate(decision={}, granted_at="2026-07-25T00:00:00Z"),
        "not_proven",
        "entitlement",
        "no path",
    ),
    "granted nobody knows when": (
        lambda: estate(decision={}, granted_at=None),
        "unknown",
        "entitlement",
        "date",
    ),
    "ended before": (
        lambda: estate(decision={}, grant={"expires_at": "2026-07-19T00:00:00Z"}),
        "not_proven",
        "envelope",
        "ended at 2026-07-19",
    ),
    "on a condition that nobody evaluated": (
        lambda: estate(decision={}, grant={"condition": "aws:SourceIp"}),
        "unknown",
        "entitlement",
        "condition",
    ),
    "to be activated first": (
        lambda: estate(decision={}, grant={"eligible": "true"}),
        "unknown",
        "entitlement",
        "activated",
    ),
    "by its role": (
        lambda: by_another(estate(decision={}, held=False), "ASSUMES", "Role"),
        "proven",
        None,
        "",
    ),
    "by its account and key": (
        lambda: by_key(estate(decision={}, held=False)),
        "proven",
        None,
        "",
    ),
    "by a child of it only": (
        lambda: by_another(estate(decision={}, held=False), "SPAWNS", "Agent"),
        "not_proven",
        "entitlement",
        "another identity",
    ),
    "by taking over an account only": (
        lambda: by_another(estate(decision={}, held=False), "CONTROLS", "ServiceAccount"),
        "not_proven",
        "entitlement",
        "another identity",
    ),
    "outside the scope": (
        lambda: estate(decision={}, scope=[{"resource": "vault", "level": "read"}]),
        "not_proven",
        "envelope",
        "outside",
    ),
    "no scope, where one would be stated": (
        lambda: estate(decision={}, scope=None),
        "not_proven",
        "envelope",
        "nobody approved",
    ),
    "no scope, and nobody states any": (
        lambda: estate(decision={}, scope=None, declares=sorted(WITHOUT - {"reviews"})),
        "unknown",
        "envelope",
        "no source",
    ),
    "approved instead of a scope": (
        lambda: reviewed(estate(decision={}, scope=None), "approve"),
        "proven",
        None,
        "",
    ),
    "approved until a day before": (
        lambda: reviewed(estate(decision={}, scope=None), "approve", ends=13),
        "not_proven",
        "envelope",
        "its approval had ended at",
    ),
    "approved by the grant itself": (
        lambda: estate(
            decision={}, scope=None, grant={"reviewed_at": ago(15), "approved_by": "ann"}
        ),
        "proven",
        None,
        "",
    ),
    "approved only later": (
        lambda: reviewed(estate(decision={}, scope=None), "approve", days=5),
        "not_proven",
        "envelope",
        "nobody approved",
    ),
    "approved before it was granted": (
        lambda: reviewed(estate(decision={}, scope=None), "approve", days=30),
        "not_proven",
        "envelope",
        "nobody approved",
    ),
    "approved nobody knows when": (
        lambda: estate(decision={}, scope=None, grant={"approved_by": "ann"}),
        "unknown",
        "envelope",
        "at a time that nobody states",
    ),
    "outside the list of a review of its account": (
        lambda: listing(by_key(estate(decision={}, scope=None, held=False)), "rev1", 14, on="svc"),
        "not_proven",
        "envelope",
        "outside what its last review lists",
    ),
    "revoked by a review": (
        lambda: reviewed(estate(decision={}), "revoke"),
        "not_proven",
        "envelope",
        "revoke",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_missing_or_wrong_gives_the_verdict_and_the_reason(name):
    make, verdict, part, words = CASES[name]
    made = proof(make())
    assert made["verdict"] == verdict, made
    if part is not None:
        gaps = json.dumps([gap for gap in made["gaps"] if gap["part"] == part])
        reasons = f"{made[part]['because']} {gaps}"
        assert words in reasons, reasons


def test_a_proof_names_grant_decision_envelope_and_use():
    made = proof(estate(decision={"approver": "ann", "purpose": "close"}))
    assert made["claim"] == {
        "identity": {"id": "bot", "label": "Agent", "name": "bot"},
        "resource": {"id": "r", "label": "Resource", "name": "r"},
        "level": "read",
        "at": "2026-07-20T10:05:00Z",
        "use": "u2",
    }
    assert made["entitlement"]["grant"]["grant_id"] == "g"
    assert made["entitlement"]["since"] == GRANTED
    assert [step["relationship"] for step in made["entitlement"]["path"]] == ["CAN_ACCESS"]
    assert made["decision"]["id"] == "d1"
    assert made["decision"]["policy"] == {"id": "p", "version": "3", "engine": None}
    assert made["decision"]["justification"]["text"] == "monthly close"
    assert made["envelope"]["scope"] == SCOPE
    now = made["posture_then"]["known_now"]
    assert now["owners"]["business"]["id"] == "ann"
    facts = {(fact["element"], fact["id"]) for fact in made["rests_on"]}
    assert {("Agent", "bot"), ("Resource", "r"), ("DecisionRecord", "d1")} <= facts
    assert ("UseEvent", "u2") in facts


def test_what_could_have_been_done_is_proven_without_a_use():
    """At 10:07 nothing was done; the permission of 10:00 holds for a quarter of an hour."""
    made = estate(decision={})
    in_time = proof(made, pd.Timestamp(at("10:07")))
    assert (in_time["verdict"], in_time["claim"]["use"]) == ("proven", None)
    assert proof(made, pd.Timestamp(at("10:16")))["verdict"] == "not_proven"


def test_without_a_resource_the_use_at_that_instant_is_meant():
    made = estate(decision={})
    assert as_json(prove(made.posture(), "bot", USE)) == proof(made)


def test_of_no_use_or_several_at_once_the_resource_must_be_named():
    made = estate(decision={})
    with pytest.raises(NothingToProve, match="no use"):
        prove(made.posture(), "bot", pd.Timestamp(at("10:06")))
    made.used("10:05", resource="vault")
    with pytest.raises(NothingToProve, match="r, vault"):
        prove(made.posture(), "bot", USE)


@pytest.mark.parametrize("id_", ["a", "z"])
def test_of_uses_at_several_levels_at_once_the_level_must_be_named(id_):
    """One is explained and the other is not: an order of their ids must not choose."""
    made = estate(decision={}).used("10:05", id=id_, level="write")
    with pytest.raises(NothingToProve, match="--level of read, write"):
        prove(made.posture(), "bot", USE, "r")
    with pytest.raises(NothingToProve, match="--level of read, write"):
        prove(made.posture(), "bot", USE)
    assert as_json(prove(made.posture(), "bot", USE, None, "read")) == proof(made)


def test_the_record_that_decides_is_told_from_another_of_the_same_id():
    """Ids are those of a source and scope: another log has its own "d1", of an earlier refusal."""
    other = Log(source="decisions", scope="gateway", declares=["decisions"])
    other.decided("09:00", "deny", action="write", policy_version="1")
    posture = assess(AccessGraph.of(together(estate(decision={}), other)))
    made = as_json(prove(posture, "bot", USE, "r", "read"))
    assert made["verdict"] == "proven"
    assert made["decision"]["policy"]["version"] == "3"
    scopes = [f["scope"] for f in made["rests_on"] if f["element"] == "DecisionRecord"]
    assert scopes == ["acme"]


def test_the_digest_is_of_the_facts_and_of_nothing_else():
    first = proof(estate(decision={}))
    assert proof(estate(decision={})) == first
    assert digest_of(first) == first["digest"]
    other = proof(estate(decision={"justification": "something else"}))
    assert other["digest"] != first["digest"]
    moved = first | {"snapshots": ["000007-00"]}
    assert digest_of(moved) == first["digest"]


def test_only_the_places_of_facts_are_left_out_of_the_digest():
    """A record may have a field of that name: what it says is part of what is proven."""
    first = proof(estate(decision={"posture": '{"snapshot": "s-41", "digest": "d"}'}))
    assert first["decision"]["posture"] == {"snapshot": "s-41", "digest": "d"}
    for name in ("snapshot", "digest"):
        posture = first["decision"]["posture"] | {name: "another"}
        changed = first | {"decision": first["decision"] | {"posture": posture}}
        assert digest_of(changed) != first["digest"], name


def test_a_use_is_found_at_its_very_millisecond():
    """2004-05-21T03:07:02.705Z is a millisecond less if it goes through seconds."""
    moment = "2004-05-21T03:07:02.705Z"
    made = estate(decision=None, granted_at="2004-01-01T00:00:00Z")
    made.used("10:05", at=moment)
    assert proof(made, pd.Timestamp(moment))["claim"]["use"] == "u2"


# -- two snapshots -------------------------------------------------------------------------------


def seen(taken: str, granted_at: str | None = None, granted: bool = True, **facts) -> Log:
    """Build what an export of a day shows of a bot that may read r."""
    made = Log(at=pd.Timestamp(f"2026-{taken}", tz="UTC"), **facts)
    made.agent("bot", declared_scope=SCOPE).resource("r", "confidential")
    if granted:
        made.can("bot", "read", "r", **({"granted_at": granted_at} if granted_at else {}))
    return made.decided("10:00", **SAID).used("10:05")


BEFORE, AFTER = "07-10", "08-01"
BETWEEN, EARLIER = "2026-07-15T00:00:00Z", "2026-07-05T00:00:00Z"
PAIRS = {
    "both show it, without a date": (True, None, True, None, "yes"),
    "gone in the next": (True, None, False, None, "unknown"),
    "in neither": (False, None, False, None, "no"),
    "only in the next, dated in between": (False, None, True, BETWEEN, "yes"),
    "only in the next, without a date": (False, None, True, None, "unknown"),
    "only in the next, dated before the one that lacks it": (False, None, True, EARLIER, "unknown"),
    "only in the next, dated after the instant": (
        False,
        None,
        True,
        "2026-07-25T00:00:00Z",
        "no",
    ),
}


def last(history: History):
    return history.posture(history.infos[-1].id)


@pytest.mark.parametrize("name", PAIRS)
def test_the_snapshots_around_an_instant_decide_together(name):
    first, first_at, second, second_at, state = PAIRS[name]
    history = history_of(seen(BEFORE, first_at, first), seen(AFTER, second_at, second))
    made = as_json(prove(last(history), "bot", USE, "r", "read"))
    assert made["entitlement"]["state"] == state, made["entitlement"]


def test_an_agent_that_is_gone_can_be_asked_about():
    gone = Log(at=pd.Timestamp("2026-08-01", tz="UTC")).resource("r", "confidential")
    made = prove(last(history_of(seen(BEFORE), gone)), "bot", USE, "r", "read")
    assert as_json(made)["entitlement"]["state"] == "unknown"


def test_what_was_known_then_is_what_had_been_recorded_by_then():
    """The export of 10 July came in on the 11th, or, in the twin, only on the 30th."""
    states = seen(BEFORE), seen(AFTER).person("ann").owned("bot", "ann", "ann")
    late = pd.Timestamp("2026-07-30", tz="UTC"), pd.Timestamp("2026-08-02", tz="UTC")
    in_time = pd.Timestamp("2026-07-11", tz="UTC"), late[1]
    for recorded, known in ((in_time, True), (late, False)):
        history = history_of(*states, recorded=recorded)
        made = as_json(prove(last(history), "bot", USE, "r", "read"))
        then = made["posture_then"]["known_then"]
        assert (then is not None) == known
        assert any(gap["part"] == "posture_then" for gap in made["gaps"]) == (not known)


def test_a_proof_of_a_former_snapshot_stays_the_same():
    states = seen(BEFORE), seen(AFTER)
    newer = seen("09-01").decided("10:04", **SAID)
    history, longer = history_of(*states), history_of(*states, newer)
    earlier = longer.posture(longer.infos[1].id)
    first = as_json(prove(last(history), "bot", USE, "r", "read"))
    assert as_json(prove(earlier, "bot", USE, "r", "read")) == first
    assert as_json(prove(last(longer), "bot", USE, "r", "read"))["decision"]["id"] == "d3"
