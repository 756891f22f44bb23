"""The manifest of one agent: the form in which a company itself states what an agent is to be."""

import math
from typing import Any

from graph.rows.planned import (
    OWNER_ROLES,
    PARTS,
    Planned,
    PlannedAccess,
    PlannedCredential,
    PlannedRevocation,
    PlannedTool,
)
from graph.schema import AGENT, CREDENTIAL, LEVELS
from ingest.planned.fields import Fields
from ingest.planned.form import Document, Form
from ingest.planned.loops import loop_of
from ingest.source import InputRefused

TABLES = (
    *("agent", "owners", "credentials", "access", "tools"),
    *("delegates_to", "acts_for", "revocation", "autonomy"),
)
ABOUT = ("name", "kind", "purpose", "environment", "runs_on", "expires_at", "review_every_days")
KINDS = next(p.choices for p in AGENT.properties if p.name == "kind")
TYPES = next(p.choices for p in CREDENTIAL.properties if p.name == "type")
FACTORS, STEPS = 10, (0.0, 0.5, 1.0)  # of AIVSS


def read(document: Document) -> list[Planned]:
    """Read the one agent of a manifest.

    Raises
    ------
    InputRefused
        With the JSON pointer of the first field that is unknown, missing or of a wrong type.
    """
    path = document.path
    _refuse_several(document)
    fields = Fields(path, "", document.value, TABLES)
    about = fields.part("agent", ABOUT)
    name = about.text("name")
    if name is None:
        raise InputRefused(path, "/agent/name", "is missing: a manifest must name its agent")
    planned = Planned(
        form="manifest",
        stated=frozenset(PARTS),
        exhaustive=True,
        name=name,
        kind=about.choice("kind", KINDS),
        purpose=about.text("purpose"),
        environment=about.text("environment"),
        runs_on=about.text("runs_on"),
        expires_at=about.instant("expires_at"),
        review_every_days=about.days("review_every_days"),
        owners=_owners(fields.part("owners", OWNER_ROLES)),
        credentials=tuple(map(_credential, fields.rows("credentials", CREDENTIALS))),
        access=tuple(map(_access, fields.rows("access", ACCESS))),
        tools=tuple(map(_tool, fields.rows("tools", TOOLS))),
        delegates_to=fields.texts("delegates_to"),
        acts_for=fields.texts("acts_for"),
        revocation=_revocation(fields.part("revocation", ("how", "by", "within"))),
        autonomy=_autonomy(path, fields.value.get("autonomy")),
    )
    _refuse_loop(document, planned)
    return [planned]


CREDENTIALS = ("type", "storage", "expires_at", "rotated_every_days")
ACCESS = ("resource", "levels", "until", "why", "role", "group")
TOOLS = ("name", "server", "digest", "scopes")


def _refuse_several(document: Document) -> None:
    """Refuse what states no agent, or more than one, before its fields are looked at."""
    value = document.value
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "no table"
        raise InputRefused(
            document.path, "/", f"is {kind}: a manifest is one table about one agent"
        )
    agents = value.get("agents", value.get("agent"))
    if isinstance(agents, list):
        place = "/agents" if "agents" in value else "/agent"
        reason = f"holds {len(agents)} agents: a manifest states one, in the table agent"
        raise InputRefused(document.path, place, reason)
    if agents is None:
        reason = "names no agent: a manifest has a table agent with a name"
        raise InputRefused(document.path, "/agent", reason)


def _owners(fields: Fields) -> dict[str, tuple[str, ...]]:
    owners = {role: fields.texts(role) for role in OWNER_ROLES}
    return {role: names for role, names in owners.items() if names}


def _credential(fields: Fields) -> PlannedCredential:
    return PlannedCredential(
        type=fields.choice("type", TYPES),
        storage=fields.text("storage"),
        expires_at=fields.instant("expires_at"),
        rotated_every_days=fields.days("rotated_every_days"),
    )


def _access(fields: Fields) -> PlannedAccess:
    resource, role, group = (fields.text(name) for name in ("resource", "role", "group"))
    levels = fields.texts("levels")
    if role is not None and group is not None:
        fields.refuse("group", "stands beside a role: write two rows")
    if resource is None and role is None and group is None:
        fields.refuse("", "names neither a resource, nor a role, nor a group")
    if resource is not None and not levels:
        fields.refuse("levels", f"is missing: some of {', '.join(LEVELS)}")
    if resource is None and levels:
        fields.refuse("levels", "are levels on a resource, which the row does not name")
    for level in levels:
        if level not in LEVELS:
            fields.refuse("levels", f"must be some of {', '.join(LEVELS)}")
    return PlannedAccess(
        resource=resource,
        levels=tuple(level for level in LEVELS if level in levels),
        until=fields.instant("until"),
        why=fields.text("why"),
        role=role,
        group=group,
    )


def _tool(fields: Fields) -> PlannedTool:
    name = fields.text("name")
    if name is None:
        fields.refuse("name", "is missing: a tool must be named")
    return PlannedTool(name, fields.text("server"), fields.text("digest"), fields.texts("scopes"))


def _revocation(fields: Fields) -> PlannedRevocation:
    return PlannedRevocation(fields.text("how"), fields.text("by"), fields.hours("within"))


def _autonomy(path: Any, value: Any) -> dict[str, float] | None:
    """Return the amplification factors by name; None if none are stated."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise InputRefused(path, "/autonomy", "must be a table of factors, each 0, 0.5 or 1")
    if len(value) > FACTORS:
        raise InputRefused(path, "/autonomy", f"has more than the {FACTORS} factors of AIVSS")
    fields = Fields(path, "/autonomy", value, tuple(map(str, value)))
    factors: dict[str, float] = {}
    for name in fields.value:
        factor = fields.number(name, 1.0)
        if factor is None or math.isnan(factor) or factor not in STEPS:
            fields.refuse(name, "must be 0, 0.5 or 1")
        factors[name] = factor
    return factors or None


def _refuse_loop(document: Document, planned: Planned) -> None:
    loop = loop_of(planned, document.graph)
    if loop is not None:
        place, names = loop
        reason = f"its delegations lead in a circle: {' -> '.join(names)}"
        raise InputRefused(document.path, place, reason)


FORM = Form("manifest", "manifest of one agent", 100, lambda _: True, read)
