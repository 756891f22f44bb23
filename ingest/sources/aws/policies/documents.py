"""Policy documents: identity policies, trust policies and resource policies, as statements.

A document is a JSON object, JSON text, or JSON text with percent-encoding, as the raw API
answers it. Grammar:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from graph.values import canonical
from ingest.files.bounded import parse_json
from ingest.source import InputRefused

KINDS = ("AWS", "Service", "Federated", "CanonicalUser")
FIELDS = 6  # of the name of a resource: arn, partition, service, region, account, resource
VARIABLE = "${"
VARIABLES = re.compile(r"\$\{[^{}]*+\}")
DEFAULT = re.compile(r"([^,]*), *'([^']*)' *")  # the name of a variable, and what else it is
WITH_VARIABLES = (
    "2012-10-17"  # the version of the language; in the older one, which is the default,
)
# they are literal text
SESSION = re.compile(r"arn:[\w-]+:sts::\d{12}:assumed-role/[^/]+/(.+)", re.DOTALL)
LIKE = "StringLike"
USER_ID = ("aws:userid", "aws:userId", "AWS:USERID")  # one key, which a policy may have besides
MAX_NAME = 2048  # characters; AWS allows no longer resource name


class Malformed(ValueError):
    """A policy document that does not follow the grammar; the text has the place and the reason."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement: the patterns as they are written, the condition as canonical JSON.

    `except_actions`, `except_resources` and `except_principals` mark the list beside
    them as exceptions (`NotAction` and its like). `principals` are pairs of kind and value.
    `terms` are conditions that do not stand in the statement itself. `literal` is True if the
    language of the document has no variables.
    """

    allow: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...] = ()
    except_actions: bool = False
    except_resources: bool = False
    except_principals: bool = False
    condition: Mapping[str, Any] | None = None
    literal: bool = False

    @property
    def personal(self) -> bool:
        """Whether its resources depend on the caller (policy variables)."""
        return not self.literal and any(VARIABLE in r for r in self.resources)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """The statements of one policy, compared by identity."""

    statements: tuple[Statement, ...]

    @property
    def denies(self) -> bool:
        """Whether anything is denied in it."""
        return any(not s.allow for s in self.statements)

    @property
    def personal(self) -> bool:
        """Whether any statement depends on the caller."""
        return any(s.personal for s in self.statements)

    def only(self, *, personal: bool) -> "Document":
        """Return the statements that do, or do not, depend on the caller."""
        return Document(tuple(s for s in self.statements if s.personal is personal))


def read_document(given: Any, *, default_resource: str = "") -> Document:
    """Parse a policy document.

    Parameters
    ----------
    given : object or text
        The document as an export holds it.
    default_resource : str
        The resource of statements without `Resource`: trust policies and repository policies
        are on the thing that they are attached to. If it is "", `Resource` is required.

    Raises
    ------
    Malformed
        If it is not JSON or breaks the grammar.
    """
    document = _decoded(given)
    if not isinstance(document, dict):
        raise Malformed("the policy document is not an object")
    if "Statement" not in document:  # the names of its parts count in their letter case
        raise Malformed("the policy document has no Statement")
    statements = document["Statement"]
    given_list = statements if isinstance(statements, list) else [statements]
    read = [
        part
        for n, given_statement in enumerate(given_list)
        for part in _by_session(_statement(given_statement, n, default_resource))
    ]
    literal = document.get("Version") != WITH_VARIABLES
    return Document(tuple(replace(s, literal=True) for s in read) if literal else tuple(read))


def _decoded(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    content = given.strip()
    if content.startswith("%"):
        content = unquote(content, errors="strict")
    try:
        return parse_json(content, "policy")
    except InputRefused:
        raise Malformed("the policy document is not JSON") from None


def _statement(given: Any, number: int, default_resource: str) -> Statement:
    where = f"statement {number}"
    if not isinstance(given, dict):
        raise Malformed(f"{where} is not an object")
    effect = given.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise Malformed(f"{where}: Effect is neither Allow nor Deny")
    actions, except_actions = _listed(given, "Action", where)
    resources, except_resources = _listed(given, "Resource", where, default_resource)
    resources = tuple(dict.fromkeys(map(_of_six_fields, resources)))
    principals, except_principals = _principals(given, where)
    return Statement(
        allow=effect == "Allow",
        actions=actions,
        resources=resources,
        principals=principals,
        except_actions=except_actions,
        except_resources=except_resources,
        except_principals=except_principals,
        condition=_condition(given, where),
    )


def _by_session(statement: Statement) -> Iterator[Statement]:
    """Yield a statement in parts: for each session that it names, one on condition of its name.

    A session of a role is the role, with a name that stands behind the role's unique id.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    sessions = {pair: m[1] for pair in statement.principals if (m := SESSION.fullmatch(pair[1]))}
    if not sessions or statement.except_principals:
        yield statement
        return
    others = tuple(pair for pair in statement.principals if pair not in sessions)
    if others:
        yield replace(statement, principals=others)
    stated = statement.condition or {}
    like = stated.get(LIKE)
    like = like if isinstance(like, dict) else {}
    key = next((key for key in USER_ID if key not in like), USER_ID[0])
    for pair, session in sessions.items():
        named = {**like, key: f"*:{session}"}
        yield replace(statement, principals=(pair,), condition={**stated, LIKE: named})


