"""What is proven of an identity, what is not, and what nobody knows: worked out by hand."""

import pandas as pd
import pytest

from analytics.figures.claims import all_claims
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.schema import DECISION_RECORD, USE_EVENT
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.printed import assurance

MINUTE = 1 / 1440
CLAIMS = ["owner", "purpose", "boundary", "expiry", "review", "revocation", "evidence"]


def good(e: Estate) -> Estate:
    """State an agent of which every claim holds: one grant, one use that a decision explains."""
    e.agent("good", purpose="closes the books", declared_scope=[{"resource": "r", "level": "read"}])
    e.owned("good", "ann", "bob")
    e.can("good", "read", "r", id="g", granted_at=ago(200), expires_at=ago(-30), telemetry="true",
          reviewed_at=ago(10), approved_by="ann", last_used_at={"read": ago(1)})  # fmt: skip
    use = {"principal": "good", "resource": "r", "level": "read", "outcome": "success"}
    e.add(USE_EVENT, id="u", at=ago(1), **use)
    asked = {"subject": "good", "resource": "r", "action": "read", "policy_id": "p"}
    return e.add(DECISION_RECORD, id="d", at=ago(1 + 5 * MINUTE), decision="allow", **asked)


def bad(e: Estate) -> Estate:
    """State an agent of which each claim fails once; its owner left, its key is past its end."""
    e.agent("bad").owned("bad", "zed")
    e.can("bad", "read", "r", id="b", granted_at=ago(200), telemetry="true")
    e.thing("Credential", "key", expires_at=ago(5)).link("bad", "USES", "key")
    use = {"principal": "bad", "resource": "r", "level": "read", "outcome": "success"}
    return e.add(USE_EVENT, id="v", at=ago(2), **use)


def people() -> Estate:
    return Estate().person("ann", "bob").person("zed", left=ago(35)).resource("r", "confidential")


@pytest.fixture(scope="module")
def posture() -> Posture:
    known = bad(good(people()))
    dim = Estate(AS_OF - pd.Timedelta(days=3), ("inventory",), "other", "s2").agent("dim")
    return assess(AccessGraph.of(together(known, dim)))


def statement(posture: Posture, name: str) -> dict:
    (row,) = assurance(posture, posture.graph.number(name))["statements"]
    return row


def counts(row: dict) -> dict[str, tuple[int, int, int]]:
    return {c["claim"]: (c["kept"], c["failing"], c["unknown"]) for c in row["claims"]}


def test_the_claims_are_those_of_a_statement_in_this_order(posture):
    assert list(all_claims()) == CLAIMS
    assert [c["claim"] for c in statement(posture, "good")["claims"]] == CLAIMS


def test_everything_is_proven_with_the_facts_it_rests_on(posture):
    row = statement(posture, "good")
    assert (row["proven"], row["not_proven"], row["unknown"]) == (7, 0, 0)
    assert counts(row) == dict.fromkeys(CLAIMS, (1, 0, 0)) | {"owner": (2, 0, 0)}
    facts = {c["claim"]: c["facts"] for c in row["claims"]}
    assert facts["purpose"] == facts["boundary"] == ["good"]
    assert facts["expiry"] == facts["review"] == facts["revocation"] == ["g"]
    assert facts["evidence"] == ["d", "u"]
    assert len(facts["owner"]) == 2
    assert {c["settled_by"] for c in row["claims"]} == {None}


def test_what_fails_is_not_proven_and_says_what_would_prove_it(posture):
    row = statement(posture, "bad")
    assert (row["proven"], row["not_proven"], row["unknown"]) == (0, 7, 0)
    assert counts(row) == {
        "owner": (0, 2, 0),
        "purpose": (0, 1, 0),
        "boundary": (0, 1, 0),
        "expiry": (0, 1, 0),
        "review": (0, 1, 0),
        "revocation": (1, 1, 0),  # its access has no end to be past of; its key has
        "evidence": (0, 1, 0),
    }
    facts = {c["claim"]: c["facts"] for c in row["claims"]}
    assert facts["expiry"] == facts["review"] == ["b"]
    assert (facts["revocation"], facts["evidence"]) == (["key"], ["v"])
    assert all(c["settled_by"] for c in row["claims"])
    assert "no active business owner" in row["claims"][0]["because"]


