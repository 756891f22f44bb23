"""The content of an export of a tenant, in one form for all tools."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from graph.values import WrongValue, instant
from ingest.rows import Place, text
from ingest.source import InputRefused

GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
AJAX_DATE = re.compile(r"/Date\((-?\d{1,17})(?:[+-]\d{4})?\)/")
VENDOR = (  # tenants that own applications of Microsoft's own
    "f8cdef31-a31e-4b4a-93e4-5f571e91255a",
    "72f988bf-86f1-41af-91ab-2d7cd011db47",
    "47df5bb7-e6bc-4256-afb0-dd8c8e3c1ce8",  # templates, as the reference of Graph shows them
    "cdc5aeea-15c5-4db6-b079-fcadd2505dc2",  # Exchange
)
NO_ROLE = "00000000-0000-0000-0000-000000000000"  # an assignment to an app that has no app roles
APPLICATIONS = ("application", "agentIdentityBlueprint")
PRINCIPALS = ("servicePrincipal", "agentIdentity", "agentIdentityBlueprintPrincipal")
SORTS = (*PRINCIPALS, *APPLICATIONS, "user", "agentUser", "group", "roleDefinition", "organization")


def guid(value: Any) -> str:
    """Return an object id in lower case; "" if it is invalid.

    >>> guid(" 0C2E1BAB-4475-43B3-B5ED-42D7C243BB4B"), guid("me")
    ('0c2e1bab-4475-43b3-b5ed-42d7c243bb4b', '')
    """
    content = text(value)
    return content.lower() if GUID.fullmatch(content) else ""


def moment(value: Any) -> pd.Timestamp | None:
    """Return an instant from ISO 8601 or from `/Date(ms)/`; None for an empty value.

    The first instant of the year 1 is how .NET writes an empty one.

    >>> moment("/Date(1335522678000)/").isoformat(), moment(""), moment("0001-01-01T00:00:00Z")
    ('2012-04-27T10:31:18+00:00', None, None)

    Raises
    ------
    WrongValue
        If it is anything else.
    """
    content = text(value)
    if not content and (value is None or value == ""):
        return None
    ajax = AJAX_DATE.fullmatch(content)
    stamp = instant(content) if ajax is None else _from_ajax(ajax[1])
    return None if stamp.year == 1 else stamp


def _from_ajax(milliseconds: str) -> pd.Timestamp:
    try:
        return pd.Timestamp(int(milliseconds), unit="ms", tz="UTC").as_unit("ms")
    except (ValueError, OverflowError):
        raise WrongValue("is outside the years that can be written") from None


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the directory, as the export has it; `sort` is its type in Microsoft Graph."""

    sort: str
    id: str
    body: dict[str, Any]
    place: Place

    def guid(self, name: str) -> str:
        """Return a property that holds an object id."""
        return guid(self.body.get(name))


