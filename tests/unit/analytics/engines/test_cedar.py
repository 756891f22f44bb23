"""Cedar: which policies decide, what is never counted as allowed, and what is refused."""

from pathlib import Path

import pytest

from analytics.engines.policy_set import OUTCOMES, PolicyRefused, PolicySet, Question, Verdict
from analytics.engines.reading import policy_set

AGENT, BUCKET = {"type": "Agent", "id": "bot"}, {"type": "Resource", "id": "books"}
VERIFIED = """
@id("deny-orphaned")        forbid(principal, action, resource) unless { principal.owner_active };
@id("deny-debt-restricted") forbid(principal, action, resource)
  when { resource.sensitivity >= 30 && principal.tdr_bp > 2000 &&
         action in [Action::"write", Action::"admin"] };
@id("deny-expired-grant")   forbid(principal, action, resource)
  when { context has grant_expires_at && context.grant_expires_at <= context.now };
@id("needs-justification")  forbid(principal, action, resource)
  when { resource.sensitivity >= 10 && !(context has justification) };
@id("allow-in-scope")       permit(principal, action, resource)
  when { resource in principal.declared_scope };
"""


def written(folder: Path, **texts: str) -> PolicySet:
    for name, text in texts.items():
        (folder / f"{name}.cedar").write_text(text)
    return policy_set(folder)


def entities(**facts: object) -> list[dict]:
    scope = [{"__entity": {"type": "Resource", "id": "books"}}]
    known = {"owner_active": True, "tdr_bp": 100, "declared_scope": scope} | facts
    sensitivity = known.pop("sensitivity", 10)
    attrs = {name: value for name, value in known.items() if value is not None}
    return [
        {"uid": AGENT, "attrs": attrs, "parents": []},
        {"uid": BUCKET, "attrs": {"sensitivity": sensitivity}, "parents": []},
    ]


def asked(
    policies: PolicySet, known: list[dict], action: str = "read", **context: object
) -> Verdict:
    question = Question(AGENT, {"type": "Action", "id": action}, BUCKET, context)
    (verdict,) = policies.judge([question], known)
    return verdict


def told(policies: PolicySet, verdict: Verdict) -> tuple[str, list[str]]:
    return OUTCOMES[verdict.outcome], [policies.policies[at].id for at in verdict.reasons]


@pytest.mark.parametrize(
    ("facts", "action", "context", "expected"),
    [
        ({}, "read", {"justification": "close"}, ("allow", ["allow-in-scope"])),
        ({}, "read", {}, ("deny", ["needs-justification"])),
        (
            {"sensitivity": 30, "tdr_bp": 2436},
            *("write", {"justification": "close"}),
            ("deny", ["deny-debt-restricted"]),
        ),
        (
            *({}, "read", {"justification": "close", "grant_expires_at": 5, "now": 5}),
            ("deny", ["deny-expired-grant"]),
        ),
        ({"owner_active": False}, "read", {"justification": "x"}, ("deny", ["deny-orphaned"])),
        ({"declared_scope": []}, "read", {"justification": "x"}, ("deny", [])),
        ({"sensitivity": 30, "tdr_bp": 2000}, "write", {"justification": "x"},
         ("allow", ["allow-in-scope"])),
        ({}, "read", {"justification": "close", "grant_expires_at": 6, "now": 5},
         ("allow", ["allow-in-scope"])),
    ],
)  # fmt: skip
def test_the_verified_set(tmp_path, facts, action, context, expected):
    policies = written(tmp_path, verified=VERIFIED)
    assert told(policies, asked(policies, entities(**facts), action, **context)) == expected


def test_what_is_not_known_is_never_allowed(tmp_path):
    """The engine leaves out a forbid with an error, and would allow."""
    policies = written(tmp_path, verified=VERIFIED)
    verdict = asked(policies, entities(owner_active=None), justification="close")
    assert (verdict.decision, OUTCOMES[verdict.outcome]) == ("allow", "unknown")
    assert [policies.policies[at].id for at, _ in verdict.errors] == ["deny-orphaned"]
    assert "owner_active" in verdict.errors[0][1]


def test_an_error_in_a_permit_takes_nothing_away(tmp_path):
    text = (
        "permit(principal, action, resource); permit(principal, action, resource) when {1 + 'a'};"
    )
    policies = written(tmp_path, two=text.replace("'", '"'))
    verdict = asked(policies, entities())
    assert (told(policies, verdict), len(verdict.errors)) == (("allow", ["policy0"]), 1)


PERMIT = "permit(principal, action, resource);"
ASKS = '@decision("escalate") '
FORBID = "forbid(principal, action, resource);"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ASKS + PERMIT, ("escalate", ["policy0"])),
        (PERMIT + ASKS + PERMIT, ("allow", ["policy0", "policy1"])),
        (PERMIT + ASKS + FORBID, ("escalate", ["policy1"])),
        (PERMIT + ASKS + FORBID + FORBID, ("deny", ["policy1", "policy2"])),
        (ASKS + FORBID, ("deny", ["policy0"])),  # approval would not be enough
        (ASKS + PERMIT + ASKS + FORBID, ("escalate", ["policy1"])),
        ('@decision("deny") ' + FORBID + PERMIT, ("deny", ["policy0"])),
        (PERMIT + ASKS + FORBID + "forbid(principal, action, resource) when { principal.absent };",
         ("unknown", ["policy1"])),
    ],
)  # fmt: skip
def test_what_a_person_decides(tmp_path, text, expected):
    policies = written(tmp_path, one=text)
    assert told(policies, asked(policies, entities())) == expected


