"""From permissions and directory roles to rows: who holds what in a tenant, at which level."""

from collections import defaultdict

from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    CAN_ACCESS,
    LEVELS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
)
from graph.values import canonical
from ingest.rows import Place, listed, text
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.identities import PROVIDER, Identities
from ingest.sources.entra.permissions import (
    ALL,
    GLOBAL_ADMINISTRATOR,
    GRAPH,
    Scope,
    api_scope,
    directory_scope,
    table,
)
from ingest.sources.entra.tenant import GUID, Assigned, Permission, Thing, guid

NAMED_APIS = {
    "Microsoft Graph": GRAPH,
    "Office 365 Exchange Online": "00000002-0000-0ff1-ce00-000000000000",
    "Office 365 SharePoint Online": "00000003-0000-0ff1-ce00-000000000000",
    "Windows Azure Active Directory": "00000002-0000-0000-c000-000000000000",
}
DELEGATED = "delegated: only for a user who is signed in"


class Access:
    """Writes what the identities of a tenant hold."""

    def __init__(self, identities: Identities) -> None:
        self.rows, self.tenant = identities.rows, identities.tenant
        self._known = identities.known
        things = self.tenant.things
        self.place = next(iter(things.values())).place if things else Place("")
        self.whole = f"entra:{self.tenant.id}"
        self.api_names: dict[str, str] = {}
        self.nameless = 0
        self.acting: dict[str, set[str]] = defaultdict(set)

    def write(self) -> None:
        """Write the tenant, the permissions and the roles."""
        self.rows.node(
            RESOURCE,
            self.whole,
            self.place,
            name=self.tenant.name or None,
            type="tenant",
            provider=PROVIDER,
            control_plane=True,
        )
        for permission in self._permissions():
            self._permit(permission)
        self._roles()
        if self.nameless:
            self.rows.warn(
                f"{self.nameless} app roles are not described in the export: their levels are"
                " unknown"
            )

    # -- permissions -------------------------------------------------------------------------------

    def _permissions(self) -> list[Permission]:
        """Return the permissions, those that several pages list once."""
        found: dict[tuple[object, ...], Permission] = {}
        for one in self.tenant.permissions:
            found.setdefault((one.holder, one.api, one.id, one.names, one.user), one)
        return list(found.values())

    def _permit(self, one: Permission) -> None:
        holder = self._known(one.holder, one.place, SERVICE_ACCOUNT)
        api = self._api(one)
        by_area: dict[str, tuple[list[str], set[str]]] = {}
        for value in one.names or ("",):
            named = value if one.delegated else self._role_value(one.api, value)
            scope = api_scope(named) if named else Scope("", ())
            said, levels = by_area.setdefault(scope.area, ([], set()))
            said.append(redact_text(named or value))
            levels |= set(scope.levels)
        for area, (said, levels) in by_area.items():
            target = self._area(api, redact_text(area), one.place)
            self._grant(holder, target, said, levels, one)
        self._act(holder, one, {level for _, levels in by_area.values() for level in levels})

    def _grant(
        self, holder: str, target: str, said: list[str], levels: set[str], one: Permission
    ) -> None:
        actions = sorted(filter(None, said))
        self.rows.link(
            CAN_ACCESS,
            holder,
            target,
            one.place,
            grant_id=redact_text(one.id) or None,
            actions=canonical(actions),
            levels=canonical([level for level in LEVELS if level in levels]),
            granted_at=one.since,
            role_name=" ".join(actions) or None,
            condition=self._condition(one),
            tags=canonical(["delegated"]) if one.delegated else None,
        )

    def _condition(self, one: Permission) -> str | None:
        if not one.delegated:
            return None
        return f"delegated: only for the user entra:{one.user}" if one.user else DELEGATED

    def _act(self, holder: str, one: Permission, levels: set[str]) -> None:
        """Let an agent act for the one user who consented, as far as the permissions go."""
        if one.user and levels and self.rows.labels[holder] is AGENT:
            ceiling = max(levels, key=LEVELS.index)
            if one.user not in self.acting[holder]:
                self.acting[holder].add(one.user)
                user = self._known(one.user, one.place)
                self.rows.link(ACTS_FOR, holder, user, one.place, ceiling=ceiling)

    def _role_value(self, api: str, value: str) -> str:
        """Return the name of an app role, which an assignment gives by its id; "" if unknown."""
        if not GUID.fullmatch(value):
            return value
        resource = self.tenant.things.get(api)
        for role in listed(resource.body.get("appRoles")) if resource else ():
            if isinstance(role, dict) and guid(role.get("id")) == value:
                return text(role.get("value"))
        known = str(table()["graph_roles"].get(value, ""))
        self.nameless += not known
        return known

    def _api(self, one: Permission) -> str:
        """Return the resource that stands for an API."""
        if one.api.startswith("name:"):
            name = one.api.removeprefix("name:") or "unknown"
            app = NAMED_APIS.get(name, redact_text(name))
        else:
            thing = self.tenant.things.get(one.api)
            app = (thing.guid("appId") if thing else "") or one.api
            name = text(thing.body.get("displayName")) if thing else ""
            app = NAMED_APIS.get(name, app) if app == one.api else app
            if app == one.api and set(one.names) & table()["graph_roles"].keys():
                app = GRAPH  # only Microsoft Graph has app roles of these ids
        id_ = f"{self.whole}/api/{app}"
        name = "Microsoft Graph" if app == GRAPH else redact_text(name)
        self.api_names[id_] = name
        facts = {"type": "api", "provider": PROVIDER, "parent_id": self.whole}
        self.rows.node(RESOURCE, id_, one.place, name=name or None, **facts)
        return id_

    def _area(self, api: str, area: str, place: Place) -> str:
        """Return the part of an API, such as Mail of Microsoft Graph, or the API itself."""
        if not area:
            return api
        id_ = f"{api}/{area}"
        facts = {"type": "api area", "provider": PROVIDER, "parent_id": api}
        self.rows.node(RESOURCE, id_, place, name=f"{self.api_names[api]}: {area}", **facts)
        return id_

    # -- directory roles ---------------------------------------------------------------------------

    def _roles(self) -> None:
        """Write the roles, who holds them and what they permit; one administers the tenant."""
        held = {self.tenant.who(one.role) for one in self.tenant.assigned}
        described = {t.id: t for t in self.tenant.of("roleDefinition")}
        wanted = dict.fromkeys([*described, *sorted(held), GLOBAL_ADMINISTRATOR])
        for id_ in wanted:
            if id_ in described and id_ not in held and not self._hands_over(described[id_]):
                continue
            self._role(id_, described.get(id_), id_ in held)
        for one in self._assigned():
            self._assume(one)
        for id_ in wanted:
            role = f"{self.whole}/role/{id_}"
            if role in self.rows.labels:
                self._permits(role, described.get(id_), id_)

    def _hands_over(self, thing: Thing) -> bool:
        return any("admin" in directory_scope(a).levels for a in self._actions(thing, thing.id))

    def _role(self, id_: str, thing: Thing | None, held: bool) -> None:
        built_in = table()["roles"].get(id_, {})
        said = text(thing.body.get("displayName")) if thing else ""
        disabled = thing is not None and thing.body.get("isEnabled") is False
        self.rows.node(
            ROLE,
            f"{self.whole}/role/{id_}",
            thing.place if thing else self.place,
            name=redact_text(said) or built_in.get("name"),
            provider=PROVIDER,
            assumable=held,
            status="disabled" if disabled else "active",
        )

    def _assigned(self) -> list[Assigned]:
        """Return the assignments; several of one role in one place make the widest of them."""
        found: dict[tuple[str, str, str, bool, str], Assigned] = {}
        certain = set()
        for one in self.tenant.assigned:
            principal, role = self.tenant.who(one.principal), self.tenant.who(one.role)
            key = (principal, role, one.where, one.eligible, one.condition)
            found[key] = _wider(found[key], one) if key in found else one
            if not one.condition:
                certain.add(key[:3])
        return [one for key, one in found.items() if not (key[4] and key[:3] in certain)]

    def _assume(self, one: Assigned) -> None:
        principal = self._known(one.principal, one.place)
        role = f"{self.whole}/role/{self.tenant.who(one.role)}"
        conditions = [one.condition] if one.condition else []
        if one.where != "/":
            conditions.append(f"only within {redact_text(one.where)[:200]}")
        self.rows.link(
            ASSUMES,
            principal,
            role,
            one.place,
            valid_from=one.start,
            valid_to=one.end,
            condition=" and ".join(conditions) or None,
            eligible=True if one.eligible else None,
            rule="E8" if one.eligible else None,
        )

    def _actions(self, thing: Thing | None, id_: str) -> list[str]:
        """Return what a role permits: as its definition says, else as the built-in role does."""
        parts = listed(thing.body.get("rolePermissions")) if thing else []
        if id_ == GLOBAL_ADMINISTRATOR:
            return [ALL]
        if not parts:
            return list(table()["roles"].get(id_, {}).get("actions", ()))
        found = []
        for part in parts:
            actions = part.get("allowedResourceActions") if isinstance(part, dict) else None
            conditional = isinstance(part, dict) and text(part.get("condition"))
            if not conditional:
                found += [redact_text(text(a)) for a in listed(actions) if text(a)]
        return found

    def _permits(self, role: str, thing: Thing | None, id_: str) -> None:
        place = thing.place if thing else self.place
        by_area: dict[str, tuple[list[str], set[str]]] = {}
        for action in self._actions(thing, id_):
            scope = directory_scope(action)
            said, levels = by_area.setdefault(scope.area, ([], set()))
            said.append(action)
            levels |= set(scope.levels)
        if not by_area:
            self.rows.warn("roles without a definition: what they permit is unknown")
        named = redact_text(text(thing.body.get("displayName"))) or None if thing else None
        for area, (said, levels) in by_area.items():
            targets = [self._part(area, place)] if area else self._everything()
            for number, target in enumerate(targets):
                self.rows.link(
                    CAN_ACCESS,
                    role,
                    target,
                    place,
                    actions=canonical(sorted(said) if number == 0 else []),
                    levels=canonical([level for level in LEVELS if level in levels]),
                    role_name=named,
                )

    def _everything(self) -> list[str]:
        """Return the tenant and all that is known of it."""
        inside = [i for i in self.rows.labels if i.startswith(f"{self.whole}/")]
        return [self.whole, *(i for i in inside if self.rows.labels[i] is RESOURCE)]

    def _part(self, area: str, place: Place) -> str:
        id_ = f"{self.whole}/{redact_text(area)}"
        facts = {"type": "directory area", "provider": PROVIDER, "parent_id": self.whole}
        name = redact_text(area).replace("directory/", "Directory: ")
        self.rows.node(RESOURCE, id_, place, name=name, **facts)
        return id_


def _wider(one: Assigned, other: Assigned) -> Assigned:
    """Join two assignments of the same; one with a schedule knows its end, the other does not."""
    if one.dated != other.dated:
        return one if one.dated else other
    starts = [s for s in (one.start, other.start) if s is not None]
    end = None if one.end is None or other.end is None else max(one.end, other.end)
    start = min(starts) if len(starts) == 2 else None
    return Assigned(
        one.principal,
        one.role,
        one.where,
        start,
        end,
        one.eligible,
        one.dated,
        one.place,
        one.condition,
    )