@dataclass(frozen=True, slots=True)
class Assigned:
    """A directory role that a principal holds, or may activate, in a part of the tenant."""

    principal: str
    role: str
    where: str
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    eligible: bool
    dated: bool
    place: Place
    condition: str = ""

    def wider(self, other: "Assigned") -> "Assigned":
        """Return this and another assignment of one role as one; one with a schedule has an end."""
        if self.dated != other.dated:
            return self if self.dated else other
        starts = [s for s in (self.start, other.start) if s is not None]
        start = min(starts) if len(starts) == 2 else None
        end = None if self.end is None or other.end is None else max(self.end, other.end)
        return replace(self, start=start, end=end)


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission of an API that was consented to: for an app by itself, or for its users."""

    holder: str
    api: str  # object id of the API's service principal, or "name:" and the API's name
    names: tuple[str, ...]
    delegated: bool
    user: str
    id: str
    since: pd.Timestamp | None
    place: Place


@dataclass(frozen=True, slots=True)
class Inheritable:
    """The permissions on an API that agents have from their blueprint; None is all of a sort.

    `blueprint` is named by its object id or its app id, the API by its app id.
    """

    blueprint: str
    app: str
    scopes: frozenset[str] | None
    roles: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Key:
    """A credential of an application or service principal, without its value."""

    holder: str
    type: str
    id: str
    name: str
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    place: Place
    issuer: str = ""
    subject: str = ""
    audience: str = ""
    rule: str = ""  # an expression that the claims of a token must match, in place of a subject


@dataclass(frozen=True, slots=True)
class OfGroup:
    """A membership or ownership of a group that has a term, or must be activated first."""

    principal: str
    group: str
    owner: bool
    eligible: bool
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    place: Place


@dataclass
class Tenant:
    """The content of an export. `listed` names the kinds of list that it holds, even empty ones.

    `seen` has the last sign-in by app id or key id. Of what rejected parts are about, `unread` has
    the objects, `unread_keys` the holders and ids of credentials, `unread_roles` the directory
    roles, and `unread_permissions` the permissions as far as they can be read.
    """

    id: str = ""
    name: str = ""
    things: dict[str, Thing] = field(default_factory=dict)
    alias: dict[str, str] = field(default_factory=dict)
    assigned: list[Assigned] = field(default_factory=list)
    permissions: list[Permission] = field(default_factory=list)
    inheritable: list[Inheritable] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    owners: list[tuple[str, str, str, Place]] = field(default_factory=list)
    members: list[tuple[str, str, Place]] = field(default_factory=list)
    transitive: list[tuple[str, str, Place]] = field(default_factory=list)  # direct ones among them
    of_groups: list[OfGroup] = field(default_factory=list)
    directory_roles: set[str] = field(default_factory=set)
    seen: dict[str, pd.Timestamp] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    unread_keys: set[tuple[str, str]] = field(default_factory=set)
    unread_roles: set[str] = field(default_factory=set)
    unread_permissions: list[Permission] = field(default_factory=list)
    taken_at: pd.Timestamp | None = None
    _busy: set[str] | None = None

    def name_it(self, id_: str, name: str, place: Place) -> None:
        """Set the id and name of the tenant.

        Raises
        ------
        InputRefused
            If it is a second one: pages do not name their tenant.
        """
        if self.id and self.id != id_:
            reason = "is of a second tenant: read the folder of each tenant by itself"
            raise InputRefused(place.file, place.pointer, reason)
        self.id, self.name = id_, name or self.name

    def add(self, thing: Thing) -> None:
        """Add an object; two descriptions of one are merged, and the fuller takes precedence."""
        known = self.things.get(thing.id)
        if known is None:
            self.things[thing.id] = thing
            return
        first, second = (known, thing) if _rank(known) >= _rank(thing) else (thing, known)
        stated = {k: v for k, v in first.body.items() if v is not None}
        body = first.body | second.body | stated  # null is a statement where nobody says more
        self.things[thing.id] = Thing(first.sort, first.id, body, first.place)

    def of(self, *sorts: str) -> list[Thing]:
        """Return the objects of these sorts."""
        return [thing for thing in self.things.values() if thing.sort in sorts]

    def acting(self, id_: str) -> str:
        """Return the object that acts: an application acts as its service principal."""
        return self.alias.get(id_, id_)

    def is_vendors(self, thing: Thing) -> bool:
        """Return whether an application is Microsoft's own; every tenant has hundreds of them."""
        return thing.sort == "servicePrincipal" and thing.guid("appOwnerOrganizationId") in VENDOR

    def busy(self) -> set[str]:
        """Return the ids of objects that hold or own something, or have an owner."""
        if self._busy is None:
            ids = {entry.holder for entry in self.permissions}
            ids |= {entry.principal for entry in self.assigned} | {key.holder for key in self.keys}
            ids |= {id_ for owner, owned, _, _ in self.owners for id_ in (owner, owned)}
            self._busy = {self.acting(id_) for id_ in ids}
        return self._busy

    def join_applications(self) -> None:
        """Find the service principal that each application acts as, by the app id they share."""
        acts = {t.guid("appId"): t.id for t in self.of(*PRINCIPALS) if t.sort != "agentIdentity"}
        for application in self.of(*APPLICATIONS):
            principal = acts.get(application.guid("appId"), "")
            if principal:
                self.alias[application.id] = principal


def _rank(thing: Thing) -> tuple[bool, int]:
    return thing.sort not in ("servicePrincipal", "application", "user", ""), len(thing.body)
