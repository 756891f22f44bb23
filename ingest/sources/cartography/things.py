"""Facts from the properties of a Cartography node: its id, its names, and its uses."""

import math
import re
from typing import Any

import pandas as pd

from graph.schema import ANYONE
from graph.values import WrongValue, canonical, instant
from ingest.rows import Row, text
from ingest.secrets.redaction import redact_text
from ingest.sources.cartography.elements import GraphNode
from ingest.sources.cartography.kinds import credential_sort, sort_of
from ingest.sources.github.documents import user_id

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
GITHUB = re.compile(r"https://github\.com/([\w.-]+)(?:/([\w.-]+))?/?")
ACCOUNT = re.compile(r"\d{12}")
ROOT = re.compile(r"arn:aws[\w-]*:iam::\d{12}:root")
NAMES = (
    *("_ont_name", "_ont_fullname", "_ont_username", "role_name", "token_name", "app_slug"),
    *("name", "display_name", "displayname", "agent_name", "username", "title", "label"),
    *("_ont_email", "email", "user_principal_name"),
)
EMAILS = ("_ont_email", "email", "mail", "user_principal_name")
CREATED = (
    *("_ont_created_at", "createdate", "created_at", "created", "created_on"),
    *("created_date_time", "create_time"),
)
USED = ("_ont_last_used_at", "lastuseddate", "last_used_at", "last_used_on")
ACTIVE = ("_ont_lastactivity", "passwordlastused", "last_login")
EXPIRES = ("_ont_expires_at", "expires_at", "valid_before_time", "expiration_date")
PROVIDERS = {
    "AWS": "aws",
    "Azure": "azure",
    "Entra": "entra",
    "GCP": "gcp",
    "GitHub": "github",
    "GitLab": "gitlab",
    "Kubernetes": "kubernetes",
    "Okta": "okta",
    "Snowflake": "snowflake",
    "OpenAI": "openai",
    "Anthropic": "anthropic",
}
EVERYBODY = "*"  # as a policy names them
SERVICE = re.compile(r"(?:[a-z0-9-]+\.)+amazonaws\.com(?:\.cn)?")
ZONE = re.compile(r"\[[\w/+-]+\]\Z")  # the name of a zone, which Neo4j writes behind its offset
OKTA = re.compile(r"(\d\d)/(\d\d)/(\d{4}), (\d\d:\d\d:\d\d)")  # month, day, year and time, in UTC
NEVER = {"", "N/A", "None", "no_information", "not_supported"}
ON = {"active", "enabled"}
ENDED = ("expired", "revoked", "deleted")  # states of a credential
FACTORS = {  # types of SnowflakeCredential; a second factor is none of ours
    "PASSWORD": "password", "PAT": "pat", "KEYPAIR": "sa_key", "PASSKEY": None, "TOTP": None,
    "OIDC": "federated", "AWS": "federated", "AZURE": "federated", "GCP": "federated",
}  # fmt: skip
OFF = {"inactive", "disabled", "suspended", "deprovisioned", "archived"}


def id_of(node: GraphNode, scope: str) -> str:
    """Return the id of a node: that of its own system, if it is unique.

    Raises
    ------
    WrongValue
        If it has no id, by which it could be recognized again, or one that holds a secret.
    """
    properties, sort = node.properties, sort_of(node.labels)
    own = native(properties) or _trusted(node)
    parts = (
        own,
        *(text(properties.get(name)) for name in ("arn", "cluster_name", "namespace", "name")),
    )
    if not (own or parts[1].startswith("arn:")):
        raise WrongValue("a node must have an id")
    if any(redact_text(part) != part for part in (*parts[:2], sort)):
        raise WrongValue("id holds something like a secret")
    arn = next((part for part in parts[1::-1] if part.startswith("arn:")), "")
    if arn or anchor_of(node) is not None:
        return arn or own  # a service is its host name, as policies write it
    if "AWSAccount" in node.labels and ACCOUNT.fullmatch(own):
        return f"arn:aws:iam::{own}:root"
    if sort.startswith("Entra") and GUID.fullmatch(own):
        return f"entra:{own.lower()}"
    if own.lower().startswith("/subscriptions/"):
        return f"azure:{own.lower()}"
    if sort == "KubernetesServiceAccount":
        named = parts[2:] if all(parts[2:]) else tuple(own.split("/"))  # cluster/namespace/name
        if len(named) == 3 and all(named):
            cluster, namespace, name = map(redact_text, named)
            return f"k8s:{cluster}/{namespace}/serviceaccount/{name}"
    return _github(sort, own) or f"cartography:{scope}/{sort}/{own}"


def _trusted(node: GraphNode) -> str:
    """Return what a policy names, of a principal that an earlier version keeps by that alone."""
    return text(node.properties.get("arn")) if "AWSPrincipal" in node.labels else ""


def anchor_of(node: GraphNode) -> str | None:
    """Return as what a principal is trusted that is no identity; None for others.

    Earlier versions give such a principal no label of its own.
    """
    arn = text(node.properties.get("arn"))
    if "AWSFederatedPrincipal" in node.labels:
        return "saml_provider" if ":saml-provider/" in arn else "oidc_provider"
    if "AWSServicePrincipal" in node.labels:
        return "service"
    if sort_of(node.labels) != "AWSPrincipal":
        return None
    if arn == EVERYBODY:
        return ANYONE
    return "service" if SERVICE.fullmatch(arn) else None


