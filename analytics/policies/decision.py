"""Decisions about requests, and the record that is kept of each.

A record has only the fields of a decision record: headers and tokens in the context of a request
are dropped, and what looks like a secret in the rest is redacted.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.containers import above
from analytics.engines.policy_set import (
    ALLOW,
    ESCALATE,
    REFUSED,
    UNKNOWN,
    PolicySet,
    Uid,
    Verdict,
)
from analytics.policies.asked import actions
from analytics.policies.cedar_entities import entities, uid
from analytics.policies.distinct import GRANT_END, JUSTIFICATION, NOW, SECOND
from analytics.policies.grant_ends import grant_ends
from analytics.policies.policy_input import FACTS, PolicyInput, policy_input
from analytics.policies.requests import Request
from analytics.posture import Posture
from analytics.usage.action_levels import level_of
from graph.identity.lookup import UnknownThing
from graph.instants import NEVER
from graph.secrets import redact_prose, redact_text
from graph.values import WrongValue, instant, iso

DECISIONS = {ALLOW: "allow", ESCALATE: "escalate"}  # any other outcome denies
CONTEXT = ("env", "tool", "delegation_chain", "correlation_id")
ENDS = ("subject", "resource")
RECORDED_FACTS = ("tdr_bp", "grade", "owner_active")
NOTHING_PERMITS = "no policy permits it"


def placed(
    posture: Posture, request: Request, at: pd.Timestamp
) -> tuple[Request, list[dict[str, Any]], dict[str, Any]]:
    """Return a request about things of a posture, their entities, and the posture to record.

    The context has the instant, and the end of the grant that gives the access, as they are known:
    what the request says of either is dropped, as of any other fact of a thing of the posture.
    A justification that is empty or had expired is none.
    A resource that no source states is known by what the request says of it alone.

    Raises
    ------
    UnknownThing, AmbiguousThing
        No source states the subject, or it is not the only one of that name.
    """
    graph, question = posture.graph, request.question
    principal = graph.find(question.principal["id"])
    try:
        resource = graph.find(question.resource["id"])
    except UnknownThing:
        resource = -1
    numbers = np.array([resource] if resource >= 0 else [], np.int64)
    of = policy_input(posture, np.array([principal]), above(graph, numbers))
    subject = _uid(posture, principal)
    used = _uid(posture, resource) if resource >= 0 else question.resource
    level = level_of(question.action["id"])
    known = {NOW: int(at.timestamp())}
    end = grant_ends(posture, *(np.array([n]) for n in (principal, resource, level)))[0]
    if end != NEVER:
        known[GRANT_END] = int(end) // SECOND
    stated = {
        name: value
        for name, value in question.context.items()
        if name != GRANT_END and not (name == JUSTIFICATION and not _holds(value, at))
    }
    action = actions(posture, np.array([resource]), np.array([level]), [question.action["id"]])
    asked = replace(
        question,
        principal=subject,
        resource=used,
        action=uid("Action", str(action[0])),
        context={**stated, **known},
    )
    named = (question.principal, subject, True), (question.resource, used, resource >= 0)
    facts = {
        (end["type"], end["id"]): _own_words(request, name, is_known)
        for name, end, is_known in named
    }
    made = replace(request, question=asked, properties={k: v for k, v in facts.items() if v})
    return made, entities(of), _recorded_posture(posture, of, subject["id"])


def _own_words(request: Request, end: Uid, is_known: bool) -> dict[str, Any]:
    """Return what a request says of an end; of a thing of the posture nothing that is a fact there.

    A fact that no source knows stays unknown: who asks would state what opens it.
    """
    stated = request.properties.get((end["type"], end["id"]), {})
    return {name: value for name, value in stated.items() if not (is_known and name in FACTS)}


def _holds(justification: Any, at: pd.Timestamp) -> bool:
    """Return whether a justification says something, and had not expired by an instant."""
    if not isinstance(justification, Mapping):
        return not isinstance(justification, str) or bool(justification.strip())
    ends = justification.get("expires_at")
    try:
        over = ends is not None and instant(ends) < at
    except WrongValue:
        return False
    words = justification.get("text")
    return not over and (not isinstance(words, str) or bool(words.strip()))


def _uid(posture: Posture, number: int) -> dict[str, str]:
    thing = posture.graph.thing(number)
    return uid(thing["label"], thing["id"])


def _recorded_posture(posture: Posture, of: PolicyInput, subject: str) -> dict[str, Any]:
    info = posture.graph.snapshot
    facts = of.principals[subject]
    known = {name: facts[name] for name in RECORDED_FACTS if name in facts}
    return {"snapshot": info.id if info else None, **known}


def record_of(
    policies: PolicySet,
    request: Request,
    verdict: Verdict,
    at: pd.Timestamp,
    posture: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the record of a decision, without id and hashes.

    A request is denied where it could not be evaluated, and where it would be allowed only because
    a policy that forbids could not be.
    """
    document, context = request.document, dict(request.question.context)
    offered = document.get("context") or context  # also a justification that did not count
    ends = [part if isinstance(part, Mapping) else {} for part in map(document.get, ENDS)]
    deciding = [policies.policies[position].id for position in verdict.reasons]
    record = {
        "at": iso(at),
        "subject": _end(ends[0], request.question.principal, ("instance", "identity")),
        "on_behalf_of": _behalf(document, context),
        "action": {"name": _action(document, request)},
        "resource": _end(ends[1], request.question.resource, ()),
        "intent": _named(context, {"purpose": "purpose", "task_id": "task_id"}),
        "context": _named(context, dict(zip(CONTEXT, CONTEXT, strict=True))),
        "risk": _risk(context.get("risk")),
        "posture": dict(posture) if posture else None,
        "decision": DECISIONS.get(verdict.outcome, "deny"),
        "policy": {
            "id": deciding[0] if deciding else None,
            "version": policies.version,
            "engine": policies.engine,
            "policies": deciding,
        },
        "justification": _justification(offered.get(JUSTIFICATION)),
        "reason": _reason(policies, verdict),
    }
    return {name: _kept(value) for name, value in record.items() if value not in (None, {})}


