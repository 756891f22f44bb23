"""Policies read and evaluated by plain means: documents of AWS IAM, Cedar, Rego and MCP.

Each reader is strict about the part of its language that a policy may be written in, and decides a
request the way the vendor says. It shares nothing with what writes the policies.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

# -- AWS IAM: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html ----

STATEMENT = {"Sid", "Effect", "Action", "Resource", "Condition"}
ARN = re.compile(r"arn:[a-z-]+:[a-z0-9-]+:[^:]*:[^:]*:.+", re.DOTALL)
IAM_ACTION = re.compile(r"\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?_]+")
IAM_OPERATOR = re.compile(r"(For(All|Any)Values?:)?[A-Z][A-Za-z]+")


def check_iam(document: Any) -> None:
    """Check a document by the grammar."""
    assert set(document) == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    sids = [statement["Sid"] for statement in document["Statement"]]
    assert len(set(sids)) == len(sids)
    for statement in document["Statement"]:
        assert {"Sid", "Effect", "Action", "Resource"} <= set(statement) <= STATEMENT
        assert re.fullmatch(r"[A-Za-z0-9]+", statement["Sid"])
        assert statement["Effect"] in ("Allow", "Deny")
        assert statement["Action"]
        assert statement["Resource"]
        assert all(IAM_ACTION.fullmatch(action) for action in statement["Action"])
        assert all(r == "*" or ARN.fullmatch(r) for r in statement["Resource"])
        assert "${" not in "".join(statement["Resource"])
        for operator, keys in statement.get("Condition", {}).items():
            assert IAM_OPERATOR.fullmatch(operator)
            assert keys
            assert all(isinstance(v, str | list | bool | int) for v in keys.values())


def iam_allows(document: Any, action: str, resource: str, conditions: bool = True) -> bool:
    """Decide a request; `conditions` is whether conditions of what allows hold, and no other."""
    matching = [
        s
        for s in document["Statement"]
        if any(_like(a.lower(), action.lower()) for a in s["Action"])
        and any(_like(r, resource) for r in s["Resource"])
    ]
    allowed = [s for s in matching if s["Effect"] == "Allow"]
    denied = [s for s in matching if s["Effect"] == "Deny" and not conditions]
    return any(conditions or "Condition" not in s for s in allowed) and not denied


def _like(pattern: str, text: str) -> bool:
    """Match a pattern letter by letter: `*` is any run of characters, `?` one."""
    places = {0}
    for letter in pattern:
        if letter == "*":
            places = set(range(min(places), len(text) + 1)) if places else set()
        else:
            places = {p + 1 for p in places if p < len(text) and letter in ("?", text[p])}
    return len(text) in places


# -- Cedar: https://docs.cedarpolicy.com/policies/syntax-grammar.html ------------------------------

TOKEN = re.compile(
    r'\s+|//[^\n]*|(?P<string>"(?:[^"\\\n]|\\(?:[nrt0"\'\\]|u\{[0-9a-fA-F]{1,6}\}))*")'
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>-?\d+)"
    r"|(?P<sign>::|==|&&|[@(){}\[\],;.<])"
)
CEDAR_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))")
LETTERS = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


@dataclass(frozen=True)
class Permit:
    """One permit of a Cedar policy."""

    principal: tuple[str, str]
    actions: frozenset[str]
    resource: tuple[str, str]
    conditions: frozenset[str]
    activated: frozenset[str]
    before: int | None
    annotations: dict[str, str]


def cedar_permits(text: str) -> list[Permit]:
    """Read a policy that consists of permits with a plain scope and plain conditions."""
    tokens, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        assert match, f"no token of Cedar at {text[place : place + 20]!r}"
        place = match.end()
        if match.lastgroup:
            tokens.append((match.lastgroup, match[match.lastgroup]))
    reader = _Reader(tokens)
    permits = []
    while reader.tokens:
        permits.append(reader.permit())
    return permits


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens

    def take(self, *expected: str) -> str:
        kind, token = self.tokens.pop(0)
        assert not expected or (kind != "string" and token in expected), (token, expected)
        return token

    def string(self) -> str:
        kind, token = self.tokens.pop(0)
        assert kind == "string", token
        return CEDAR_ESCAPE.sub(
            lambda m: chr(int(m[1], 16)) if m[1] else LETTERS.get(m[2], m[2]), token[1:-1]
        )

    def entity(self) -> tuple[str, str]:
        label = self.take()
        self.take("::")
        return label, self.string()

    def permit(self) -> Permit:
        annotations = {}
        while self.tokens[0][1] == "@":
            self.take("@")
            name = self.take()
            self.take("(")
            annotations[name] = self.string()
            self.take(")")
        for word in ("permit", "(", "principal", "=="):
            self.take(word)
        principal = self.entity()
        for word in (",", "action", "in", "["):
            self.take(word)
        actions = set()
        while self.tokens[0][1] != "]":
            label, action = self.entity()
            assert label == "Action"
            actions.add(action)
            if self.tokens[0][1] == ",":
                self.take(",")
        for word in ("]", ",", "resource", "=="):
            self.take(word)
        resource = self.entity()
        self.take(")")
        needed: dict[str, set[str]] = {"conditions": set(), "activated": set()}
        before = None
        if self.take("when", ";") == "when":
            self.take("{")
            while True:
                self.take("context")
                if self.take("has", ".") == "has":
                    self.take("conditions", "activated", "now")
                elif (name := self.take("conditions", "activated", "now")) == "now":
                    self.take("<")
                    before = int(self.take())
                else:
                    for word in (".", "contains", "("):
                        self.take(word)
                    needed[name].add(self.string())
                    self.take(")")
                if self.take("&&", "}") == "}":
                    break
            self.take(";")
        return Permit(
            principal,
            frozenset(actions),
            resource,
            frozenset(needed["conditions"]),
            frozenset(needed["activated"]),
            before,
            annotations,
        )


def cedar_allows(text: str, principal: str, action: str, resource: str, **context: Any) -> bool:
    """Decide a request by the ids of principal and resource."""
    return any(
        permit.principal[1] == principal
        and action in permit.actions
        and permit.resource[1] == resource
        and permit.conditions <= set(context.get("conditions", ()))
        and permit.activated <= set(context.get("activated", ()))
        and (permit.before is None or context.get("now", 0) < permit.before)
        for permit in cedar_permits(text)
    )


# -- Rego: https://www.openpolicyagent.org/docs/policy-language ------------------------------------

DATA = re.compile(r"(.*?)principal := (.*?)\n\ngrants := (.*?)\n\n(allow if \{.*)", re.DOTALL)


def rego_parts(text: str) -> tuple[str, str, list[dict[str, Any]]]:
    """Return the rules of a module, its principal and its grants, which are JSON."""
    match = DATA.fullmatch(text)
    assert match
    before, principal, grants, rules = match.groups()
    listed = re.sub(r",\n\]$", "\n]", grants)
    return before + rules, json.loads(principal), json.loads(listed)


def rego_allows(text: str, principal: str, action: str, resource: str, **given: Any) -> bool:
    """Decide a request as the rules of the module do."""
    _, own, grants = rego_parts(text)
    return principal == own and any(
        resource == grant["resource"]
        and action in grant["actions"]
        and set(grant["conditions"]) <= set(given.get("conditions", ()))
        and set(grant["activations"]) <= set(given.get("activated", ()))
        and all(given.get("now", 0) < end for end in grant["ends"])
        for grant in grants
    )
