"""Receipts of an action with claims of others (RCL): authorisation, occurrence and check.

Each claim is signed by the authority that can make it. The emitter signs the envelope, so its word
on a claim counts for nothing. What is signed is sorted JSON without spaces, without the signature.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from graph.receipts.claims import (
    AUTHENTIC,
    AUTHORISED,
    CHECKED,
    NO,
    OCCURRED,
    YES,
    Claim,
    Context,
    Judged,
    no,
    unknown,
    yes,
)
from graph.receipts.dates import instant_of, is_future
from graph.receipts.digests import is_digest_of, without, written
from graph.receipts.format import Format
from graph.receipts.keys import Key, KeyRing, key_ring_of
from graph.receipts.signed import Signature, label, verifies

ENVELOPE, CLAIM = "envelope_sig", "sig"
EMITTER, AUTHZ, EXEC, CHECKER = "emitter", "authz", "exec", "checker"
ROLES = (EMITTER, AUTHZ, EXEC, CHECKER)
NOT_VOUCHED = "which the file brings itself and nobody vouches for"


def recognises(record: Any) -> bool:
    """Return whether a record is such a receipt."""
    return (
        isinstance(record, dict) and ENVELOPE in record and isinstance(record.get("claims"), dict)
    )


def judge(record: Mapping[str, Any], context: Context) -> Judged:
    """Judge the envelope, and each claim with its evidence."""
    reader = _Reader(record, context)
    claims = {
        AUTHENTIC: reader.envelope(),
        AUTHORISED: reader.claim("authorization", AUTHZ, reader.authorised),
        OCCURRED: reader.claim("occurrence", EXEC, reader.occurred),
        CHECKED: reader.claim("check", CHECKER, reader.checked),
    }
    check = record["claims"].get("check")
    dated = instant_of(check.get("issued_at")) if isinstance(check, dict) else None
    id_ = context.around.get("test_id", context.around.get("id"))
    return Judged(
        id=id_ if isinstance(id_, str) else None,
        claims=claims,
        dated=dated,
        lacks=tuple(dict.fromkeys(reader.lacks)),
    )


class _Reader:
    """The parts of one receipt, read with the keys."""

    def __init__(self, record: Mapping[str, Any], context: Context) -> None:
        self.record, self.context = record, context
        self.claims: Mapping[str, Any] = record["claims"]
        self.brought = key_ring_of({"public_keys": context.around.get("public_keys")}, "the file")
        self.lacks: list[str] = []
        self.emitters = self._of_emitter()

    def _of_emitter(self) -> list[Key]:
        """Return the keys that sign the envelope: those of the emitter, by name or by use."""
        signature = self._signature(self.record, ENVELOPE)
        keys = (*self.context.keys.keys, *self.brought.keys)
        return [
            key
            for key in keys
            if key.name == EMITTER or (signature is not None and verifies(signature, key))
        ]

    def _signature(self, signed: Mapping[str, Any], field: str) -> Signature | None:
        try:
            value = bytes.fromhex(signed[field])
        except (KeyError, TypeError, ValueError):
            return None
        return Signature(value, tuple(written(without(signed, field))))

    def envelope(self) -> Claim:
        """Return whether the receipt is what its emitter signed."""
        if not is_digest_of(self.record.get("action_digest"), self.record.get("action")):
            return no("its action does not have the digest that it states")
        return self._holds(self.record, ENVELOPE, EMITTER, "the envelope")

    def claim(self, name: str, role: str, bound: Any) -> Claim:
        """Return whether a claim is supported by its authority and bound to the action."""
        evidence = self.claims.get(name)
        if not isinstance(evidence, dict):
            return no("there is no evidence of it")
        signature = self._signature(evidence, CLAIM)
        if signature is not None and any(verifies(signature, key) for key in self.emitters):
            return no("self-attested: it is signed by the emitter of the receipt")
        attested = self._holds(evidence, CLAIM, role, "its evidence")
        if attested.state == NO:
            return attested
        content: Claim = bound(evidence)
        return attested if content.state == YES else content

    def _holds(self, signed: Mapping[str, Any], field: str, role: str, part: str) -> Claim:
        """Return whether a part is signed by the key of a role, which must be given."""
        signature = self._signature(signed, field)
        if signature is None:
            return no(f"{part} is not signed")
        given = self.context.keys
        if named := _of_role(given, role):
            return _under(signature, named, part)
        for key in given.keys:  # a key that is named after another role does not speak for this one
            if key.name not in ROLES and verifies(signature, key):
                return yes(f"{part} is signed with the key {label(key)}")
        self.lacks.append(role)
        if brought := _of_role(self.brought, role):
            under = _under(signature, brought, part)
            return under if under.state == NO else unknown(f"{under.reason}, {NOT_VOUCHED}")
        return unknown(f"the key {role} is not given")

    def authorised(self, evidence: Mapping[str, Any]) -> Claim:
        """Return whether an authorisation is of this action, with these parameters."""
        action = self.record.get("action")
        params = action.get("params") if isinstance(action, dict) else None
        if not is_digest_of(evidence.get("action_digest"), action):
            return no("it authorises another action")
        if not is_digest_of(evidence.get("params_digest"), params):
            return no("it authorises other parameters")
        return yes("it is bound to the action")

    def occurred(self, evidence: Mapping[str, Any]) -> Claim:
        """Return whether an acknowledgement is of this action."""
        if not is_digest_of(evidence.get("action_digest"), self.record.get("action")):
            return no("it acknowledges another action")
        return yes("it is bound to the action")

    def checked(self, evidence: Mapping[str, Any]) -> Claim:
        """Return whether a check passed, of the tools of this action, and lately."""
        tools = self.record.get("tool_set_digest")
        if not isinstance(tools, str) or evidence.get("input_digest") != tools:
            return no("it checked another set of tools")
        if evidence.get("output") != "pass":
            return no("the check did not pass")
        return self._fresh(instant_of(evidence.get("issued_at")))

    def _fresh(self, issued: datetime | None) -> Claim:
        around = {**_binding(self.context.around), **self.context.around}
        window = around.get("freshness_window_seconds")
        if isinstance(window, bool) or not isinstance(window, int | float):
            return yes("it states no time for which a check is fresh")
        if issued is None:
            return no("it does not say when it checked")
        at = self.context.at or instant_of(around.get("evaluation_time"))
        if at is None:
            return unknown("nothing says at which instant the check had to be fresh")
        if is_future(issued, at):
            return no("it is dated after the instant at which it is judged")
        if (at - issued).total_seconds() > window:
            return no(f"the check was made more than {window:g} s before")
        return yes("it is fresh")


def _binding(around: Mapping[str, Any]) -> Mapping[str, Any]:
    binding = around.get("evidence_binding")
    return binding if isinstance(binding, dict) else {}


def _of_role(ring: KeyRing, role: str) -> tuple[Key, ...]:
    return ring.named(role)


def _under(signature: Signature, keys: tuple[Key, ...], part: str) -> Claim:
    for key in keys:
        if verifies(signature, key):
            return yes(f"{part} is signed with the key {label(key)}")
    return no(f"{part} is not what the key {label(keys[0])} signed")


FORMAT = Format("rcl", "Receipt with claims of others (RCL)", 10, recognises, judge)
