"""What a narrative says of its path: phases, causes, effects, gaps, tags, cut and words."""

import pytest

from analytics.selectors import select
from graph.schema import DECISION_RECORD
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import narrative


def _of(estate: Estate, *starts: str) -> dict:
    posture = estate.posture()
    begin = select(posture, starts or ["a"])
    (row,) = narrative(posture, select(posture, ["jewel"]), begin)["narratives"]
    return row


def _chain() -> Estate:
    """State a path over a key, an account, a group, a child and a role."""
    e = Estate().agent("a", declared_scope=[{"resource": "jewel", "level": "read"}]).agent("child")
    e.thing("Credential", "k").account("s", "t").thing("Group", "g").thing("Role", "r")
    e.resource("jewel", "restricted")
    e.link("a", "SPAWNS", "child").link("child", "USES", "k").link("k", "AUTHENTICATES_AS", "s")
    e.link("s", "ASSUMES", "r")
    return e.can("r", "read write", "jewel", telemetry="true")


def _phases(row: dict) -> list[tuple[str, str, str | None]]:
    return [(step["relationship"], step["phase"], step["cause"]) for step in row["steps"]]


def test_steps_are_entry_escalation_and_impact():
    assert _phases(_of(_chain())) == [
        ("SPAWNS", "escalation", "spawned_actions"),
        ("USES", "escalation", "spawned_actions"),
        ("AUTHENTICATES_AS", "escalation", "spawned_actions"),
        ("ASSUMES", "escalation", "inherited_permissions"),
        ("CAN_ACCESS", "impact", None),
    ]
    assert _phases(_of(_chain(), "child")) == [
        ("USES", "entry", "broad_default"),
        ("AUTHENTICATES_AS", "entry", "broad_default"),
        ("ASSUMES", "escalation", "inherited_permissions"),
        ("CAN_ACCESS", "impact", None),
    ]


def test_what_a_rule_concludes_is_privileges_that_add_up():
    e = Estate().agent("a").account("s").resource("jewel", "restricted")
    e.resource("vault", "confidential", type="secret_store").thing("Credential", "k")
    e.can("a", "read", "vault").link("k", "STORED_IN", "vault")
    e.link("k", "AUTHENTICATES_AS", "s").can("s", "read", "jewel")
    assert _phases(_of(e)) == [
        ("CONTROLS", "escalation", "accumulation"),
        ("AUTHENTICATES_AS", "escalation", "accumulation"),
        ("CAN_ACCESS", "impact", None),
    ]


@pytest.mark.parametrize(
    ("facts", "declares", "cause"),
    [
        ({}, ("grants", "scope"), "broad_default"),
        ({}, ("grants",), "legitimate_integration"),  # no source could have stated a scope
        ({"declared_scope": []}, ("grants", "scope"), "legitimate_integration"),
    ],
)
def test_an_entry_that_nothing_declared_narrows_is_a_broad_default(facts, declares, cause):
    e = Estate(declares=declares).agent("a", **facts).resource("jewel", "restricted")
    assert _of(e.can("a", "read", "jewel"))["cause"] == cause


def test_a_role_that_anybody_may_take_is_a_broad_default():
    e = Estate().thing("Role", "a").resource("anybody", type="anyone")
    e.resource("jewel", "restricted").link("a", "TRUSTS", "anybody").can("a", "read", "jewel")
    assert _of(e)["cause"] == "broad_default"


@pytest.mark.parametrize(
    ("levels", "effects"),
    [
        ("read", ["sensitive_data"]),
        ("list", ["sensitive_data"]),
        ("write", ["unauthorised_action"]),
        ("read admin", ["unauthorised_action", "sensitive_data"]),
    ],
)
def test_levels_have_effects(levels, effects):
    e = Estate(declares=("grants",)).agent("a").resource("jewel", "restricted")
    row = _of(e.can("a", levels, "jewel", telemetry="true"))
    assert (row["effects"], row["audit_gaps"]) == (effects, [])


def test_a_step_whose_use_no_source_would_see_is_a_gap():
    e = Estate(declares=("grants",)).agent("a").account("s").resource("jewel", "restricted")
    e.link("a", "RUNS_AS", "s").can("s", "read", "jewel", telemetry="true")
    row = _of(e)
    assert [step["unseen"] for step in row["steps"]] == [True, False]
    assert row["audit_gaps"] == ["No source would see that a runs as s."]
    assert row["effects"][-1] == "audit_gap"
    assert "1 of 2 steps would leave no trace in any source" in row["story"]["impact"]


