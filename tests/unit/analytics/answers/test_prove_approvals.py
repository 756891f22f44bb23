"""A proof says of an approval who gave it, and from when until when it holds."""

import pandas as pd
import pytest

from analytics.answers.assurance import assurance
from analytics.answers.lineage import lineage
from analytics.answers.prove import prove
from analytics.answers.reviews import reviews
from analytics.answers.table import as_json
from graph.schema import COVERS, REVIEW
from tests.support.estates.decision_log import Log, at
from tests.support.estates.rule_findings import found
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.histories.small_history import history_of


@pytest.mark.parametrize("ends", [None, ago(13), ago(-30)])
def test_a_proof_says_until_when_an_approval_holds(ends: str | None) -> None:
    made = Estate().agent("bot").resource("r", "confidential").can("bot", "read", "r")
    made.add(REVIEW, id="rev", decision="approve", decided_at=ago(15), decided_by="ann",
             expires_at=ends)  # fmt: skip
    made.add(COVERS, source_id="rev", target_id="bot")
    proof = as_json(prove(made.posture(), "bot", AS_OF, "r", "read"))
    (approval,) = proof["envelope"]["approved_by"]
    assert approval == {
        "on": "identity",
        "by": "ann",
        "at": ago(15),
        "expires_at": ends,
        "id": "rev",
    }


def revoked(days: float, **grant: str) -> Estate:
    """Build a bot with a scope whose grant of 20 days ago somebody revoked so many days ago."""
    made = Estate().agent("bot", declared_scope=[{"resource": "r", "level": "read"}])
    made.resource("r", "confidential").can("bot", "read", "r", granted_at=ago(20), **grant)
    made.add(REVIEW, id="rev", decision="revoke", decided_at=ago(days), decided_by="ann")
    return made.add(COVERS, source_id="rev", target_id="bot")


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (revoked(15), "no"),
        (revoked(30), "yes"),
        (revoked(15, reviewed_at=ago(10)), "yes"),
        (revoked(15, reviewed_at=ago(18)), "no"),
    ],
    ids=["after the grant", "before it", "approved since", "approved before"],
)
def test_access_is_revoked_where_that_is_the_last_decision_on_its_grant(
    made: Estate, state: str
) -> None:
    """As for debt and REV-02: what was granted or approved later is not what was revoked."""
    posture = made.posture()
    assert as_json(prove(posture, "bot", AS_OF, "r", "read"))["envelope"]["state"] == state
    assert bool(found(posture, "REV-02")) == (state == "no")


def allowed() -> Log:
    """Build a bot that was allowed to read r, and read it, on 20 July, within no declared scope."""
    made = Log().agent("bot").resource("r", "confidential")
    return made.decided("10:00", policy_version="3", justification="close").used("10:05")


APPROVED = {"reviewed_at": ago(16), "approved_by": "ann"}
OVER = {
    "its term was over": {"expires_at": ago(40)},
    "its task was over": {"task_ended_at": ago(40)},
    "nobody approved it": {},
    "it was revoked": {},
}


@pytest.mark.parametrize("name", OVER)
@pytest.mark.parametrize("reverse", [False, True])
def test_of_two_grants_of_the_same_access_the_approved_one_proves_it(
    name: str, reverse: bool
) -> None:
    stated = {} if name == "nobody approved it" else {"reviewed_at": ago(55)}
    grants = {"old": {"granted_at": ago(60), **stated, **OVER[name]},
              "new": {"granted_at": ago(18), **APPROVED}}  # fmt: skip
    made = allowed()
    for grant in sorted(grants, reverse=reverse):
        made.can("bot", "read", "r", grant_id=grant, **grants[grant])
    if name == "it was revoked":
        made.add(REVIEW, id="rev", decision="revoke", decided_at=ago(40))
        made.add(COVERS, source_id="rev", target_id="bot", grant_id="old")
    proof = as_json(prove(made.posture(), "bot", pd.Timestamp(at("10:05"))))
    assert proof["verdict"] == "proven", proof["envelope"]
    assert proof["entitlement"]["grant"]["grant_id"] == "new"


def test_of_two_grants_alike_the_older_one_is_named() -> None:
    made = allowed()
    made.can("bot", "read", "r", grant_id="new", granted_at=ago(18), **APPROVED)
    made.can("bot", "read", "r", grant_id="old", granted_at=ago(19), **APPROVED)
    proof = as_json(prove(made.posture(), "bot", pd.Timestamp(at("10:05"))))
    assert (proof["verdict"], proof["entitlement"]["grant"]["grant_id"]) == ("proven", "old")


@pytest.mark.parametrize(("granted", "verdict"), [(14, "proven"), (11, "not_proven")])
def test_a_grant_renewed_between_two_readings_proves_what_came_after(
    granted: float, verdict: str
) -> None:
    """The use was 12 days ago; the reading before it shows the grant whose term was over."""
    history = history_of(_read_at(15, granted), _read_at(0, granted))
    posture = history.posture(history.infos[-1].id)
    assert as_json(prove(posture, "bot", pd.Timestamp(at("10:05"))))["verdict"] == verdict


def _read_at(days: float, granted: float) -> Log:
    made = allowed()
    made.at = pd.Timestamp(ago(days))
    made.can("bot", "read", "r", grant_id="old", granted_at=ago(60), reviewed_at=ago(55),
             expires_at=ago(16))  # fmt: skip
    if days < granted:
        made.can("bot", "read", "r", grant_id="new", granted_at=ago(granted),
                 reviewed_at=ago(granted), approved_by="ann")  # fmt: skip
    return made


def by_itself(by: str, how: str, listed: bool = False) -> Estate:
    """Build a bot with a grant that `by` approved, in a review or with the grant."""
    made = Estate().person("ann").agent("bot", "parent").resource("r", "confidential")
    made.link("parent", "SPAWNS", "bot")
    stated = {"reviewed_at": ago(10), "approved_by": by} if how == "grant" else {}
    made.can("bot", "read", "r", granted_at=ago(200), **stated)
    if how == "review":
        lists = [{"resource": "r", "level": "read"}] if listed else None
        made.add(
            REVIEW, id="rev", decision="approve", decided_at=ago(10), decided_by=by, baseline=lists
        )
        made.add(COVERS, source_id="rev", target_id="bot")
    return made


@pytest.mark.parametrize("how", ["review", "grant"])
@pytest.mark.parametrize(("by", "approved"), [("ann", True), ("bot", False)])
def test_nothing_approves_its_own_access(how: str, by: str, approved: bool) -> None:
    """By no command: not a proof, not the lineage, and the grant is still to be reviewed."""
    posture = by_itself(by, how).posture()
    envelope = as_json(prove(posture, "bot", AS_OF, "r", "read"))["envelope"]
    assert (envelope["state"] == "yes", bool(envelope["approved_by"])) == (approved, approved)
    (widening,) = as_json(lineage(posture))["widenings"]
    assert widening["approved"] is approved
    packets = [row["identity"]["id"] for row in as_json(reviews(posture))["packets"]]
    assert packets == ([] if approved else ["bot"])


@pytest.mark.parametrize(("by", "verdict"), [("ann", "proven"), ("bot", "not_proven")])
def test_a_list_that_something_approved_for_itself_is_no_boundary(by: str, verdict: str) -> None:
    posture = by_itself(by, "review", listed=True).posture()
    (row,) = as_json(assurance(posture, about=posture.graph.number("bot")))["statements"]
    (boundary,) = (claim for claim in row["claims"] if claim["claim"] == "boundary")
    assert boundary["verdict"] == verdict
