"""AWS IAM: a policy document for the holders of the grants, to attach in place of their policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

What a step to a holder asks for, such as the trust of a role, stays with that step. A condition
that is no condition of AWS is kept as a tag that the caller must have: without it, the statement
allows nothing. A condition that a denial sets becomes a denial again.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.remediation.policy.aws_actions import Inexpressible, narrowed
from analytics.remediation.policy.format import Allowance, Draft, Format, Written
from analytics.remediation.policy.targets import Aws, NotAws, aws_target, is_name
from graph.aws.patterns import contains
from graph.schema import CAN_ACCESS
from graph.values import WrongValue, iso, strict_json

VERSION = "2012-10-17"
LIMIT = 6144  # characters of a managed policy, white space not counted
OPERATOR = re.compile(
    r"((ForAllValues|ForAnyValue):)?(Not)?(String|Numeric|Date|Bool|Binary|IpAddress|Arn|Null)"
    r"(Not)?(Equals|Like|LessThan|GreaterThan)?(IgnoreCase|Equals)?(IfExists)?"
)
TAG = "aws:PrincipalTag/trustdebt-condition"
NO_CONDITION = "Unknown"  # of a term that another account decides, not this policy


@dataclass(frozen=True)
class _Permit:
    """What one allowance allows, and on which conditions; `denied` are those of denials."""

    holder: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...]
    denied: tuple[str, ...]


def write(draft: Draft) -> Written:
    """Write the document of all holders together, and one for each of them."""
    permits, not_written = [], {}
    for allowance in draft.allowances:
        try:
            permits += _permits(allowance)
        except (NotAws, Inexpressible) as reason:
            not_written[allowance.id] = str(reason)
    holders = {allowance.holder.id: allowance.holder for allowance in draft.allowances}
    documents = [
        {
            "holder": {"id": holder.id, "label": holder.label, "name": holder.name},
            "policy": part,
            "characters": characters(part),
            "fits": characters(part) <= LIMIT,
        }
        for holder in holders.values()
        for part in _parts([p for p in permits if p.holder == holder.id])
    ]
    return Written(_document(_statements(permits)), not_written, documents, LIMIT)


def characters(document: dict[str, Any]) -> int:
    """Count the characters of a document as AWS does: without white space between its parts."""
    return len(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def _document(statements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    named = [{"Sid": f"S{n}", **statement} for n, statement in enumerate(statements, 1)]
    return {"Version": VERSION, "Statement": named}


def _parts(permits: Sequence[_Permit]) -> Iterator[dict[str, Any]]:
    """Yield documents within the limit; denials stand in each, as they hold for all of them."""
    statements = _statements(permits)
    denials = [s for s in statements if s["Effect"] == "Deny"]
    part: list[dict[str, Any]] = []
    allowing = [s for s in statements if s["Effect"] == "Allow"]
    for statement in (small for s in allowing for small in _halved(s, denials)):
        if part and characters(_document([*part, statement, *denials])) > LIMIT:
            yield _document([*part, *denials])
            part = []
        part.append(statement)
    if part:
        yield _document([*part, *denials])


def _halved(
    statement: dict[str, Any], denials: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield a statement in parts that fit into a document, as far as it has parts."""
    longest = max(("Action", "Resource"), key=lambda name: len(json.dumps(statement[name])))
    listed = statement[longest]
    if characters(_document([statement, *denials])) <= LIMIT or len(listed) == 1:
        yield statement
        return
    half = len(listed) // 2
    for some in (listed[:half], listed[half:]):
        yield from _halved({**statement, longest: some}, denials)


def _permits(allowance: Allowance) -> list[_Permit]:
    """Return what an allowance permits: one permit, or one for each name with its own actions."""
    if allowance.relationship != CAN_ACCESS.name:
        raise NotAws("it is a call, not a grant")
    target = aws_target(allowance.target.id, allowance.pattern)
    by_name = [
        (on, narrowed(actions, on, allowance.wanted)) for on, actions in _targets(allowance, target)
    ]
    if not any(actions for _, actions in by_name):
        raise Inexpressible("none of its actions acts on this thing at a kept level")
    return [_permit(allowance, actions, on) for on, actions in by_name if actions]


