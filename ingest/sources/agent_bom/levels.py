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
# The ends of actions of Google Cloud (`storage.objects.get`), by their beginnings.
VERBS = {
    "list": "list",
    "get": "read",
    **dict.fromkeys(("create", "update", "delete", "patch", "insert", "write", "publish"), "write"),
}
RULING = ("setiampolicy", "actas", "getaccesstoken", "signblob", "signjwt")  # they make others able
CHANGES = ("write", "delete", "action")  # the ends of actions of Azure that are no reading
RULES = "microsoft.authorization/"  # begins those about who may do what


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
    """Return the levels of an action of Azure or Google Cloud, else those of its words.

    >>> _levels_of("Microsoft.Storage/storageAccounts/listKeys/action")
    ('read', 'write')
    """
    before, slash, end = action.lower().rpartition("/")
    if slash and end == "read":
        return ("read",)
    if slash and end in CHANGES:
        does = before.rpartition("/")[2]
        opens = does.startswith("list") and does.endswith("keys")  # the keys open all of it
        return (
            ("admin",) if before.startswith(RULES) else ("read", "write") if opens else ("write",)
        )
    before, dot, end = action.lower().rpartition(".")
    if dot and (end in RULING or (before, end) == ("iam.serviceaccountkeys", "create")):
        return ("admin",)
    if dot and (level := next((VERBS[verb] for verb in VERBS if end.startswith(verb)), None)):
        return (level,)
    return tuple(level for word in WORD.findall(action.lower()) for level in WORDS.get(word, ()))