def test_what_no_source_could_have_stated_is_unknown_and_names_the_sources(posture):
    row = statement(posture, "dim")
    assert (row["proven"], row["not_proven"], row["unknown"]) == (0, 0, 7)
    settled = {c["claim"]: c["settled_by"] for c in row["claims"]}
    assert "declares owners (" in settled["owner"]
    assert "usage (" in settled["evidence"]
    assert "decisions (" in settled["evidence"]


def test_the_age_is_that_of_the_last_read_that_covers_the_identity():
    known = good(people())
    older = Estate(AS_OF - pd.Timedelta(days=3), ("owners",), "hr", "s").agent("old", "good")
    log = Estate(AS_OF - pd.Timedelta(days=1), ("usage",), "log", "l").agent("old")
    posture = assess(AccessGraph.of(together(known, older, log)))
    rows = {r["id"]: r for r in assurance(posture)["statements"]}
    assert (rows["good"]["evaluation_age_days"], rows["good"]["evaluated_at"]) == (0.0, ago(0))
    assert (rows["old"]["evaluation_age_days"], rows["old"]["evaluated_at"]) == (3.0, ago(3))


def test_without_such_a_read_the_age_is_not_known():
    seen = Estate(declares=("usage",), source="log", scope="l").agent("seen")
    row = statement(seen.posture(), "seen")
    assert (row["evaluated_at"], row["evaluation_age_days"]) == (None, None)


def test_before_a_read_it_is_not_known_when_there_was_one():
    e = Estate().agent("a", created_at=ago(90))
    row = statement(e.posture(AS_OF - pd.Timedelta(days=9)), "a")
    assert (row["evaluated_at"], row["evaluation_age_days"]) == (None, None)


def test_least_proven_first_with_totals_by_claim_and_what_is_left_out(posture):
    every = assurance(posture)
    assert [r["id"] for r in every["statements"]] == ["bad", "dim", "good"]
    assert set(every["by_claim"]) == set(CLAIMS)
    thirds = {"proven": 1, "not_proven": 1, "unknown": 1, "of": 3}
    assert all(each == thirds for each in every["by_claim"].values())
    cut = assurance(posture, limit=1)
    assert ([r["id"] for r in cut["statements"]], cut["left_out"]) == (["bad"], 2)
    assert cut["by_claim"] == every["by_claim"]


def test_a_role_has_no_scope_that_could_prove_its_boundary():
    e = people().thing("Role", "role").resource("lambda", type="service")
    e.link("role", "TRUSTS", "lambda").can("role", "read", "r", id="g")
    claims = {c["claim"]: c for c in statement(e.posture(), "role")["claims"]}
    assert claims["boundary"]["verdict"] == "unknown"
    assert claims["boundary"]["settled_by"] == "A review that lists what it is approved for."


def test_what_a_review_approved_is_the_scope_of_a_role():
    """Of reading `r` and writing `s` the review lists the first; then both."""
    e = people().thing("Role", "role").resource("lambda", type="service").resource("s")
    e.link("role", "TRUSTS", "lambda").can("role", "read", "r", id="g").can("role", "write", "s")
    approved = [{"resource": "r", "level": "read"}]
    e.thing("Review", "v", decision="approve", decided_at=ago(9), baseline=approved)
    e.link("v", "COVERS", "role")
    assert verdicts(e, "role", "boundary") == ("not_proven", 1, 1, 0)
    both = [*approved, {"resource": "s", "levels": ["read", "write"]}]
    e.thing("Review", "w", decision="approve", decided_at=ago(8), baseline=both)
    assert verdicts(e.link("w", "COVERS", "role"), "role", "boundary") == ("proven", 2, 0, 0)
    (claim,) = [c for c in statement(e.posture(), "role")["claims"] if c["claim"] == "boundary"]
    assert (claim["facts"], claim["settled_by"]) == (["w"], None)


def test_an_approval_of_long_ago_is_no_fact_of_the_review():
    e = people().agent("bot").can("bot", "read", "r", id="g", granted_at=ago(300))
    for name, days in (("new", 9), ("old", 91)):
        e.thing("Review", name, decision="approve", decided_at=ago(days)).link(
            name, "COVERS", "bot"
        )
    (claim,) = [c for c in statement(e.posture(), "bot")["claims"] if c["claim"] == "review"]
    assert (claim["verdict"], claim["facts"]) == ("proven", ["g", "new"])