def _listed(
    given: Mapping[str, Any], name: str, where: str, default: str = ""
) -> tuple[tuple[str, ...], bool]:
    """Read `Action` or `NotAction`, `Resource` or `NotResource`; one text counts as a list."""
    excepted = f"Not{name}" in given
    if excepted and name in given:
        raise Malformed(f"{where} has both {name} and Not{name}")
    value = given.get(f"Not{name}" if excepted else name, default or None)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise Malformed(f"{where}: {name} is neither a text nor a list of texts")
    if any(len(v) > MAX_NAME for v in values):
        raise Malformed(f"{where}: {name} has a text longer than {MAX_NAME} characters")
    return tuple(dict.fromkeys(values)), excepted


def _of_six_fields(resource: str) -> str:
    """Complete a name of too few fields, as AWS does: `arn:aws:sqs` is every queue.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if not resource.startswith("arn:"):
        return resource
    return resource + ":*" * (FIELDS - 1 - VARIABLES.sub("", resource).count(":"))


def _principals(given: Mapping[str, Any], where: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    excepted = "NotPrincipal" in given
    value = given.get("NotPrincipal" if excepted else "Principal")
    if value is None:
        return (), False
    if value == "*":
        return (("AWS", "*"),), excepted
    if not isinstance(value, dict):
        raise Malformed(f"{where}: Principal is neither * nor an object")
    pairs = []
    for kind, named in value.items():
        names = [named] if isinstance(named, str) else named
        if kind not in KINDS or not isinstance(names, list):
            raise Malformed(f"{where}: Principal has an unknown part")
        if not all(isinstance(n, str) and 0 < len(n) <= MAX_NAME for n in names):
            raise Malformed(f"{where}: Principal names something that is not a short text")
        pairs += [(kind, n) for n in names]
    return tuple(dict.fromkeys(pairs)), excepted


def _condition(given: Mapping[str, Any], where: str) -> Mapping[str, Any] | None:
    condition = given.get("Condition")
    if condition is not None and not isinstance(condition, dict):
        raise Malformed(f"{where}: Condition is not an object")
    return condition or None


def personalised(document: Document, known: Mapping[str, str]) -> Document:
    """Fill the policy variables of `document` in for one principal.

    A variable that only a request decides matches anything, on condition; one that AWS leaves
    undefined for this principal (an empty text in `known`) matches nothing.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
    """
    if not document.personal:
        return document
    return Document(tuple(_filled(s, known) for s in document.statements))


def _filled(statement: Statement, known: Mapping[str, str]) -> Statement:
    if not statement.personal:
        return statement
    filled: list[str] = []
    open_variables: set[str] = set()
    for resource in statement.resources:
        name, left = fill(resource, known)
        if name is not None:
            filled.append(name)
            open_variables |= left
    condition = statement.condition
    if open_variables:
        condition = {**(condition or {}), "PolicyVariable": sorted(open_variables)}
    return replace(statement, resources=tuple(filled), condition=condition)


def fill(resource: str, known: Mapping[str, str]) -> tuple[str | None, set[str]]:
    """Fill variables in; return None if one is undefined, and the names that stay open.

    >>> fill("arn:aws:s3:::home/${aws:username}/*", {"aws:username": "ann"})
    ('arn:aws:s3:::home/ann/*', set())
    >>> fill("arn:aws:s3:::home/${aws:username, 'none'}/*", {"aws:username": ""})
    ('arn:aws:s3:::home/none/*', set())
    """
    parts = resource.split(VARIABLE)
    text, left = parts[0], set()
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        if not closed:
            return resource, set()
        default = DEFAULT.fullmatch(name)
        name = (default[1] if default else name).strip()
        value = "$" if name == "$" else known.get(name.lower())
        if value == "" and default is None:
            return None, set()
        if value is None:
            left.add(name)
            value = "*"
        text += (value or (default[2] if default else "")) + rest
    return text, left


def text_of(terms: tuple[str, ...]) -> str | None:
    """Return conditions that must all hold as one text; a single condition as it is."""
    if not terms:
        return None
    return terms[0] if len(terms) == 1 else '{"AllOf":[' + ",".join(terms) + "]}"


def term(condition: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return a statement's condition as terms: none, or its canonical JSON."""
    return (canonical(condition),) if condition else ()


def unless(condition: Mapping[str, Any] | None) -> str:
    """Return the condition that a denial's condition does not hold."""
    return canonical({"Unless": condition})
