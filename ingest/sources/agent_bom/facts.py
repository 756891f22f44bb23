"""Facts from the attributes and dimensions of a node of agent-bom."""

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from graph.element import Node
from graph.schema import (
    AGENT,
    CREDENTIAL,
    GROUP,
    HUMAN,
    IDENTITIES,
    RESOURCE,
    SENSITIVITIES,
    SERVICE_ACCOUNT,
)
from graph.values import WrongValue, canonical, instant
from ingest.rows import Row, text
from ingest.secrets.redaction import redact_text

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
SERVICE_USERS = {"service", "legacy_service"}  # types of user in Snowflake
SORT = re.compile(r"(?:user|serviceAccount|group):")  # before a principal of Google Cloud
ON = {"active", "enabled"}
ENDED = ("revoked", "expired")  # states of a token
IN_ENTRA = {"service_principal": "entra_object", "app_registration": "entra_app"}
OFF = {"inactive", "disabled", "suspended", "deactivated", "deprovisioned", "revoked", "expired"}


def is_service_user(kind: str, about: Mapping[str, Any]) -> bool:
    """Return whether a user is a service's, by the type that the system gives it."""
    return kind == "user" and text(about.get("user_type")).lower() in SERVICE_USERS


def is_token(about: Mapping[str, Any]) -> bool:
    """Return whether a discovered identity is a token, as those of Okta are."""
    return about.get("discovered") is True and text(about.get("identity_type")) == "api_token"


def address_of(kind: str, about: Mapping[str, Any]) -> str:
    """Return the address of a server on the network; "" for anything else."""
    address = text(about.get("url")) if kind == "server" else ""
    return "" if re.search(r"[${}<>]", address) else address


def moment(value: Any) -> pd.Timestamp | None:
    """Return an instant; None for what is none."""
    try:
        return instant(text(value)) if text(value) else None
    except WrongValue:
        return None


def facts_of(
    label: Node, fields: Mapping[str, Any], about: Mapping[str, Any], facets: Mapping[str, Any]
) -> Row:
    """Return the facts of a node that its label can have; absent facts are None."""
    cloud = text(facets.get("cloud_provider")) or text(about.get("cloud_provider"))
    facts: Row = {"external_ids": _known_by(about, cloud.lower())}
    if label in (*IDENTITIES, HUMAN, CREDENTIAL, RESOURCE, GROUP):
        facts["created_at"] = moment(about.get("created_at"))
    if label in (*IDENTITIES, CREDENTIAL) and not _is_change(about):
        facts["last_used_at"] = moment(about.get("last_used_at"))
    if label in (*IDENTITIES, RESOURCE):
        facts["env"] = redact_text(text(facets.get("environment"))) or None
    if label is not CREDENTIAL:
        facts["provider"] = redact_text(cloud or text(about.get("provider"))) or None
    if label in (SERVICE_ACCOUNT, HUMAN):
        facts["status"] = _status(fields, about)
    elif is_token(about):
        own = text(about.get("status")).lower()
        facts["status"] = own if own in ENDED else _status(fields, about)
        facts["expires_at"] = moment(about.get("credential_expires_at"))
    if label is AGENT:
        facts |= {"kind": "ai_agent"}
        facts["platform"] = redact_text(text(facets.get("agent_type"))) or None
    elif label is RESOURCE:
        tier = text(about.get("data_classification_tier")).lower()
        facts["sensitivity"] = tier if tier in SENSITIVITIES else None
    elif label is HUMAN:
        facts |= _of_person(about)
    return facts


def _is_change(about: Mapping[str, Any]) -> bool:
    """Return whether the last use of an identity is none: of Okta it is when that last changed."""
    return about.get("discovered") is True and text(about.get("provider")).lower() == "okta"


def _of_person(about: Mapping[str, Any]) -> Row:
    mails = (text(about.get(key)) for key in ("email", "principal_email", "principal_id"))
    mail = next((SORT.sub("", m) for m in mails if "@" in m), "")
    mfa = about.get("has_mfa")
    return {"email": redact_text(mail) or None, "mfa": mfa if isinstance(mfa, bool) else None}


def _status(fields: Mapping[str, Any], about: Mapping[str, Any]) -> str | None:
    """Return the state of an account: what its own system says, else that the node is off.

    Every node is active until something else is known, so that says nothing.
    """
    if isinstance(about.get("disabled"), bool):
        return "disabled" if about["disabled"] else "active"
    own, node = (text(part.get("status")).lower() for part in (about, fields))
    if own in ON:
        return "active"
    return "disabled" if own in OFF or node in OFF else None


def _known_by(about: Mapping[str, Any], cloud: str) -> str | None:
    """Return the ids of the same thing in other systems."""
    arn, principal, mail = (
        SORT.sub("", redact_text(text(about.get(key))))
        for key in ("arn", "principal_id", "principal_email")
    )
    ids = []
    if arn.startswith("arn:"):
        ids.append(f"arn:{arn}")
    if cloud in ("azure", "entra") and GUID.fullmatch(principal.lower()):
        ids.append(f"entra_object:{principal.lower()}")
    account = next((p for p in (principal, mail) if p.endswith(".gserviceaccount.com")), "")
    if cloud == "gcp" and account:
        ids.append(f"gcp:{account}")
    own, kind = text(about.get("identity_id")).lower(), text(about.get("identity_type"))
    if text(about.get("provider")).lower() == "entra" and kind in IN_ENTRA and GUID.fullmatch(own):
        ids.append(f"{IN_ENTRA[kind]}:{own}")
    return canonical(sorted({*ids})) if ids else None
