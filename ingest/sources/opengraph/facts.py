"""What a node of an OpenGraph says of itself: its id, its names, its state and its dates."""

import math
import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from graph.values import WrongValue, canonical, instant
from ingest.rows import Row, text
from ingest.secrets.redaction import redact_text
from ingest.sources.github.documents import user_id
from ingest.sources.opengraph.payload import GraphNode

GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
GLOBAL = ("arn:", "entra:", "k8s:", "github:")  # ids that other sources use too
COLLECTED = "opengraph"  # the kind of a collector's own ids
CREATED = ("created_at", "createdat", "whencreated", "createddatetime", "created")
USED = (  # of several the latest counts: domain controllers replicate the time stamp late
    *("last_used_at", "lastusedat", "token_last_used_at", "lastlogontimestamp", "lastlogon"),
    *("lastlogin", "last_login", "lastsignin", "lastsignindatetime", "lastactivity"),
)
EXPIRES = ("expires_at", "expiresat", "token_expires_at", "enddatetime", "expirationdate")
EXPIRED = ("token_expired",)
ON = ("enabled", "accountenabled")  # flags of an account that may be used
OFF = ("disabled", "suspended")
DISABLED = {"disabled", "suspended", "deprovisioned", "inactive"}
WORDS = {"true": True, "false": False}
SERVICES = ("gmsa", "msa", "hasspn")


def id_of(node: GraphNode) -> str:
    """Return the id of a node; one of the product's own export has it already."""
    return node.id if node.own else global_id(node)


def global_id(node: GraphNode) -> str:
    """Return the id of a node: that of its own system if the kind names the system.

    An object id names one thing in all OpenGraph files, so it has no scope.
    """
    if node.id.startswith(GLOBAL):
        return redact_text(node.id)
    if login := _login(node):
        return user_id(login)
    if any(kind.startswith("AZ") for kind in node.kinds):
        if GUID.match(node.id):
            return f"entra:{redact_text(node.id.lower())}"
        if node.id.lower().startswith("/subscriptions/"):
            return f"azure:{redact_text(node.id.lower())}"
    return f"opengraph:{redact_text(node.id)}"


def facts_of(node: GraphNode) -> Row:
    """Return what a node says of itself; absent facts are None."""
    properties = {name.lower(): value for name, value in node.properties.items()}
    name = next(
        (properties[n] for n in ("name", "displayname") if isinstance(properties.get(n), str)), None
    )
    mail = next(
        (
            properties[n]
            for n in ("email", "mail", "userprincipalname")
            if isinstance(properties.get(n), str) and "@" in properties[n]
        ),
        None,
    )
    kinds = [kind for kind in node.kinds if kind]
    login, id_ = _login(node), global_id(node)
    known = [f"github:{login}"] if login else []
    if id_ != node.id:  # for look-up by the collector's id
        known.append(f"{COLLECTED}:{redact_text(node.id)}")
    return {
        "name": name,
        "email": mail,
        "type": kinds[0] if kinds else None,
        "status": _status(properties, kinds),
        "external_ids": canonical(known) if known else None,
        "created_at": next(_instants(properties, CREATED), None),
        "last_used_at": max(_instants(properties, USED), default=None),
        "expires_at": next(_instants(properties, EXPIRES), None),
        "tags": canonical(kinds) if kinds else None,
        "provider": _provider(kinds),
    }


def _login(node: GraphNode) -> str:
    """Return the login of a user of GitHub; "" for other nodes."""
    properties = {name.lower(): value for name, value in node.properties.items()}
    kinds = [kind for kind in node.kinds if kind]
    return (
        redact_text(text(properties.get("login"))) if kinds[:1] in (["GH_User"], ["GHUser"]) else ""
    )


def _status(properties: dict[str, Any], kinds: list[str]) -> str | None:
    """Return that an account is disabled, by a flag, its status or its kind, or a token expired."""
    if True in _flags(properties, EXPIRED):
        return "expired"
    state = text(properties.get("status")).casefold()
    off = True in _flags(properties, OFF) or False in _flags(properties, ON) or state in DISABLED
    off = off or any(kind.rpartition("_")[2].startswith("Disabled") for kind in kinds)
    return "disabled" if off else None


def _flags(properties: dict[str, Any], names: tuple[str, ...]) -> set[bool]:
    """Return what the flags that are there say; some collectors write them as text."""
    values = (properties.get(name) for name in names)
    stated = (WORDS.get(v.casefold()) if isinstance(v, str) else v for v in values)
    return {value for value in stated if isinstance(value, bool)}


def is_service_account(node: GraphNode) -> bool:
    """Return whether a user of Active Directory is an account for services.

    It is managed for machines, or a service is registered under its name.
    """
    properties = {name.lower(): value for name, value in node.properties.items()}
    return True in _flags(properties, SERVICES)


def _provider(kinds: list[str]) -> str | None:
    return "azure" if any(kind.startswith("AZ") for kind in kinds) else None


def _instants(properties: dict[str, Any], names: tuple[str, ...]) -> Iterator[pd.Timestamp]:
    for name in names:
        at = _instant(properties.get(name))
        if at is not None:
            yield at


def _instant(value: Any) -> pd.Timestamp | None:
    try:
        if isinstance(value, str):
            return instant(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            seconds = value / 1000 if value > 1e11 else value
            if math.isfinite(seconds) and seconds < 253402300800:
                return pd.Timestamp(seconds, unit="s", tz="UTC").floor("ms").as_unit("ms")
    except (WrongValue, OverflowError, ValueError):
        pass
    return None