def test_a_use_beyond_what_a_review_approved_disproves_the_boundary():
    """The log shows a use of `s` that no grant is known for; a part of `r` is within `r`."""
    e = people().thing("Role", "role").resource("lambda", type="service").resource("s")
    e.link("role", "TRUSTS", "lambda").can("role", "read", "r", id="g")
    approved = [{"resource": "r", "level": "read"}]
    e.thing("Review", "v", decision="approve", decided_at=ago(9), baseline=approved)
    e.link("v", "COVERS", "role").resource("r/part", "internal", parent_id="r")
    e.add(USE_EVENT, id="w", at=ago(3), principal="role", resource="r/part", level="read")
    assert verdicts(e, "role", "boundary") == ("proven", 1, 0, 0)
    e.add(USE_EVENT, id="x", at=ago(3), principal="role", resource="s", level="read")
    assert verdicts(e, "role", "boundary") == ("not_proven", 1, 1, 0)


def test_a_use_beyond_the_scope_disproves_the_boundary():
    e = good(people()).resource("s", "internal")
    e.add(USE_EVENT, id="w", at=ago(3), principal="good", resource="s", level="read")
    claims = {c["claim"]: c for c in statement(e.posture(), "good")["claims"]}
    assert (claims["boundary"]["verdict"], claims["boundary"]["facts"]) == ("not_proven", ["w"])


def test_a_claim_whose_use_nobody_could_see_is_unknown_and_not_kept():
    e = people().agent("quiet").can("quiet", "read", "r", telemetry="false", granted_at=ago(9))
    claims = {c["claim"]: c for c in statement(e.posture(), "quiet")["claims"]}
    assert claims["evidence"]["verdict"] == "unknown"
    assert "could have been seen" in claims["evidence"]["because"]
    assert claims["evidence"]["settled_by"].startswith("A log that shows each use")  # not a source


def test_how_long_changes_of_access_wait_for_a_decision():
    """Of three grants one was approved after 4 days, one waits for 30 days, one is of long ago."""
    e = people().agent("busy").resource("s").resource("t")
    e.can("busy", "read", "r", granted_at=ago(20), reviewed_at=ago(16), approved_by="ann")
    e.can("busy", "read", "s", granted_at=ago(30)).can("busy", "read", "t", granted_at=ago(400))
    assert statement(e.agent("new").posture(), "busy")["changes"] == {
        "count": 2,
        "decided": 1,
        "median_days": 4.0,
        "longest_open_days": 30.0,
    }
    assert statement(e.posture(), "new")["changes"]["count"] == 0
    assert statement(e.posture(), "new")["changes"]["median_days"] is None


def test_a_grant_that_two_agents_have_is_a_change_of_both():
    """Both take one role, granted something 30 days ago; one of them was reviewed since."""
    e = people().agent("one", "two").thing("Role", "role")
    e.link("one", "ASSUMES", "role").link("two", "ASSUMES", "role")
    e.can("role", "read", "r", granted_at=ago(30))
    e.thing("Review", "v", decision="approve", decided_at=ago(23)).link("v", "COVERS", "two")
    waits = {"count": 1, "decided": 0, "median_days": None, "longest_open_days": 30.0}
    taken = {"count": 1, "decided": 1, "median_days": 7.0, "longest_open_days": None}
    assert statement(e.posture(), "one")["changes"] == waits
    assert statement(e.posture(), "two")["changes"] == taken


def verdicts(e: Estate, name: str, claim: str) -> tuple[str, int, int, int]:
    row = statement(e.posture(), name)
    (each,) = [c for c in row["claims"] if c["claim"] == claim]
    return each["verdict"], each["kept"], each["failing"], each["unknown"]


def test_what_nobody_classified_may_be_sensitive():
    e = people().agent("bot").resource("bare").resource("wiki", "internal")
    e.add(USE_EVENT, id="w", at=ago(3), principal="bot", resource="wiki", level="read")
    assert verdicts(e, "bot", "evidence") == ("proven", 0, 0, 0)
    e.add(USE_EVENT, id="x", at=ago(2), principal="bot", resource="bare", level="read")
    assert verdicts(e, "bot", "evidence") == ("unknown", 0, 0, 1)


def test_access_to_what_nobody_classified_that_nobody_watches_is_unknown():
    e = people().agent("bot").resource("bare")
    watched = e.can("bot", "read", "bare", telemetry="true")
    assert verdicts(watched, "bot", "evidence") == ("proven", 0, 0, 0)
    e.agent("cat").can("cat", "read", "bare", telemetry="false")
    assert verdicts(e, "cat", "evidence") == ("unknown", 0, 0, 1)


