"""Permissions, terms, group assignments and sign-ins from pages of Microsoft Graph."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.values import WrongValue
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.page_kinds import sort_of
from ingest.sources.entra.tenant import (
    NO_ROLE,
    Assigned,
    Inheritable,
    OfGroup,
    Permission,
    Tenant,
    Thing,
    guid,
    moment,
)

GRAPH_TYPE = "#microsoft.graph."
REMOVED = "@removed"  # in pages of a delta query
DURATION = re.compile(
    r"P(?=.)(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?"
)
SECONDS = (604800, 86400, 3600, 60, 1)  # of its weeks, days, hours, minutes and seconds
# Of https://learn.microsoft.com/en-us/graph/api/resources/unifiedroleschedulebase
ENDED = {"AdminDenied", "Canceled", "Denied", "Failed", "Invalid", "Revoked", "TimedOut"}


@dataclass
class Assignments:
    """A collector of assignments; `passed` counts objects that do not concern access."""

    tenant: Tenant
    rows: Rows
    passed: Counter[str] = field(default_factory=Counter)
    removed: set[tuple[str, str]] = field(default_factory=set)  # of which group, or "" for objects
    ended: Counter[str] = field(default_factory=Counter)
    is_delta: bool = False

    def leave_removed(self) -> None:
        """Leave out what pages of a delta query say is removed, wherever it was listed before."""
        if self.ended:
            named = ", ".join(f"{status} ({n})" for status, n in sorted(self.ended.items()))
            self.rows.warn(f"assignments that are not in effect are left out: {named}")
        if self.removed or self.is_delta:
            self.rows.all_read = False
            self.rows.warn(
                "pages of a delta query hold what changed, not all that is there: nothing that was"
                " read before is retired, and what they do not say stays as it was"
            )
        if not self.removed:
            return
        self.rows.warn(
            f"{len(self.removed)} objects and members were removed: what was read of them before"
            " stays until whole lists are read"
        )
        tenant = self.tenant
        gone = {id_ for id_, group in self.removed if not group}
        tenant.things = {id_: thing for id_, thing in tenant.things.items() if id_ not in gone}
        tenant.members, tenant.transitive = (
            [
                (member, group, at)
                for member, group, at in pairs
                if not gone & {member, group} and (member, group) not in self.removed
            ]
            for pairs in (tenant.members, tenant.transitive)
        )
        tenant.owners = [
            owner
            for owner in tenant.owners
            if not gone & {*owner[:2]} and owner[:2] not in self.removed
        ]

    def _not_in_effect(self, body: dict[str, Any]) -> bool:
        """Return whether a schedule was withdrawn, or is not there yet; such a one is counted."""
        status = text(body.get("status"))
        if status in ENDED or status.startswith("Pending"):
            self.ended[status if status in ENDED else "Pending"] += 1
            return True
        return False

    def _scoped(self, body: dict[str, Any], at: Place) -> None:
        """Add a directory role for an administrative unit."""
        member = body.get("roleMemberInfo")
        principal = guid(member.get("id")) if isinstance(member, dict) else ""
        role, unit = guid(body.get("roleId")), guid(body.get("administrativeUnitId"))
        if not (principal and role and unit):
            self.rows.reject(at, "a scoped role must name its member, the role and the unit")
            self.tenant.unread.add(principal)
            self.tenant.unread_roles.add(role)
            return
        where = f"/administrativeUnits/{unit}"
        self.tenant.assigned.append(Assigned(principal, role, where, None, None, False, False, at))

    def _app_role(self, parent: str, body: dict[str, Any], at: Place) -> None:
        holder, api = guid(body.get("principalId")), guid(body.get("resourceId"))
        role = guid(body.get("appRoleId"))
        values = () if role == NO_ROLE else (role,)
        id_ = text(body.get("id"))
        if not (holder and api and role):
            self.rows.reject(at, "an app role assignment must name principal, resource and role")
            self.tenant.unread |= {holder, api}
            return
        try:
            since = moment(body.get("createdDateTime"))
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of an assignment {wrong}")
            unread = Permission(holder, api, values, False, "", id_, None, at)
            self.tenant.unread_permissions.append(unread)
            return
        sort = sort_of({"@odata.type": GRAPH_TYPE + text(body.get("principalType"))}, "")
        if sort:
            names = {"displayName": body.get("principalDisplayName")}
            self.tenant.add(Thing(sort, holder, names, at))
        if text(body.get("resourceDisplayName")):
            names = {"displayName": body.get("resourceDisplayName")}
            self.tenant.add(Thing("servicePrincipal", api, names, at))
        self.tenant.permissions.append(Permission(holder, api, values, False, "", id_, since, at))

    def _delegated(self, parent: str, body: dict[str, Any], at: Place) -> None:
        holder, api = guid(body.get("clientId")), guid(body.get("resourceId"))
        if not (holder and api):
            self.rows.reject(at, "a delegated grant must name client and resource")
            self.tenant.unread |= {holder, api}
            return
        user = guid(body.get("principalId"))
        if user:
            self.tenant.add(Thing("user", user, {}, at))
        values = tuple(dict.fromkeys(redact_text(text(body.get("scope"))).split()))
        id_ = text(body.get("id"))
        self.tenant.permissions.append(Permission(holder, api, values, True, user, id_, None, at))

    def _inheritable(self, parent: str, body: dict[str, Any], at: Place) -> None:
        """Add the permissions on one API that agents have from their blueprint."""
        app = guid(body.get("resourceAppId"))
        if not (parent and app):
            self.rows.reject(at, "an inheritable permission must have a blueprint and an API")
            self.tenant.unread.add(parent)
            return
        scopes = _inherited(body.get("inheritableScopes"), "scopes")
        roles = _inherited(body.get("inheritableRoles"), "roles")
        self.tenant.inheritable.append(Inheritable(parent, app, scopes, roles))

    def _term(
        self, body: dict[str, Any], at: Place
    ) -> tuple[pd.Timestamp | None, pd.Timestamp | None] | None:
        """Return start and end of an assignment; None if they cannot be read."""
        info = body.get("scheduleInfo")
        info = info if isinstance(info, dict) else {}
        expiry = info.get("expiration")
        expiry = expiry if isinstance(expiry, dict) else {}
        try:
            start = moment(body.get("startDateTime") or info.get("startDateTime"))
            end = moment(body.get("endDateTime") or expiry.get("endDateTime"))
            return start, _after(start, expiry) if end is None else end
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of an assignment {wrong}")
            return None

    def _of_group(self, body: dict[str, Any], eligible: bool, at: Place) -> None:
        """Add a membership or ownership of a group, or the eligibility for one."""
        principal, group = guid(body.get("principalId")), guid(body.get("groupId"))
        if not (principal and group):
            self.rows.reject(at, "an assignment of a group must name principal and group")
            self.tenant.unread |= {principal, group}
            return
        if self._not_in_effect(body):
            return
        term = self._term(body, at)
        if term is None:
            self.tenant.unread |= {principal, group}
        owner = text(body.get("accessId")).lower() == "owner"
        if term is not None:
            of_group = OfGroup(principal, group, owner, eligible, *term, at)
            self.tenant.of_groups.append(of_group)

    def _seen(self, body: dict[str, Any], at: Place) -> None:
        """Record the last sign-in of an application or a credential."""
        key = guid(body.get("keyId")) or guid(body.get("appId"))
        for seen in body.values():  # the summary, and the last sign-in of each sort
            try:
                when = moment(seen.get("lastSignInDateTime")) if isinstance(seen, dict) else None
            except WrongValue as wrong:
                self.rows.reject(at, f"the instant of a sign-in {wrong}")
                return
            if key and when is not None:
                self.tenant.seen[key] = max(when, self.tenant.seen.get(key, when))


def _inherited(pattern: Any, key: str) -> frozenset[str] | None:
    """Return what a pattern lets agents inherit: None for all, an empty set for nothing.

    https://learn.microsoft.com/en-us/graph/api/resources/inheritablescopes
    """
    body = pattern if isinstance(pattern, dict) else {}
    kind = (text(body.get("kind")) or text(body.get("@odata.type")).rpartition(".")[2]).lower()
    if kind.startswith("allallowed"):
        return None
    named = listed(body.get(key)) if kind.startswith("enumerated") else []
    return frozenset(word for value in named for word in redact_text(text(value)).split())


def _after(start: pd.Timestamp | None, expiry: dict[str, Any]) -> pd.Timestamp | None:
    """Return the end of a schedule that is stated by its length.

    https://learn.microsoft.com/en-us/graph/api/resources/expirationpattern

    Raises
    ------
    WrongValue
        If the length is none of days, hours, minutes and seconds.
    """
    length = text(expiry.get("duration"))
    if not length or start is None or text(expiry.get("type")).lower() != "afterduration":
        return None
    parts = DURATION.fullmatch(length)
    if parts is None:
        raise WrongValue("cannot be worked out from the duration")
    counts = zip(parts.groups("0"), SECONDS, strict=True)
    return start + pd.Timedelta(seconds=sum(int(count) * unit for count, unit in counts))