def test_policies_without_an_id_are_named_by_file_and_position(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "b.cedar").write_text(f"{PERMIT} // no end of line")
    policies = written(tmp_path, c=f'{FORBID}\n@id("named") {PERMIT}')
    assert [p.id for p in policies.policies] == [
        "c.cedar:policy0",
        "named",
        "inner/b.cedar:policy0",
    ]
    assert told(policies, asked(policies, entities())) == ("deny", ["c.cedar:policy0"])


def test_a_template_decides_nothing_and_keeps_its_place(tmp_path):
    text = f"permit(principal == ?principal, action, resource); {FORBID}"
    policies = written(tmp_path, one=text)
    assert [p.template for p in policies.policies] == [True, False]
    assert told(policies, asked(policies, entities())) == ("deny", ["policy1"])


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"{PERMIT}\n{PERMIT}\npermit(principal, action) ;", "line 3"),
        ("permit(principal, action, resource) when { 1 + };", "line 1"),
        ("permit(principal, action, resource)", "line 1"),
    ],
)
def test_what_does_not_parse_is_refused_with_its_place(tmp_path, text, place):
    with pytest.raises(PolicyRefused) as refused:
        written(tmp_path, good=PERMIT, wrong=text)
    assert refused.value.exit_code == 2
    assert refused.value.file == "wrong.cedar"
    assert refused.value.place.startswith(place), str(refused.value)


def test_what_is_no_policy_set_is_refused(tmp_path):
    for make, reason in (
        (lambda p: p.mkdir(), "holds no policy file"),
        (lambda p: None, "is no policy file"),
        (lambda p: p.write_text(""), "is no policy file"),
    ):
        path = tmp_path / reason.replace(" ", "-") / "x"
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            make(path)
        with pytest.raises(PolicyRefused, match=reason if path.exists() else "no such file"):
            policy_set(path)
    with pytest.raises(PolicyRefused, match="holds no policy"):
        written(tmp_path, empty="// nothing yet")
    (tmp_path / "bytes.cedar").write_bytes(b"\xff")
    with pytest.raises(PolicyRefused, match="UTF-8"):
        policy_set(tmp_path / "bytes.cedar")
    with pytest.raises(PolicyRefused, match="no such file"):
        policy_set(tmp_path / "absent.cedar")


def test_a_request_that_the_engine_refuses_says_why(tmp_path):
    policies = written(tmp_path, one=PERMIT)
    question = Question({"type": "no type", "id": "x"}, AGENT, BUCKET, {})
    (verdict,) = policies.judge([question], [])
    assert (verdict.decision, OUTCOMES[verdict.outcome]) == (None, "not_evaluated")
    assert verdict.refused


def test_a_secret_in_a_message_is_not_shown(tmp_path):
    token = "ghp_" + "a" * 36
    with pytest.raises(PolicyRefused) as refused:
        written(tmp_path, wrong=f'permit(principal == Agent::"{token}", action, resource) {token};')
    assert token not in str(refused.value)


@pytest.mark.parametrize("count", [60, 200, 5_000])
def test_a_long_condition_is_evaluated_or_refused(tmp_path, count):
    """Each operand lies within the next one in JSON, of which engines read a bounded depth."""
    text = " || ".join(f"context.n == {n}" for n in range(count))
    whole = f'{FORBID[:-1]} when {{ context.n < 0 }}; @id("long") {PERMIT[:-1]} when {{ {text} }};'
    if count > 1_000:
        with pytest.raises(PolicyRefused, match="too deeply"):
            written(tmp_path, one=whole)
        return
    policies = written(tmp_path, one=whole)
    assert told(policies, asked(policies, [], n=count - 1)) == ("allow", ["long"])
    assert told(policies, asked(policies, [], n=count)) == ("deny", [])


def test_a_message_names_the_position_of_its_policy(tmp_path):
    """The engine is asked about some policies alone, and counts those."""
    text = (
        'permit(principal, action, resource == Resource::"other"); // a comment; "with marks\n'
        '@note("; \\" //") permit(principal, action, resource == Resource::"books") when { 1 < 2 };'
        "forbid(principal, action, resource) when { principal.absent }; // no more"
    )
    policies = written(tmp_path, one=text.replace("\\n", "\n"))
    verdict = asked(policies, entities())
    assert verdict.reasons == (1,)
    ((at, message),) = verdict.errors
    assert (at, "`policy2`" in message) == (2, True)


def test_many_requests_come_back_in_order(tmp_path):
    text = "permit(principal, action, resource) when { context.n < 3 };"
    policies = written(tmp_path, one=text)
    questions = [
        Question(AGENT, {"type": "Action", "id": "read"}, BUCKET, {"n": n % 5})
        for n in range(20_003)
    ]
    allowed = [verdict.decision == "allow" for verdict in policies.judge(iter(questions), [])]
    assert allowed == [n % 5 < 3 for n in range(20_003)]