def _decided(resource: str | None, declares: tuple[str, ...], **facts: object) -> dict:
    e = Estate(declares=declares).agent("a", **facts).resource("jewel", "restricted")
    e.resource("plain").can("a", "read", "jewel", telemetry="true")
    if resource:
        e.add(DECISION_RECORD, id="d", at=ago(1), subject="a", action="read", resource=resource,
              decision="allow", policy_id="p")  # fmt: skip
    return _of(e)


def test_a_missing_decision_is_a_gap_only_where_one_would_have_been_recorded():
    both = ("grants", "decisions")
    assert _decided("jewel", both)["decision"] == "recorded"
    missing = _decided(None, both)
    assert missing["decision"] == "none"
    assert missing["audit_gaps"] == ["No decision on jewel is recorded for anything on the path."]
    assert _decided("plain", both)["decision"] == "none"
    unknown = _decided(None, ("grants",))
    assert (unknown["decision"], unknown["audit_gaps"]) == ("unknown", [])


def test_what_an_account_alone_does_needs_no_decision():
    e = Estate(declares=("grants", "decisions")).account("a").resource("jewel", "restricted")
    assert _of(e.can("a", "read", "jewel", telemetry="true"))["decision"] == "not_required"


def test_tags_are_those_of_findings_on_the_step():
    e = Estate().agent("a").account("s").resource("jewel", "restricted")
    e.link("a", "RUNS_AS", "s").can("s", "read", "jewel", granted_at=ago(400), telemetry="true")
    row = _of(e)
    runs, grant = row["steps"]
    assert runs["rules"] == []
    assert {"LPR-01", "REV-01", "TIM-01"} <= set(grant["rules"])
    assert "NIST CSF 2.0 PR.AA-05" in grant["references"]
    assert {"OWN-01", "SCP-01"} <= set(row["rules"])  # of the entry as a whole
    assert set(grant["references"]) <= set(row["references"])


def test_the_cut_is_that_between_this_entry_and_this_jewel():
    e = Estate().agent("a", "b").account("s").resource("jewel", "restricted")
    e.link("a", "SPAWNS", "b").link("b", "RUNS_AS", "s").can("s", "read", "jewel", telemetry="true")
    cut = _of(e)["cut"]
    assert (cut["separable"], cut["cost"], len(cut["edges"])) == (True, 1, 1)
    used = {"read": ago(1)}
    e = Estate().agent("a").resource("jewel", "restricted")
    cut = _of(e.can("a", "read", "jewel", telemetry="true", last_used_at=used))["cut"]
    assert (cut["separable"], cut["cost"], cut["edges"]) == (False, None, [])


def test_durability_is_that_of_the_entry():
    e = Estate().agent("a", "b").account("s").resource("jewel", "restricted")
    e.link("a", "SPAWNS", "b").link("b", "RUNS_AS", "s").can("s", "read", "jewel")
    lasting = _of(e)["durability"]
    assert (lasting["routes"], lasting["routes_after_kill"]) == (1, 1)


def test_the_words_are_made_from_the_path():
    e = Estate(declares=("grants", "scope")).agent("bot", kind="ai_agent").agent("other")
    e.thing("Tool", "inbox", capabilities=["untrusted_input"]).link("bot", "CALLS", "inbox")
    e.account("svc").thing("Role", "admin").resource("jewel", "restricted")
    e.link("bot", "RUNS_AS", "svc", last_used_at=ago(2)).link("svc", "ASSUMES", "admin")
    e.can("admin", "read write", "jewel", telemetry="true").can("other", "list", "jewel")
    story = _of(e, "all-agents")["story"]
    assert story["entry"] == (
        "It begins at bot: it takes in what strangers write. Nothing declared narrows its access. "
        "For its work it was given this: bot runs as svc (last used 2026-07-30)."
    )
    assert story["escalation"] == ("It gains more by inherited permissions: svc may assume admin.")
    assert story["impact"] == (
        "admin has read, write on jewel (never used). So jewel could be changed without authority "
        "and give away what it holds; 1 of 3 steps would leave no trace in any source, and whether "
        "anybody decided on it no source would tell."
    )
    assert story["text"] == " ".join(story[part] for part in ("entry", "escalation", "impact"))


def test_without_an_exposure_the_words_say_what_it_is_compared_with():
    e = Estate().agent("a", "b").resource("jewel", "restricted").can("a", "read", "jewel")
    only = _of(e, "all-agents")["story"]["entry"]
    assert only.startswith("It begins at a: it is the only start from which jewel is reached.")
    several = _of(e.can("b", "read", "jewel"), "all-agents")["story"]["entry"]
    assert "nothing known exposes it more than 1 other start from which jewel" in several