def _targets(allowance: Allowance, target: Aws) -> Iterator[tuple[Aws, Sequence[str]]]:
    """Yield the names that a grant gives actions on, with the actions."""
    if allowance.actions_on is None or target.account or target.principal:
        yield target, allowance.granted_actions
        return
    for name, actions in allowance.actions_on.items():
        if not is_name(name) or not any(contains(own, name) for own in target.names):
            raise Inexpressible(f"its policy gives it on {name}, which no name states by itself")
        yield Aws(target.service, (name,)), actions


def _permit(allowance: Allowance, actions: tuple[str, ...], target: Aws) -> _Permit:
    terms = [term for text in allowance.conditions for term in _terms(text)]
    if allowance.activation:
        terms.append(f"activation of {allowance.id}")
    if allowance.ends_at is not None:
        end = iso(pd.Timestamp(allowance.ends_at, unit="ms", tz="UTC"))
        terms.append(json.dumps({"DateLessThan": {"aws:CurrentTime": end}}))
    allowing = tuple(term for term in terms if _denied(term) is None)
    denying = tuple(json.dumps(c) for t in terms if (c := _denied(t)) is not None)
    return _Permit(allowance.holder.id, actions, target.names, allowing, denying)


def _statements(permits: Sequence[_Permit]) -> list[dict[str, Any]]:
    """Return statements, one for all resources of the same actions and conditions."""
    resources: dict[tuple[Any, ...], dict[str, None]] = {}
    for permit in permits:
        key = (permit.actions, permit.conditions, permit.denied)
        resources.setdefault(key, {}).update(dict.fromkeys(permit.resources))
    made: dict[str, dict[str, Any]] = {}
    for (actions, conditions, denied), names in resources.items():
        about = {"Action": list(actions), "Resource": list(names)}
        statements = [{"Effect": "Allow", **about, **_condition(conditions)}]
        statements += [{"Effect": "Deny", **about, "Condition": json.loads(c)} for c in denied]
        made |= {json.dumps(s, sort_keys=True): s for s in statements}
    return sorted(made.values(), key=lambda s: str(s["Effect"]))


# -- conditions ------------------------------------------------------------------------------------


def _terms(text: str) -> list[str]:
    """Return the conditions that a text joins, which must all hold."""
    document = _parsed(text)
    if document is None:
        return [text]
    if set(document) == {"AllOf"} and isinstance(document["AllOf"], list):
        return [each for part in document["AllOf"] for each in _terms(json.dumps(part))]
    return [] if set(document) == {NO_CONDITION} else [text]


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        document = strict_json(text)
    except (WrongValue, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _denied(term: str) -> dict[str, Any] | None:
    """Return the condition under which a denial holds, if a term is one of a denial."""
    document = _parsed(term)
    if document is None or set(document) != {"Unless"}:
        return None
    return document["Unless"] if _is_condition(document["Unless"]) else None


def _of_aws(term: str) -> dict[str, Any] | None:
    """Return a term as a condition of AWS; None if it is none."""
    document = _parsed(term)
    if document is not None and set(document) == {"PermissionsBoundary"}:
        document = document["PermissionsBoundary"]
    return document if _is_condition(document) else None


def _is_condition(document: Any) -> bool:
    return (
        isinstance(document, dict)
        and bool(document)
        and all(OPERATOR.fullmatch(operator) for operator in document)
        and all(isinstance(keys, dict) and keys for keys in document.values())
        and all(_is_value(v) for keys in document.values() for v in keys.values())
    )


def _is_value(value: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    return all(isinstance(each, str | bool | int | float) for each in values)


def _condition(terms: Sequence[str]) -> dict[str, Any]:
    """Return the condition that all terms hold; empty without any.

    Two conditions on one key by one operator would be alternatives, so the second is stated as
    text.
    """
    joined: dict[str, dict[str, Any]] = {}
    tags = 0
    for term in terms:
        document = _of_aws(term)
        if document is None or _clash(joined, document):
            tags += 1
            document = {"StringEquals": {f"{TAG}-{tags}": term}}
        for operator, keys in document.items():
            joined.setdefault(operator, {}).update(keys)
    return {"Condition": joined} if joined else {}


def _clash(joined: dict[str, dict[str, Any]], document: dict[str, Any]) -> bool:
    return any(
        key in joined.get(operator, {}) and joined[operator][key] != value
        for operator, keys in document.items()
        for key, value in keys.items()
    )


FORMAT = Format("iam", write, by_action=True)
