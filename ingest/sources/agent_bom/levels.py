"""The levels that an edge of agent-bom grants, by the privileges, roles and actions it names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ingest.rows import listed, text
from ingest.secrets.redaction import redact_text

NAMES = ("privilege_level", "privilege", "privileges", "role", "roles")
ALLOW = ("", "allow")  # decisions that grant something
WORDS = {  # words of a role or privilege, and the levels that they give
    "admin": ("read", "write", "admin"),
    "owner": ("read", "write", "admin"),
    "ownership": ("read", "write", "admin"),
    "administrator": ("read", "write", "admin"),
    "write": ("read", "write"),
    "editor": ("read", "write"),
    "contributor": ("read", "write"),
    "insert": ("write",),
    "update": ("write",),
    "delete": ("write",),
    "truncate": ("write",),
    "create": ("write",),
    "modify": ("write",),
    "read": ("read",),
    "reader": ("read",),
    "viewer": ("read",),
    "select": ("read",),
    "usage": ("read",),
    "list": ("list",),
}
WORD = re.compile(r"[A-Za-z]+")
# Actions of Azure (`Microsoft.Storage/storageAccounts/write`) and of Google Cloud
# (`storage.objects.get`), by their ends; of several that fit, the first counts.
ACTIONS = (
    (re.compile(r"(?i)microsoft\.authorization/.*/(?:write|delete|action)"), ("admin",)),
    (re.compile(r"(?i).*/list\w*keys/action"), ("read", "write")),  # the keys open all of it
    (re.compile(r"(?i).*/read"), ("read",)),
    (re.compile(r"(?i).*/(?:write|delete|action)"), ("write",)),
    (re.compile(r"(?:.*\.)?(?:set\w*IamPolicy|actAs|getAccessToken|signBlob|signJwt)"), ("admin",)),
    (re.compile(r"iam\.serviceAccountKeys\.create"), ("admin",)),
    (re.compile(r"[\w.]+\.list\w*"), ("list",)),
    (re.compile(r"[\w.]+\.get\w*"), ("read",)),
    (re.compile(r"[\w.]+\.(?:create|update|delete|patch|insert|write|publish)\w*"), ("write",)),
)


def granted_by(evidence: Mapping[str, Any]) -> tuple[list[str], set[str]]:
    """Return what the evidence of an edge names, and the levels that this gives.

    Where several actions were evaluated, each has a record of its own and the edge names none.

    >>> granted_by({"authorization_decisions": [{"action": "storage.objects.get"}]})
    (['storage.objects.get'], {'read'})
    """
    names = [redact_text(text(n)) for key in NAMES for n in listed(evidence.get(key)) if text(n)]
    actions = list(dict.fromkeys(_actions(evidence)))
    words = {word.lower() for name in names for word in WORD.findall(name)}
    levels = {level for word in words for level in WORDS.get(word, ())}
    levels |= {level for action in actions for level in _levels_of(action)}
    return [*names, *actions], levels


def _actions(evidence: Mapping[str, Any]) -> Iterator[str]:
    for record in (evidence, *listed(evidence.get("authorization_decisions"))):
        if isinstance(record, dict) and text(record.get("decision")).lower() in ALLOW:
            yield from (redact_text(text(a)) for a in listed(record.get("action")) if text(a))


def _levels_of(action: str) -> tuple[str, ...]:
    for form, levels in ACTIONS:
        if form.fullmatch(action):
            return levels
    return tuple(level for word in WORD.findall(action.lower()) for level in WORDS.get(word, ()))
