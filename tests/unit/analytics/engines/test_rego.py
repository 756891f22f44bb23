"""Rego: which rules decide, what is refused, and what is never left out in silence."""

import json
import sys

import pytest

from analytics.answers.replay import replay
from analytics.answers.table import as_json
from analytics.engines.policy_set import OUTCOMES, PolicyRefused, Question
from analytics.engines.reading import policy_set
from analytics.remediation.policy.formats.rego import _text
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.printed import policy
from tests.unit.analytics.policies.test_replay import agents

pytest.importorskip("regopy", reason="Rego needs the package regopy")

HEAD = "package p\nimport rego.v1\n"
BOT, BOOKS = {"type": "Agent", "id": "bot"}, {"type": "Resource", "id": "books"}
ENTITIES = [
    {"uid": BOT, "attrs": {"owner_active": True, "tdr_bp": 2436,
                           "declared_scope": [{"__entity": BOOKS}]}, "parents": []},
    {"uid": BOOKS, "attrs": {"sensitivity": 30}, "parents": [{"type": "Resource", "id": "all"}]},
]  # fmt: skip
ALLOW = "allow if input.resource in data.trustdebt.principals[input.principal].declared_scope\n"
DENY = 'deny contains "debt" if data.trustdebt.principals[input.principal].tdr_bp > 2000\n'
ASK = "escalate if data.trustdebt.resources[input.resource].sensitivity >= 30\n"
INSIDE = 'deny if "all" in data.trustdebt.resources[input.resource].parents\n'


def asked(folder, text, **context):
    (folder / "set.rego").write_text(HEAD + text)
    policies = policy_set(folder / "set.rego")
    question = Question(BOT, {"type": "Action", "id": "read"}, BOOKS, context)
    (verdict,) = policies.judge([question], ENTITIES)
    return OUTCOMES[verdict.outcome], [policies.policies[at].id for at in verdict.reasons]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ALLOW, ("allow", ["p.allow"])),
        (ALLOW + DENY, ("deny", ["p.deny"])),
        (ALLOW + INSIDE, ("deny", ["p.deny"])),
        (ALLOW + ASK, ("escalate", ["p.escalate"])),
        (ALLOW + ASK + DENY, ("deny", ["p.deny"])),
        (ASK, ("deny", [])),  # approval would not be enough
        ("default allow := false\n", ("deny", [])),
        ('allow if input.action == "write"\n', ("deny", [])),
        ("allow if input.risk > 0.5\n", ("allow", ["p.allow"])),
        (f"{ALLOW}  {DENY}", ("deny", ["p.deny"])),  # a rule may stand anywhere in its line
        (f"{ALLOW}\t{ASK}", ("escalate", ["p.escalate"])),
        (f"{ALLOW}x if {{\n    deny\n}}\n", ("allow", ["p.allow"])),
    ],
)
def test_which_rule_decides(tmp_path, text, expected):
    assert asked(tmp_path, text, risk=0.75) == expected


