"""Texts for what opened or closed a debt item, and the facts that each assumption rests on."""

from collections.abc import Mapping
from dataclasses import dataclass

from graph.element import Element
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    COVERS,
    CREDENTIAL,
    HUMAN,
    IDENTITIES,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    SERVICE_ACCOUNT,
    SPAWNS,
    USED,
    USES,
)


@dataclass(frozen=True)
class Where:
    """Facts that an assumption rests on: rows of `elements` whose `column` names `part`.

    `part` is one of identity, holder, resource, grant, about (the object of the item), other (the
    other grant of a duty), owners, and keys (of the identity). Of rows on both sides only changes
    of `fields` count; of any field if empty.
    """

    elements: tuple[Element, ...]
    column: str
    part: str
    fields: tuple[str, ...] = ()


def _grant(*fields: str) -> Where:
    return Where((CAN_ACCESS,), "id", "grant", fields)


_KEY = (
    Where((CREDENTIAL,), "id", "about"),
    Where((USES,), "target_id", "about"),
    Where((AUTHENTICATES_AS,), "source_id", "about"),
)
_REVIEWED = (
    Where((COVERS,), "target_id", "identity"),
    Where((COVERS,), "target_id", "holder"),
)
RESTS_ON: Mapping[str, tuple[Where, ...]] = {
    "owner": (
        Where((OWNS,), "target_id", "identity"),
        Where((HUMAN,), "id", "owners", ("status", "left_at", "status_at")),
        Where((MEMBER_OF,), "target_id", "owners"),
        Where((SPAWNS,), "target_id", "identity"),
    ),
    "scope": (Where((AGENT, SERVICE_ACCOUNT), "id", "identity", ("declared_scope",)),),
    "necessity": (
        _grant("last_used_at", "telemetry"),
        Where((USED,), "source_id", "holder"),
    ),
    "standing": (_grant("expires_at", "eligible"),),
    "outlived": (
        _grant("expires_at", "task_ended_at", "reviewed_at"),
        Where(IDENTITIES, "id", "identity", ("status", "expires_at", "deleted_at")),
        *_REVIEWED,
    ),
    "review": (_grant("reviewed_at"), *_REVIEWED),
    "evidence": (Where((USED,), "source_id", "identity"),),
    "cred_storage": _KEY,
    "cred_age": _KEY,
    "cred_auth": _KEY,
    "cred_shared": _KEY,
    "cred_human": _KEY,
    "env": (
        Where(IDENTITIES, "id", "identity", ("env",)),
        Where(IDENTITIES, "id", "holder", ("env",)),
        Where((RESOURCE,), "id", "resource", ("env",)),
    ),
    "third_party": (
        Where((AGENT, SERVICE_ACCOUNT), "id", "identity", ("third_party",)),
        *_REVIEWED[:1],
    ),
    "sod": (Where((CAN_ACCESS,), "id", "other"),),
}
KIND: Mapping[str, tuple[str, ...]] = {
    "owner": ("owners",),
    "scope": ("scope",),
    "necessity": ("usage",),
    "outlived": ("reviews",),
    "review": ("reviews",),
    "third_party": ("reviews",),
    "evidence": ("decisions", "usage"),
    **{k: ("credentials",) for k in RESTS_ON if k.startswith("cred_")},
}
BROKE: Mapping[str, str] = {
    "owner": "the {about} owner was taken off",
    "scope": "declared scope changed",
    "necessity": "last use taken back",
    "standing": "expiry taken off",
    "outlived": "end set, but access is still there",
    "review": "approval taken back",
    "evidence": "used without a decision",
    "env": "environment changed",
    "third_party": "approval taken back",
    "sod": "the other side was granted",
    "cred_storage": "credential kept outside a secret manager",
    "cred_age": "credential changed",
    "cred_auth": "credential authenticates weakly",
    "cred_shared": "credential shared",
    "cred_human": "a person used the credential",
}
BROKE_BY_TIME: Mapping[str, str] = {
    "owner": "the last {about} owner left",
    "necessity": "unused for too long",
    "standing": "no activation is needed any more",
    "outlived": "expired, and access is still there",
    "review": "approval ran out",
    "evidence": "used without a decision",
    "cred_age": "not rotated for too long",
}
MENDED: Mapping[str, str] = {
    "owner": "{about} owner assigned",
    "scope": "declared scope covers it",
    "necessity": "used",
    "standing": "expiry set",
    "outlived": "end put off",
    "review": "reviewed",
    "evidence": "explained",
    "env": "environment changed",
    "third_party": "vetted",
    "sod": "the other side was taken away",
    "cred_storage": "credential moved to a secret manager",
    "cred_age": "rotated",
    "cred_auth": "credential authenticates strongly",
    "cred_shared": "credential shared no more",
    "cred_human": "credential changed",
}
MENDED_BY_TIME: Mapping[str, str] = {
    "standing": "activation is needed now",
    "evidence": "the uses that nobody explained are past the window",
    "necessity": "used",
}
OTHER: Mapping[str, tuple[str, str]] = {  # what ended an item, and what began it
    "credential": ("credential ended", "credential in force again"),
    "identity": ("identity in service again", "identity ended, but access is still there"),
    "rule": ("no rule keeps both sides apart any more", "a rule keeps both sides apart now"),
}
