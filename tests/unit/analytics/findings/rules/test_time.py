"""The rules about time and review, each on what it is for and on near misses."""

import pandas as pd
import pytest

from tests.support.estates.rule_findings import Beside, facts, found, ms
from tests.support.estates.small_estates import AS_OF, Estate, ago


def bot(**more) -> Estate:
    """State a plain agent, of alpha 1, that runs as an account."""
    e = Estate().agent("bot", kind="workload", **more).account("svc").link("bot", "RUNS_AS", "svc")
    return e.resource("s3:x", "confidential").resource("db:y", "restricted")


# -- TIM-01 ----------------------------------------------------------------------------------------


def test_standing_access_is_one_finding_with_the_heaviest_grant():
    e = bot().can("svc", "read", "s3:x", granted_at=ago(300), telemetry="true")
    e.can("svc", "write", "db:y", granted_at=ago(200), telemetry="true")
    e.can("svc", "write", "s3:x", grant_id="ends", expires_at=ago(-9))
    e.can("svc", "read", "db:y", grant_id="jit", eligible="true")
    posture = e.posture()
    (one,) = found(posture, "TIM-01")
    assert (one.subject, one.object, one.since) == ("bot", "", ms(300))
    assert one.severity == "high"  # 8 / 12 * 90 = 60
    assert one.sentence.startswith("2 grants of bot have no end, the heaviest to write db:y")
    assert len(one.evidence) == 2


def reader(facts) -> Estate:
    return bot().can("svc", "read", "s3:x", **facts)


STANDING: list[dict[str, str]] = [{}]
ENDING = [{"expires_at": ago(-1)}, {"expires_at": ago(1)}, {"eligible": "true"}]
ENDING += [{"valid_to": ago(1)}]
ENDINGS = Beside(STANDING + ENDING, reader)


@pytest.mark.parametrize("facts", ENDING)
def test_what_ends_or_must_be_activated_does_not_stand(facts):
    assert ENDINGS.found(facts, "TIM-01") == []
    assert len(ENDINGS.found(STANDING[0], "TIM-01")) == 1


def test_access_over_a_role_that_must_be_activated_does_not_stand():
    e = bot().thing("Role", "role").link("svc", "ASSUMES", "role", eligible="true")
    assert found(e.can("role", "read", "s3:x"), "TIM-01") == []


def test_it_says_whether_just_in_time_access_would_fit():
    def told(provider, purpose="close", **more):
        e = Estate().agent("bot", kind="workload", purpose=purpose, provider=provider)
        e.resource("db:y", "restricted")
        return found(e.can("bot", "write", "db:y", granted_at=ago(400), **more), "TIM-01")[0]

    seldom = {"last_used_at": {"write": ago(3)}}
    fits = told("aws", **seldom)
    assert "just-in-time access fits (99 of 100)" in fits.sentence  # 1 of 90 days
    assert fits.remedy == "Let the access of bot to db:y be activated when it is needed."
    assert "less well (49 of 100): taking it back" in told("github", **seldom).sentence
    assert "less well (49 of 100): no task or purpose" in told("aws", None, **seldom).sentence
    assert "unknown, as nobody would see" in told("aws", telemetry="false").sentence


# -- TIM-02 ----------------------------------------------------------------------------------------


OUTLIVED = [
    ({"expires_at": ago(4)}, 4, "it expired"),
    ({"expires_at": ago(0)}, 0, "it expired"),
    ({"task_ended_at": ago(4), "task_id": "T-1"}, 4, "the task T-1 ended"),
    ({"task_ended_at": ago(4), "expires_at": ago(-9)}, 4, "its task ended"),
    ({"task_ended_at": ago(4), "expires_at": ago(6)}, 6, "it expired"),
    ({"expires_at": ago(4), "eligible": "true"}, 4, "it expired"),
]
IN_TIME = [{}, {"expires_at": ago(-1)}, {"task_ended_at": ago(-1)}, {"valid_to": ago(3)}]
ENDS = Beside([facts for facts, *_ in OUTLIVED] + IN_TIME, reader)


@pytest.mark.parametrize(("facts", "since", "why"), OUTLIVED)
def test_a_grant_that_outlived_its_end(facts, since, why):
    (one,) = ENDS.found(facts, "TIM-02")
    assert (one.subject, one.object, one.since) == ("bot", "s3:x", ms(since))
    assert one.severity == "medium"  # 1 * 10
    assert why in one.sentence
    assert one.remedy.startswith("Revoke read on s3:x from svc now")


@pytest.mark.parametrize("facts", IN_TIME)
def test_a_grant_in_its_time(facts):
    assert ENDS.found(facts, "TIM-02") == []


def test_it_is_found_from_the_day_on():
    e = bot().can("svc", "read", "s3:x", expires_at=ago(4))
    assert found(e.posture(AS_OF - pd.Timedelta(days=5)), "TIM-02") == []
    assert len(found(e.posture(AS_OF - pd.Timedelta(days=4)), "TIM-02")) == 1