def _end(stated: Mapping[str, Any], uid: Mapping[str, str], kept: tuple[str, ...]) -> Any:
    """Return an end of a request: the type that it states, and the id of what it stands for."""
    named = {"type": stated.get("type", uid["type"]), "id": uid["id"]}
    properties = stated.get("properties") or {}
    facts = {name: properties[name] for name in kept if properties.get(name) is not None}
    return named | ({"properties": facts} if facts else {})


def _action(document: Mapping[str, Any], request: Request) -> str:
    stated = document.get("action")
    named = stated.get("name") if isinstance(stated, Mapping) else None
    return str(named or request.question.action["id"])


def _behalf(document: Mapping[str, Any], context: Mapping[str, Any]) -> Any:
    """Return for whom it is asked, as an end of a request."""
    stated = document.get("on_behalf_of") or context.get("on_behalf_of")
    if isinstance(stated, Mapping):
        return {name: stated[name] for name in ("type", "id") if name in stated}
    return {"id": stated} if isinstance(stated, str) else None


def _named(context: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {name: context[of] for name, of in names.items() if context.get(of) is not None}


def _risk(stated: Any) -> dict[str, Any] | None:
    """Return the risk of a request, which may be its score alone."""
    if isinstance(stated, dict):
        return stated
    is_score = isinstance(stated, int | float) and not isinstance(stated, bool)
    return {"score": stated} if is_score else None


def _justification(stated: Any) -> dict[str, Any] | None:
    if isinstance(stated, Mapping):
        return _named(stated, {name: name for name in ("text", "approver", "expires_at")})
    return {"text": stated} if isinstance(stated, str) else None


def _reason(policies: PolicySet, verdict: Verdict) -> str | None:
    """Return why a request is not simply decided by the policies that its record names."""
    if verdict.outcome == REFUSED:
        return f"the request could not be evaluated: {verdict.refused}"
    failed = [policies.policies[at].id for at, _ in verdict.errors if at >= 0]
    if verdict.outcome == UNKNOWN:
        return f"denied, as policies that forbid could not be evaluated: {', '.join(failed)}"
    return None if verdict.reasons else NOTHING_PERMITS


def _kept(value: Any) -> Any:
    """Return a value without what looks like a secret."""
    if isinstance(value, Mapping):
        return {
            name: redact_prose(part) if name == "text" and isinstance(part, str) else _kept(part)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [_kept(part) for part in value]
    return redact_text(value) if isinstance(value, str) else value