@pytest.mark.parametrize(
    "text",
    [
        "allow := true if input.now > 1\nallow := false if input.now > 1\n",
        "allow if true\ndeny if unheard_of(input.now)\n",
    ],
)
def test_an_error_of_the_engine_is_no_decision(tmp_path, text):
    assert asked(tmp_path, text, now=2)[0] == "not_evaluated"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HEAD + "allow if { 1 + }\n", "set.rego, line 3"),
        (HEAD + 'deny if http.send({"method": "get", "url": "http://x"}).status == 200\n', "http"),
        (HEAD + "deny if time.now_ns() > 1\n", "time.now_ns"),
        (HEAD + "deny if unheard_of(1)\n", "cannot be evaluated"),
        (HEAD + "x := 1\n", "has no rule named"),
        ("allow := true\n", "set.rego"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(tmp_path, text, reason, capfd):
    (tmp_path / "set.rego").write_text(text)
    with pytest.raises(PolicyRefused, match=reason):
        policy_set(tmp_path / "set.rego")
    assert capfd.readouterr() == ("", "")  # the engine would write to the terminal itself


def test_a_place_is_told_whatever_the_file_is_called(tmp_path):
    """The engine separates the file from the place by a bar, which a name may hold, too."""
    file = tmp_path / "a|x.rego"
    file.write_text(HEAD + "allow if { 1 + }\n")
    with pytest.raises(PolicyRefused, match=r"x\.rego, line 3: does not parse: "):
        policy_set(file)


def test_languages_are_not_mixed(tmp_path):
    (tmp_path / "a.rego").write_text(HEAD + ALLOW)
    (tmp_path / "b.cedar").write_text("permit(principal, action, resource);")
    with pytest.raises(PolicyRefused, match="several languages"):
        policy_set(tmp_path)


def test_what_is_recorded_is_replayed(tmp_path):
    """The set of the Cedar example in Rego: the same agents would be stopped, by the same facts."""
    text = HEAD + (
        "me := data.trustdebt.principals[input.principal]\n"
        "it := data.trustdebt.resources[input.resource]\n"
        "allow if input.resource in me.declared_scope\n"
        'deny contains "orphaned" if not me.owner_active\n'
        'deny contains "expired" if input.grant_expires_at <= input.now\n'
        'deny contains "why" if { it.sensitivity >= 10; not input.justification }\n'
    )
    (tmp_path / "set.rego").write_text(text)
    answer = as_json(replay(agents().posture(), policy_set(tmp_path / "set.rego")))
    rows = answer["identities"]
    counts = {row["identity"]["id"]: (row["would_allow"], row["would_deny"]) for row in rows}
    assert counts == {
        **{"fine": (2, 0), "orphan": (0, 1), "late": (0, 1), "bare": (0, 1), "wide": (0, 1)}
    }
    assert answer["engine"] == "rego"


NAMES = [
    'led"ger',
    "back\\slash",
    "tab\there",
    "line\nbreak",
    "\u00e9t\u00e9",
    "a\u2028b",
    "\U0001f511",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_the_same_in_a_policy_in_the_facts_and_in_a_request(tmp_path, name):
    """A denial that names it holds, however its name is escaped, and its facts are found."""
    books, facts = {"type": "Resource", "id": name}, "data.trustdebt.resources[input.resource]"
    entities = [{"uid": books, "attrs": {"own": name}, "parents": []}]
    written = {json.dumps(name), _text(name)}
    rules = [f"deny if input.resource == {literal}" for literal in written]
    rules += [f"deny if {facts}.own == input.context_name", f"deny if {facts}.own == {_text(name)}"]
    for rule in rules:
        (tmp_path / "set.rego").write_text(f"{HEAD}allow := true\n{rule}\n")
        question = Question(BOT, {"type": "Action", "id": "read"}, books, {"context_name": name})
        (verdict,) = policy_set(tmp_path / "set.rego").judge([question], entities)
        assert OUTCOMES[verdict.outcome] == "deny", rule
        other = Question(BOT, {"type": "Action", "id": "read"}, BOOKS, {"context_name": "x"})
        (verdict,) = policy_set(tmp_path / "set.rego").judge([other], ENTITIES)
        assert OUTCOMES[verdict.outcome] == "allow", rule


def test_two_things_of_one_id_are_refused(tmp_path):
    """Rego has facts by id: a request about `Doc::"bot"` would state those of `Agent::"bot"`."""
    (tmp_path / "set.rego").write_text(HEAD + ALLOW)
    other = {"uid": {"type": "Doc", "id": "bot"}, "attrs": {"owner_active": True}, "parents": []}
    question = Question(BOT, {"type": "Action", "id": "read"}, other["uid"], {})
    with pytest.raises(PolicyRefused, match="Agent and Doc"):
        list(policy_set(tmp_path / "set.rego").judge([question], [*ENTITIES, other]))


def test_the_smaller_policy_can_be_tried(tmp_path):
    """A grant that ends holds until then by `input.now`, and for nobody who does not say when."""
    estate = Estate().agent("bot").resource("books")
    estate.can("bot", "read", "books", telemetry="false", expires_at=ago(-1))
    posture = estate.posture()
    written = policy(posture, posture.graph.number("bot"), "rego")["policy"]
    (tmp_path / "set.rego").write_text(written)
    policies, end = policy_set(tmp_path / "set.rego"), int(AS_OF.timestamp()) + 86_400
    contexts = ({"now": end - 1}, {"now": end}, {})
    asked_for = [Question(BOT, {"type": "Action", "id": "read"}, BOOKS, c) for c in contexts]
    verdicts = policies.judge(asked_for, ENTITIES)
    assert [OUTCOMES[v.outcome] for v in verdicts] == ["allow", "deny", "deny"]


def test_it_needs_its_engine(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "regopy", None)
    (tmp_path / "set.rego").write_text(HEAD + ALLOW)
    with pytest.raises(PolicyRefused, match="extra rego"):
        policy_set(tmp_path / "set.rego")
