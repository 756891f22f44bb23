"""Who did something: an identity of an account, and the access key it was done with.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graph.element import Node
from graph.schema import HUMAN, ROLE
from ingest.rows import text
from ingest.secrets.redaction import redact_text
from ingest.sources.aws.arn import ACCOUNT, parse

SESSION = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
SIMPLE = re.compile(r"[^\s*?]{1,1500}")
# A key that lasts. ASIA is that of a session, which ends by itself and is no credential of its own.
LASTING = re.compile(r"AKIA[A-Z0-9]{12,124}")


@dataclass(frozen=True, slots=True)
class Actor:
    """An identity, and the id of the lasting key that it acted with ("" for none)."""

    principal: str
    key: str = ""

    @property
    def credential(self) -> str | None:
        """The id of the key as a credential; by its `aws_id` it is one with that of `aws`."""
        return f"aws:access_key/{self.key}" if self.key else None


def actor(said: Any) -> Actor | None:
    """Return the identity of an account that acted: a user, the role of a session, or root."""
    if not isinstance(said, dict):
        return None
    sort, arn = text(said.get("type")), text(said.get("arn"))
    if sort in ("AssumedRole", "FederatedUser"):
        arn = _issuer(said, arn)
    elif sort not in ("IAMUser", "Role", "Root"):
        return None
    if _is_root(arn):
        return Actor(f"{arn}#user", _lasting(said))
    parsed = parse(arn) if sort != "Root" and plain(arn) else None
    if parsed is None or not parsed.is_principal or parsed.kind == "group":
        return None
    return Actor(arn, _lasting(said) if parsed.kind == "user" else "")


def _issuer(said: dict[str, Any], arn: str) -> str:
    """Return the role, or the user, that a session is of."""
    context = said.get("sessionContext")
    issuer = context.get("sessionIssuer") if isinstance(context, dict) else None
    issued_by = text(issuer.get("arn")) if isinstance(issuer, dict) else ""
    session = SESSION.fullmatch(arn)
    if not issued_by and session is not None:
        return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
    return issued_by


def _lasting(said: dict[str, Any]) -> str:
    key = text(said.get("accessKeyId"))
    return key if LASTING.fullmatch(key) and redact_text(key) == key else ""


def _is_root(arn: str) -> bool:
    parsed = parse(arn) if plain(arn) else None
    root = parsed is not None and parsed.service == "iam" and parsed.resource == "root"
    return root and bool(ACCOUNT.fullmatch(parsed.account if parsed else ""))


def label_of(principal: str) -> Node:
    """Name what an identity is, as far as a log tells; the account's own export knows better."""
    return ROLE if ":role/" in principal else HUMAN


@lru_cache(maxsize=65_536)
def plain(said: str) -> bool:
    """Say whether a name is one thing's, and holds nothing like a secret."""
    return bool(SIMPLE.fullmatch(said)) and redact_text(said) == said