def test_an_agent_that_outlived_itself():
    e = bot(expires_at=ago(8)).can("svc", "write", "db:y", expires_at=ago(-9))
    (one,) = found(e, "TIM-02")
    assert (one.subject, one.object, one.since, one.severity) == ("bot", "", ms(8), "critical")
    assert found(bot(expires_at=ago(-8)), "TIM-02") == []
    assert found(bot(expires_at=ago(8), status="retired"), "TIM-02") == []


def test_two_grants_on_one_resource_are_two_findings():
    e = bot().can("svc", "read", "s3:x", grant_id="a", expires_at=ago(4))
    both = found(e.can("svc", "read", "s3:x", grant_id="b", expires_at=ago(5)), "TIM-02")
    assert len({f.id for f in both}) == 2
    alone = bot().can("svc", "read", "s3:x", grant_id="b", expires_at=ago(5))
    assert {f.id for f in found(alone, "TIM-02")} < {f.id for f in both}


# -- TIM-03 ----------------------------------------------------------------------------------------


def keyed(key=None, **more) -> Estate:
    e = bot(**more).thing("Credential", "key", **(key or {}))
    return e.link("bot", "USES", "key").link("key", "AUTHENTICATES_AS", "svc")


@pytest.mark.parametrize("days", [46, 45.5])
def test_dormant_with_a_live_credential(days):
    posture = keyed(last_active_at=ago(days)).can("svc", "read", "db:y").posture()
    (one,) = found(posture, "TIM-03")
    assert (one.subject, one.since, one.severity) == ("bot", ms(days - 45), "medium")  # 22.5
    assert one.evidence == (facts(posture, "USES")["bot", "key"],)


def test_never_seen_counts_from_its_creation_where_use_is_seen():
    (one,) = found(keyed(created_at=ago(100)), "TIM-03")
    assert one.since == ms(55)
    assert "was not seen to act since it was made on" in one.sentence
    (seen,) = found(keyed(created_at=ago(100), last_active_at=ago(60)), "TIM-03")
    assert "has not acted since" in seen.sentence
    e = keyed(created_at=ago(100))
    e.declares = ("grants", "credentials")
    assert found(e, "TIM-03") == []


DORMANT = keyed(last_active_at=ago(46))
NOT_DORMANT = {
    "awake": keyed(last_active_at=ago(45)),
    "disabled": keyed(last_active_at=ago(400), status="disabled"),
    "key revoked": keyed({"status": "revoked"}, last_active_at=ago(400)),
    "key expired": keyed({"expires_at": ago(1)}, last_active_at=ago(400)),
    "no key": bot(last_active_at=ago(400)),
    "nobody says": keyed(),
}
SLEEPERS = Beside([DORMANT, *NOT_DORMANT.values()])


@pytest.mark.parametrize("estate", NOT_DORMANT.values(), ids=NOT_DORMANT)
def test_not_dormant_and_credentialed(estate):
    assert SLEEPERS.found(estate, "TIM-03") == []
    assert len(SLEEPERS.found(DORMANT, "TIM-03")) == 1


def test_an_account_of_its_own_can_be_dormant():
    e = Estate().account("svc", last_used_at=ago(60)).thing("Credential", "a", "b")
    e.link("a", "AUTHENTICATES_AS", "svc").link("b", "AUTHENTICATES_AS", "svc")
    (one,) = found(e, "TIM-03")
    assert (one.subject, len(one.evidence)) == ("svc", 2)
    assert "2 credentials of it still open" in one.sentence


# -- REV-01 ----------------------------------------------------------------------------------------


def reviewed(e: Estate, days: float, what="svc", decision="approve", **more) -> Estate:
    name = f"review-{len(e.rows)}-{days}-{what}"
    e.thing("Review", name, decision=decision, decided_at=ago(days), decided_by="ann")
    return e.link(name, "COVERS", what, **more)


def held(**more) -> Estate:
    return bot().person("ann").can("svc", "read", "s3:x", **{"granted_at": ago(300), **more})


OVERDUE = [
    (held(), 300),
    (held(granted_at=ago(91)), 91),
    (held(reviewed_at=ago(120)), 120),
    (reviewed(held(), 100), 100),
    (reviewed(held(grant_id="g"), 100, grant_id="g"), 100),
    (reviewed(held(grant_id="g"), 10, grant_id="h"), 300),  # of another grant
    (reviewed(held(), 10, decision="modify"), 300),
    (reviewed(held(), -10), 300),  # still to come
]
IN_TIME_REVIEWED = [
    held(granted_at=ago(90)),
    held(reviewed_at=ago(90)),
    reviewed(held(), 90, "bot"),
    reviewed(held(), 90, "svc"),
    reviewed(held(grant_id="g"), 90, grant_id="g"),
]
REVIEWS = Beside([estate for estate, _ in OVERDUE] + IN_TIME_REVIEWED)