@pytest.mark.parametrize("kind", ["usage", "decisions"])
def test_no_sensitive_use_proves_nothing_where_none_would_be_recorded(kind):
    e = people().agent("bot")
    e.declares = tuple(each for each in e.declares if each != kind)
    assert verdicts(e, "bot", "evidence")[0] == "unknown"


def test_an_agent_past_its_own_end_disproves_its_revocation():
    e = people().agent("late", expires_at=ago(2)).agent("soon", expires_at=ago(-2))
    assert verdicts(e, "late", "revocation") == ("not_proven", 0, 1, 0)
    assert verdicts(e, "soon", "revocation") == ("proven", 0, 0, 0)


@pytest.mark.parametrize(
    ("key", "failing", "words"),
    [
        ({}, 0, "0 of 1 credential are alive past their end."),
        ({"status": "leaked"}, 1, "past their end; alive though leaked: 1 credential."),
        ({"status": "leaked", "expires_at": ago(3)}, 1, "1 of 1 credential are alive past"),
        ({"status": "leaked", "expires_at": ago(-3)}, 1, "0 of 1 credential are alive past"),
        ({"status": "revoked", "status_at": ago(2)}, 0, "0 of 0 credentials are alive past"),
    ],
)
def test_a_leaked_credential_that_is_alive_was_to_end(key: dict, failing: int, words: str) -> None:
    e = people().agent("bot").thing("Credential", "key", **key).link("bot", "USES", "key")
    claims = {c["claim"]: c for c in statement(e.posture(), "bot")["claims"]}
    claim = claims["revocation"]
    assert (claim["failing"], words in claim["because"]) == (failing, True), claim["because"]
    assert claim["facts"] == ([] if key.get("status") == "revoked" else ["key"])


@pytest.mark.parametrize(
    ("ends", "second", "verdict"),
    [
        (None, None, "proven"),
        (-5, None, "proven"),
        (0, None, "not_proven"),
        (5, None, "not_proven"),
        (None, ("revoke", 3), "not_proven"),
        (None, ("revoke", 20), "proven"),
        (5, ("approve", 20), "proven"),
    ],
)
def test_an_approval_that_has_ended_or_was_revoked_is_no_boundary(
    ends: float | None, second: tuple[str, float] | None, verdict: str
) -> None:
    """Ten days ago a review listed what the bot may do; another one, with the same, had no end."""
    e = people().agent("bot").can("bot", "read", "r", id="g", granted_at=ago(30))
    listed = [{"resource": "r", "level": "read"}]
    made = [("approve", 10, ends), (*second, None)] if second else [("approve", 10, ends)]
    for decision, days, end in made:
        dates = {"decided_at": ago(days), "expires_at": None if end is None else ago(end)}
        e.thing("Review", f"{decision}-{days}", decision=decision, baseline=listed, **dates)
        e.link(f"{decision}-{days}", "COVERS", "bot")
    claims = {c["claim"]: c for c in statement(e.posture(), "bot")["claims"]}
    assert claims["boundary"]["verdict"] == verdict, claims["boundary"]["because"]
    if verdict == "not_proven":
        assert claims["boundary"]["facts"] == ["approve-10"]


def test_of_one_is_in_the_singular():
    """`one` has a single grant that is recent, standing and beyond its scope; `none` has none."""
    e = Estate().agent("one", "none", declared_scope=[{"resource": "scoped", "level": "read"}])
    e.resource("scoped", "internal").resource("used", "confidential")
    e.can("one", "read", "used", granted_at=ago(10)).add(
        USE_EVENT, id="u", at=ago(1), principal="one", resource="used", level="read"
    )
    rows = {row["id"]: row["claims"] for row in assurance(e.posture())["statements"]}
    words = {c["claim"]: c["because"] for c in rows["one"]}
    beyond = "1 of 1 entitlement goes beyond the declared scope"
    assert words["boundary"] == f"{beyond}, and 1 resource outside of it was used."
    assert words["expiry"] == "1 of 1 entitlement stands without an end."
    assert words["review"] == "1 of 1 entitlement was approved or granted within 90 days."
    words = {c["claim"]: c["because"] for c in rows["none"]}
    assert words["boundary"] == "0 of 0 entitlements go beyond the declared scope."
    assert words["expiry"] == "0 of 0 entitlements stand without an end."
    assert words["review"] == "0 of 0 entitlements were approved or granted within 90 days."
