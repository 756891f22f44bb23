"""The actor of an event: an identity of an account, and the access key that it used.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graph.aws.arn import ACCOUNT, parse
from graph.element import Node
from graph.schema import HUMAN, ROLE
from ingest.rows import text
from ingest.secrets.redaction import redact_text

SESSION = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
SIMPLE = re.compile(r"[^\s*?]{1,1500}")
# A lasting key. ASIA is the prefix of a session's key, which expires and is no credential here.
LASTING = re.compile(r"AKIA[A-Z0-9]{12,124}")


@dataclass(frozen=True, slots=True)
class Actor:
    """An identity, and the id of the lasting key that it acted with ("" for none)."""

    principal: str
    key: str = ""

    @property
    def credential(self) -> str | None:
        """The id of the key as a credential; by its `aws_id` it is merged with that of `aws`."""
        return f"aws:access_key/{self.key}" if self.key else None


def actor(identity: Any) -> Actor | None:
    """Return the identity of an account that acted: a user, the role of a session, or root."""
    if not isinstance(identity, dict):
        return None
    sort, arn = text(identity.get("type")), text(identity.get("arn"))
    if sort in ("AssumedRole", "FederatedUser"):
        arn = _issuer(identity, arn)
    elif sort not in ("IAMUser", "Role", "Root"):
        return None
    if _is_root(arn):
        return Actor(f"{arn}#user", _lasting(identity))
    parsed = parse(arn) if sort != "Root" and plain(arn) else None
    if parsed is None or not parsed.is_principal or parsed.kind == "group":
        return None
    return Actor(arn, _lasting(identity) if parsed.kind == "user" else "")


def _issuer(identity: dict[str, Any], arn: str) -> str:
    """Return the role, or the user, that a session is of."""
    context = identity.get("sessionContext")
    issuer = context.get("sessionIssuer") if isinstance(context, dict) else None
    issued_by = text(issuer.get("arn")) if isinstance(issuer, dict) else ""
    session = SESSION.fullmatch(arn)
    if not issued_by and session is not None:
        return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
    return issued_by


def _lasting(identity: dict[str, Any]) -> str:
    key = text(identity.get("accessKeyId"))
    return key if LASTING.fullmatch(key) and redact_text(key) == key else ""


def _is_root(arn: str) -> bool:
    parsed = parse(arn) if plain(arn) else None
    root = parsed is not None and parsed.service == "iam" and parsed.resource == "root"
    return root and bool(ACCOUNT.fullmatch(parsed.account if parsed else ""))


def label_of(principal: str) -> Node:
    """Return the label of an identity, as far as a log shows it; other exports may know better."""
    return ROLE if ":role/" in principal else HUMAN


@lru_cache(maxsize=65_536)
def plain(name: str) -> bool:
    """Return whether a name has no wildcard or space, and holds nothing like a secret."""
    return bool(SIMPLE.fullmatch(name)) and redact_text(name) == name
