"""Permissions, terms, group assignments and sign-ins from pages of Microsoft Graph."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.values import WrongValue
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.page_kinds import sort_of
from ingest.sources.entra.tenant import NO_ROLE, OfGroup, Permission, Tenant, Thing, guid, moment

GRAPH_TYPE = "#microsoft.graph."


@dataclass
class Assignments:
    """A collector of assignments; `passed` counts objects that do not concern access."""

    tenant: Tenant
    rows: Rows
    passed: Counter[str] = field(default_factory=Counter)

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

    def _term(
        self, body: dict[str, Any], at: Place
    ) -> tuple[pd.Timestamp | None, pd.Timestamp | None] | None:
        """Return start and end of an assignment; None if they cannot be read."""
        info = body.get("scheduleInfo")
        info = info if isinstance(info, dict) else {}
        expiry = info.get("expiration")
        expiry = expiry if isinstance(expiry, dict) else {}
        try:
            return (
                moment(body.get("startDateTime") or info.get("startDateTime")),
                moment(body.get("endDateTime") or expiry.get("endDateTime")),
            )
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
        seen = body.get("signInActivity") or body.get("lastSignInActivity")
        try:
            when = moment(seen.get("lastSignInDateTime")) if isinstance(seen, dict) else None
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of a sign-in {wrong}")
            return
        if key and when is not None:
            self.tenant.seen[key] = max(when, self.tenant.seen.get(key, when))