def native(properties: dict[str, Any], name: str = "id") -> str:
    """Return an id that a node has, as text if it is a number; "" if it has none."""
    value = properties.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return text(value)


def _github(sort: str, own: str) -> str:
    match = GITHUB.fullmatch(own)
    if match is None:
        return ""
    if sort == "GitHubOrganization" and not match[2]:
        return f"github:{match[1]}/organization/{match[1]}"
    if sort == "GitHubUser" and not match[2]:
        return user_id(match[1])
    if sort == "GitHubRepository" and match[2]:
        return f"github:{match[1]}/repository/{match[2]}"
    return ""


def known_as(node: GraphNode) -> list[str]:
    """Return the ids of a node in other systems, besides its own."""
    properties, sort = node.properties, sort_of(node.labels)
    names_by_kind = {
        "aws_id": ("accesskeyid",) if "AccessKey" in sort else ("userid", "roleid"),
        "gcp": ("email",) if sort == "GCPServiceAccount" else (),
        "github": ("username",) if sort == "GitHubUser" else (),
    }
    if not sort.startswith("AWS") and sort != "AccountAccessKey":
        del names_by_kind["aws_id"]
    values = (
        (kind, text(properties.get(name)))
        for kind, names in names_by_kind.items()
        for name in names
    )
    return sorted(f"{kind}:{v}" for kind, v in values if v and redact_text(v) == v)


def is_person(node: GraphNode) -> bool:
    """Return whether a user account is a person's: in AWS, only if its password was used."""
    if "AWSUser" not in node.labels:
        return True
    return text(node.properties.get("passwordlastused")) not in NEVER


def _credential(node: GraphNode) -> str | None:
    """Return the type of a credential, which Snowflake tells for each."""
    stated = text(node.properties.get("credential_type")).upper()
    return FACTORS[stated] if stated in FACTORS else credential_sort(node.labels)


class Facts:
    """A reader of the facts of nodes; `unread` counts invalid instants."""

    def __init__(self) -> None:
        self.unread = 0

    def of(self, node: GraphNode) -> Row:
        """Return the facts of a node of any label; absent facts are None."""
        properties, sort = node.properties, sort_of(node.labels)
        mail = next((v for v in (text(properties.get(n)) for n in EMAILS) if "@" in v), "")
        name = next((v for v in (text(properties.get(n)) for n in NAMES) if v), "")
        state = text(properties.get("status")).lower()
        return {
            "name": redact_text(name) or None,
            "email": redact_text(mail) or None,
            "provider": next((p for mark, p in PROVIDERS.items() if sort.startswith(mark)), None)
            or redact_text(text(properties.get("_ont_source")))
            or None,
            "status": _status(properties),
            "mfa": _flag(properties.get("_ont_has_mfa")),
            "created_at": self._first(properties, CREATED),
            "last_used_at": self._first(properties, USED),
            "last_active_at": self._first(properties, ACTIVE),
            "expires_at": self._first(properties, EXPIRES),
            "external_ids": canonical(known_as(node)) if known_as(node) else None,
            "sort": redact_text(sort),
            "credential": _credential(node),
            "ended": state if state in ENDED else None,
        }

    def _first(self, properties: dict[str, Any], names: tuple[str, ...]) -> pd.Timestamp | None:
        for name in names:
            try:
                at = moment(properties.get(name))
            except (WrongValue, ValueError, OverflowError):
                self.unread += 1
                continue
            if at is not None:
                return at
        return None


def moment(value: Any) -> pd.Timestamp | None:
    """Return an instant, in ISO 8601 or in seconds or milliseconds since 1970.

    >>> moment(1767225600), moment("N/A")
    (Timestamp('2026-01-01 00:00:00+0000', tz='UTC'), None)
    >>> moment("07/31/2026, 10:00:00") == moment("2026-07-31T12:00:00+02:00[Europe/Paris]")
    True
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        stripped = ZONE.sub("", value.strip())
        if (written := OKTA.fullmatch(stripped)) is not None:
            month, day, year, time = written.groups()
            stripped = f"{year}-{month}-{day}T{time}Z"
        return None if stripped in NEVER else instant(stripped)
    seconds = value / 1000 if value > 1e11 else value
    if not math.isfinite(seconds) or not 0 < seconds < 253402300800:
        raise WrongValue("must be an instant")
    return pd.Timestamp(seconds, unit="s", tz="UTC").floor("ms").as_unit("ms")


def _status(properties: dict[str, Any]) -> str | None:
    active = _flag(properties.get("_ont_active"))
    flags = ("_ont_inactive", "disabled", "account_enabled", "_ont_enabled", "enabled")
    for name, off in zip(flags, (True, True, False, False, False), strict=True):
        known = _flag(properties.get(name))
        active = (known is not off) if active is None and known is not None else active
    stated = text(properties.get("status")).lower()
    if active is None and stated in ON | OFF:
        active = stated in ON
    return None if active is None else "active" if active else "disabled"


def _flag(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def is_root(node: GraphNode) -> bool:
    """Return whether a node is the root of an AWS account, by which trust names the account."""
    return ROOT.fullmatch(text(node.properties.get("arn"))) is not None
