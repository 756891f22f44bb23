"""What pages of Microsoft Graph say of permissions, terms, groups and sign-ins, one item each."""

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
    """Takes in what is assigned to whom; `passed` counts what says nothing of access."""

    tenant: Tenant
    rows: Rows
    passed: Counter[str] = field(default_factory=Counter)

    def _app_role(self, parent: str, said: dict[str, Any], at: Place) -> None:
        holder, api = guid(said.get("principalId")), guid(said.get("resourceId"))
        role = guid(said.get("appRoleId"))
        if not (holder and api and role):
            self.rows.reject(at, "an app role assignment must name principal, resource and role")
            return
        try:
            since = moment(said.get("createdDateTime"))
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of an assignment {wrong}")
            return
        sort = sort_of({"@odata.type": GRAPH_TYPE + text(said.get("principalType"))}, "")
        if sort:
            body = {"displayName": said.get("principalDisplayName")}
            self.tenant.add(Thing(sort, holder, body, at))
        if text(said.get("resourceDisplayName")):
            body = {"displayName": said.get("resourceDisplayName")}
            self.tenant.add(Thing("servicePrincipal", api, body, at))
        values = () if role == NO_ROLE else (role,)
        id_ = text(said.get("id"))
        self.tenant.permissions.append(Permission(holder, api, values, False, "", id_, since, at))

    def _delegated(self, parent: str, said: dict[str, Any], at: Place) -> None:
        holder, api = guid(said.get("clientId")), guid(said.get("resourceId"))
        if not (holder and api):
            self.rows.reject(at, "a delegated grant must name client and resource")
            return
        user = guid(said.get("principalId"))
        if user:
            self.tenant.add(Thing("user", user, {}, at))
        values = tuple(dict.fromkeys(redact_text(text(said.get("scope"))).split()))
        id_ = text(said.get("id"))
        self.tenant.permissions.append(Permission(holder, api, values, True, user, id_, None, at))

    def _term(
        self, said: dict[str, Any], at: Place
    ) -> tuple[pd.Timestamp | None, pd.Timestamp | None] | None:
        """Return from when until when an assignment holds; None where that cannot be read."""
        info = said.get("scheduleInfo")
        info = info if isinstance(info, dict) else {}
        expiry = info.get("expiration")
        expiry = expiry if isinstance(expiry, dict) else {}
        try:
            return (
                moment(said.get("startDateTime") or info.get("startDateTime")),
                moment(said.get("endDateTime") or expiry.get("endDateTime")),
            )
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of an assignment {wrong}")
            return None

    def _of_group(self, said: dict[str, Any], eligible: bool, at: Place) -> None:
        """Let somebody be, or become, a member or owner of a group."""
        principal, group = guid(said.get("principalId")), guid(said.get("groupId"))
        if not (principal and group):
            self.rows.reject(at, "an assignment of a group must name principal and group")
            return
        term = self._term(said, at)
        owner = text(said.get("accessId")).lower() == "owner"
        if term is not None:
            one = OfGroup(principal, group, owner, eligible, *term, at)
            self.tenant.of_groups.append(one)

    def _seen(self, said: dict[str, Any], at: Place) -> None:
        """Note when an application or a credential was last seen to sign in."""
        key = guid(said.get("keyId")) or guid(said.get("appId"))
        seen = said.get("signInActivity") or said.get("lastSignInActivity")
        try:
            when = moment(seen.get("lastSignInDateTime")) if isinstance(seen, dict) else None
        except WrongValue as wrong:
            self.rows.reject(at, f"the instant of a sign-in {wrong}")
            return
        if key and when is not None:
            self.tenant.seen[key] = max(when, self.tenant.seen.get(key, when))