@pytest.mark.parametrize(("estate", "since"), OVERDUE)
def test_overdue_for_review(estate, since):
    (one,) = REVIEWS.found(estate, "REV-01")
    assert (one.subject, one.since) == ("bot", ms(since - 90))
    assert one.severity == "low"  # 0.75 * 10
    assert "The one grant of bot is overdue" in one.sentence


@pytest.mark.parametrize("estate", IN_TIME_REVIEWED)
def test_reviewed_in_time(estate):
    assert REVIEWS.found(estate, "REV-01") == []


@pytest.mark.parametrize(("ends", "over"), [(10, True), (0, True), (-1, False), (None, False)])
def test_an_approval_that_has_ended_covers_nothing(ends, over):
    e = held(granted_at=ago(300))
    e.thing("Review", "r", decision="approve", decided_at=ago(60),
            expires_at=None if ends is None else ago(ends)).link("r", "COVERS", "bot")  # fmt: skip
    rows = found(e, "REV-01")
    assert [row.since for row in rows] == ([ms(ends)] if over else [])
    assert all(f"approved since {ago(ends)[:10]}." in row.sentence for row in rows)


def test_part_of_the_grants_is_overdue():
    e = held().can("svc", "write", "db:y", granted_at=ago(20))
    (one,) = found(e, "REV-01")
    assert "1 of the 2 grants of bot is overdue" in one.sentence
    (one,) = found(e.posture(AS_OF + pd.Timedelta(days=100)), "REV-01")
    assert "All 2 grants of bot are overdue for review, the heaviest to write db:y" in one.sentence
    assert (one.since, one.severity) == (ms(210), "high")


def test_where_nobody_declares_reviews_nothing_is_overdue():
    e = held()
    e.declares = ("grants",)
    assert found(e, "REV-01") == []


# -- REV-02 ----------------------------------------------------------------------------------------


REVOKED = {
    "the grant": reviewed(held(grant_id="g"), 7, grant_id="g", decision="revoke"),
    "its holder": reviewed(held(), 7, decision="revoke"),
    "the identity": reviewed(held(), 7, "bot", decision="revoke"),
    "approved before": reviewed(reviewed(held(), 30), 7, decision="revoke"),
    "its source says approved before": reviewed(held(reviewed_at=ago(30)), 7, decision="revoke"),
    "its source says approved at once": reviewed(held(reviewed_at=ago(7)), 7, decision="revoke"),
    "its source says approved later": reviewed(held(reviewed_at=ago(-3)), 7, decision="revoke"),
    "granted at once": reviewed(held(granted_at=ago(7)), 7, decision="revoke"),
    "granted nobody says when": reviewed(held(granted_at=None), 7, decision="revoke"),
}
NOT_OPEN = {
    "no decision": held(),
    "approved since": reviewed(reviewed(held(), 7, decision="revoke"), 3),
    # interface.md 3: `reviewed_at` counts as the latest approving Review of the grant does
    "its source says approved since": reviewed(held(reviewed_at=ago(3)), 7, decision="revoke"),
    "carried out": reviewed(held(valid_to=ago(6)), 7, decision="revoke"),
    "another grant": reviewed(held(grant_id="g"), 7, grant_id="h", decision="revoke"),
    "still to come": reviewed(held(), -7, decision="revoke"),
    # decision 0013: it ends what was there at its time
    "the grant is made since": reviewed(
        held(grant_id="g", granted_at=ago(5)), 7, grant_id="g", decision="revoke"
    ),
    "granted to its holder since": reviewed(held(granted_at=ago(5)), 7, decision="revoke"),
    "granted to the identity since": reviewed(held(granted_at=ago(5)), 7, "bot", decision="revoke"),
}
DECISIONS = Beside([*REVOKED.values(), *NOT_OPEN.values()])


@pytest.mark.parametrize("estate", REVOKED.values(), ids=REVOKED)
def test_a_revocation_that_nobody_carried_out(estate):
    (one,) = DECISIONS.found(estate, "REV-02")
    assert (one.subject, one.object, one.since) == ("bot", "s3:x", ms(7))
    assert one.severity == "medium"  # 1 * 10
    assert "though ann decided on 2026-07-25 to take it away" in one.sentence


def test_who_revoked_a_grant_is_who_decided_on_this_one():
    """Two people decide on the same day, each on another grant of the account."""
    e = held(grant_id="g").resource("s3:y", "internal").person("bob")
    e.can("svc", "read", "s3:y", grant_id="h", granted_at=ago(300))
    for who, grant in (("ann", "g"), ("bob", "h")):
        e.thing("Review", f"by-{who}", decision="revoke", decided_at=ago(7), decided_by=who)
        e.link(f"by-{who}", "COVERS", "svc", grant_id=grant)
    said = {one.object: one.sentence for one in found(e, "REV-02")}
    assert "though ann decided" in said["s3:x"]
    assert "though bob decided" in said["s3:y"]


@pytest.mark.parametrize("estate", NOT_OPEN.values(), ids=NOT_OPEN)
def test_no_revocation_is_open(estate):
    assert DECISIONS.found(estate, "REV-02") == []
