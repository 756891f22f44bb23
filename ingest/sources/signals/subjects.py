"""Subjects of security events, in the formats of RFC 9493 and of Shared Signals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph.element import Node
from graph.schema import HUMAN, SERVICE_ACCOUNT
from ingest.rows import listed, text
from ingest.secrets.redaction import redact_text

# Whom an event is about, of the parts of a complex subject, with what such a part mostly is.
PARTS: Mapping[str, Node] = {
    "user": HUMAN,
    "application": SERVICE_ACCOUNT,
    "workload": SERVICE_ACCOUNT,
    "agent": SERVICE_ACCOUNT,
}
OWN_IDS = {"opaque": "id", "uri": "uri", "did": "url", "account": "uri"}
SPIFFE = "spiffe://"


@dataclass(frozen=True, slots=True)
class Subject:
    """An identity: its id, a label that any other source overrules, and its other ids.

    `session` is the id of the session that a complex subject names.
    """

    id: str
    label: Node
    email: str | None = None
    external_ids: tuple[str, ...] = field(default_factory=tuple)
    session: str = ""


def subject_of(value: Any, scope: str) -> Subject | None:
    """Return the identity of a subject; None if it names none, such as a device alone."""
    if not isinstance(value, dict):
        return None
    if text(value.get("format")) == "complex" or any(isinstance(value.get(p), dict) for p in PARTS):
        return _complex(value, scope)
    return _simple(value, HUMAN, scope)


def _complex(value: Mapping[str, Any], scope: str) -> Subject | None:
    session = value.get("session")
    name = _own_id(session)[1] if isinstance(session, dict) else ""
    for part, label in PARTS.items():
        subject = _simple(value.get(part), label, scope)
        if subject is not None:
            ids = subject.external_ids
            return Subject(subject.id, label, subject.email, ids, name)
    return None


def _simple(value: Any, label: Node, scope: str) -> Subject | None:
    """Return a simple subject, or the first of its aliases that names it."""
    if not isinstance(value, dict):
        return None
    names = listed(value.get("identifiers")) if value.get("format") == "aliases" else [value]
    names = [name for name in names if isinstance(name, dict)]
    ids = [_own_id(name) for name in names]
    own = next((id_ for kind, id_ in ids if id_ and kind in OWN_IDS), "")
    emails = [id_.lower() for kind, id_ in ids if id_ and kind == "email"]
    external = [f"oidc:{id_}" for kind, id_ in ids if id_ and kind == "iss_sub"]
    external += [f"spiffe:{id_}" for _, id_ in ids if id_.startswith(SPIFFE)]
    rest = next(iter(emails), "") or next((id_ for _, id_ in ids if id_), "")
    if not rest:
        return None
    label = SERVICE_ACCOUNT if own.startswith(SPIFFE) else label
    id_ = own or f"signals:{scope}/{rest}"
    return Subject(id_, label, emails[0] if emails else None, tuple(dict.fromkeys(external)))


def _own_id(value: Mapping[str, Any]) -> tuple[str, str]:
    """Return the format of an identifier and what it holds, as one text; "" if it holds nothing."""
    kind = text(value.get("format")) or text(value.get("subject_type"))
    kind = kind.replace("-", "_")
    if kind in ("iss_sub", "jwt_id"):
        parts = [redact_text(text(value.get(name))) for name in ("iss", "sub")]
        return ("iss_sub", "|".join(parts)) if kind == "iss_sub" and all(parts) else (kind, "")
    member = {**OWN_IDS, "email": "email", "phone_number": "phone_number"}.get(kind)
    return kind, redact_text(text(value.get(member))) if member else ""
