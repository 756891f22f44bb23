"""Actions and other content known by their digest (action-ref and its kin), over canonical JSON.

The digest is taken of the content as it is: nothing is put right before. An action names who, what,
in which scope and when, to the millisecond and in UTC.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graph.receipts.claims import AUTHENTIC, AUTHORISED, CHECKED, Context, Judged
from graph.receipts.digests import bare, digests, is_digest_of
from graph.receipts.format import Format
from graph.receipts.referenced import (
    first,
    is_digest,
    judged,
    mapping,
    parts_with_digests,
    rewritten,
)

ACTION = ("action_type", "agent_id", "scope", "timestamp")
CONTENT = (  # as it is presented to a verifier, before as it was issued
    *("presented_preimage", "invocation_payload", "complete_preimage", "preimage", "input"),
    *("issued_preimage", "embedded_preimage"),
)
STATED = (  # what is claimed, before what would be right
    *("claimed_action_ref", "tampered_action_ref", "broken_action_ref", "issued_action_ref"),
    *("action_ref", "expected", "decision_binding_ref", "embedded_decision_binding_ref"),
)
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
RUBRIC = "rubric_version"  # of a statement on a counterparty
FAILED = ("high_or_critical", "fail", "failed")  # outcomes of a scan
POLICIES, CONTEXTS = "policy_snapshots", "context_sets"
PRESENTED = (  # the policy that is held against the one an action was authorised under
    *("policy_snapshot_presented", "policy_snapshot_used", "policy_snapshot_at_execution"),
    "current_policy",
)
CONTEXT = ("presented_context_set", "context_set_used")


def recognises(record: Any) -> bool:
    """Return whether a record is content with its digest."""
    if not isinstance(record, dict):
        return False
    content = _content(record)
    if content and (_is_action(content) or RUBRIC in content or _stated(record)):
        return True
    return next(parts_with_digests(record), None) is not None


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge the digest of an action, and the policy and the context that it names."""
    content, stated = _content(record), _stated(record)
    action = _is_action(content)
    mismatch = content and stated and bare(stated) not in digests(content)
    faults = {
        AUTHENTIC: first(
            *(_grammar(content, stated) if action else _dated(content)),
            "its digest is that of other content" if mismatch else None,
            None if mismatch else rewritten(record),
        ),
        AUTHORISED: first(*_bound(record, content, context.around)),
        CHECKED: first(*_scanned(mapping(record.get("verdict")))),
    }
    return judged(record, faults)


def _content(record: Mapping[str, Any]) -> Mapping[str, Any]:
    return next((mapping(record[name]) for name in CONTENT if mapping(record.get(name))), {})


def _stated(record: Mapping[str, Any]) -> str | None:
    return next((str(record[name]) for name in STATED if is_digest(record.get(name))), None)


def _is_action(content: Mapping[str, Any]) -> bool:
    return {"agent_id", "action_type"} <= content.keys()


def _grammar(action: Mapping[str, Any], stated: str | None) -> Iterator[str]:
    for name in ACTION:
        if not isinstance(action.get(name), str):
            yield f"its action has no {name} that is text"
    if not INSTANT.fullmatch(str(action.get("timestamp"))):
        yield "its action is not dated in UTC to the millisecond"
    for name in ACTION if stated is None else ():
        value = action.get(name)
        if isinstance(value, str) and not (value and value.isascii()):
            yield f"the {name} of its action is empty, or not ASCII"


def _dated(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield that a statement on a counterparty has no date."""
    if RUBRIC in content and "timestamp" not in content:
        yield "it has no date"


def _scanned(verdict: Mapping[str, Any]) -> Iterator[str]:
    """Yield that what the action refers to did not pass its scan."""
    if verdict.get("outcome") in FAILED:
        yield f"the scan that it carries ended in {verdict['outcome']}"


def _bound(
    record: Mapping[str, Any], content: Mapping[str, Any], around: Mapping[str, Any]
) -> Iterator[str]:
    """Yield that the policy or the context is not the one that was decided with."""
    issued = mapping(record.get("issued_preimage")) or content
    policy = _named(record, PRESENTED, around.get(POLICIES), "object")
    if policy is not None and not is_digest_of(issued.get("authorization_ref"), policy):
        yield "it was authorised under another policy"
    assembled = _named(record, CONTEXT, around.get(CONTEXTS), "assembled_context")
    if assembled is not None and not is_digest_of(issued.get("context_digest"), assembled):
        yield "it was decided with another context"


def _named(record: Mapping[str, Any], names: tuple[str, ...], among: Any, part: str) -> Any:
    """Return the part of what a record names of a table around it; None if it names nothing."""
    name = next((record[each] for each in names if isinstance(record.get(each), str)), None)
    return mapping(mapping(among).get(name)).get(part) if name is not None else None


FORMAT = Format("reference", "Content with its digest (action-ref)", 80, recognises, judge)
