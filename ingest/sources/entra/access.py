"""Rows of the permissions and directory roles of a tenant, with their holders and levels."""

from collections import defaultdict

from graph.schema import (
    ACTS_FOR,
    AGENT,
    ASSUMES,
    CAN_ACCESS,
    CONTROLS,
    GROUP,
    LEVELS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
)
from graph.values import canonical
from ingest.rows import Place, listed, text
from ingest.secrets.redaction import redact_text
from ingest.sources.entra.identities import PROVIDER, Identities
from ingest.sources.entra.inherited import inherited
from ingest.sources.entra.permissions import (
    ALL,
    GLOBAL_ADMINISTRATOR,
    GRAPH,
    SIGNS_IN,
    Scope,
    api_scope,
    directory_scope,
    table,
    takes_over,
)
from ingest.sources.entra.resets import RULE, resets
from ingest.sources.entra.tenant import (
    APPLICATIONS,
    GUID,
    PRINCIPALS,
    Assigned,
    Permission,
    Thing,
    guid,
)

NAMED_APIS = {
    "Microsoft Graph": GRAPH,
    "Office 365 Exchange Online": "00000002-0000-0ff1-ce00-000000000000",
    "Office 365 SharePoint Online": "00000003-0000-0ff1-ce00-000000000000",
    "Windows Azure Active Directory": "00000002-0000-0000-c000-000000000000",
}
DIRECTORIES = (GRAPH, NAMED_APIS["Windows Azure Active Directory"])
ON_ONE = ("application", *PRINCIPALS, "group")
OF_OWNER = "of_owner"
OWNER, OF_ITSELF = "$SubjectIsOwner", "$ResourceIsSelf"
DELEGATED = "delegated: only for a user who is signed in"


class Access:
    """A writer of the grants and roles of a tenant's identities."""

    def __init__(self, identities: Identities) -> None:
        self.rows, self.tenant = identities.rows, identities.tenant
        self._known, self._blueprint = identities.known, identities.blueprint
        things = self.tenant.things
        self.place = next(iter(things.values())).place if things else Place("")
        self.tenant_id = f"entra:{self.tenant.id}"
        self.api_names: dict[str, str] = {}
        self.nameless = 0
        self.members: dict[str, dict[str, Place]] = defaultdict(dict)
        for member, group, at in self.tenant.members:
            self.members[self.tenant.acting(group)].setdefault(self.tenant.acting(member), at)
        for entry in self.tenant.of_groups:
            if not entry.owner and not entry.eligible:
                group = self.tenant.acting(entry.group)
                self.members[group].setdefault(self.tenant.acting(entry.principal), entry.place)
        self.acting: dict[str, set[str]] = defaultdict(set)

    def write(self) -> None:
        """Write the tenant, the permissions and the roles."""
        self.rows.node(
            RESOURCE,
            self.tenant_id,
            self.place,
            name=self.tenant.name or None,
            type="tenant",
            provider=PROVIDER,
            control_plane=True,
        )
        for permission in self._permissions():
            self._permit(permission)
        for permission in self.tenant.unread_permissions:
            holder = f"entra:{self.tenant.acting(permission.holder)}"
            self.rows.in_rejected |= {holder, *self._by_target(permission)}
        self._roles()
        if self.nameless:
            self.rows.warn(
                f"{self.nameless} app roles are not described in the export: their levels are"
                " unknown"
            )

    # -- permissions -------------------------------------------------------------------------------

    def _permissions(self) -> list[Permission]:
        """Return the permissions, each once, even if several pages list it."""
        by_content: dict[tuple[object, ...], Permission] = {}
        stated = self.tenant.permissions
        from_blueprints = inherited(self.tenant, self._blueprint, lambda p: self._app(p)[0])
        for permission in (*stated, *from_blueprints):
            by_content.setdefault(
                (
                    permission.holder,
                    permission.api,
                    permission.id,
                    permission.names,
                    permission.user,
                ),
                permission,
            )
        return list(by_content.values())

    def _permit(self, permission: Permission) -> None:
        by_target = self._by_target(permission)
        for holder in self._holders(permission):
            for target, (names, levels) in by_target.items():
                self._grant(holder, target, names, levels, permission)
            self._act(holder, permission, {n for _, levels in by_target.values() for n in levels})

    def _holders(self, permission: Permission) -> list[str]:
        """Return who holds a permission: of a group, its direct members who are users.

        Groups in it have none of its app roles, and service principals get no token with them:
        https://learn.microsoft.com/en-us/graph/api/group-post-approleassignments
        https://learn.microsoft.com/en-us/entra/identity-platform/howto-add-app-roles-in-apps
        """
        holder = self._known(permission.holder, permission.place, SERVICE_ACCOUNT)
        if self.rows.labels[holder] is not GROUP:
            return [holder]
        listed_in = self.members.get(holder.removeprefix("entra:"), {})
        members = [self._known(id_, at) for id_, at in listed_in.items()]
        users = [member for member in members if self._is_user(member)]
        if len(users) == len(members):
            return [holder]
        self.rows.warn(
            "app roles of groups that have groups or service principals in them are those of the"
            " users that are direct members, and listed for each: Entra gives them to nobody else"
        )
        return users

    def _is_user(self, member: str) -> bool:
        """Return whether a member may be a user, as one may whom nothing else describes."""
        thing = self.tenant.things.get(member.removeprefix("entra:"))
        sort = thing.sort if thing is not None else ""
        return self.rows.labels[member] is not GROUP and sort not in (*APPLICATIONS, *PRINCIPALS)

    def _by_target(self, permission: Permission) -> dict[str, tuple[list[str], set[str]]]:
        """Add the parts of an API that a permission is on; return names and levels of each."""
        api = self._api(permission)
        by_target: dict[str, tuple[list[str], set[str]]] = {}
        for value in permission.names or ("",):
            named = value if permission.delegated else self._role_value(permission.api, value)
            scope = self._scope(permission, named) if named else Scope("", ())
            target = self._area(api, redact_text(scope.area), permission.place)
            names, levels = by_target.setdefault(target, ([], set()))
            names.append(redact_text(named or value))
            levels |= set(scope.levels)
        return by_target

    def _scope(self, permission: Permission, named: str) -> Scope:
        signs_in = permission.delegated and named in SIGNS_IN
        if signs_in and self._app(permission)[0] in DIRECTORIES:
            return Scope("User", ("read",))
        return api_scope(named)

    def _grant(
        self, holder: str, target: str, names: list[str], levels: set[str], permission: Permission
    ) -> None:
        actions = sorted(filter(None, names))
        self.rows.link(
            CAN_ACCESS,
            holder,
            target,
            permission.place,
            grant_id=redact_text(permission.id) or None,
            actions=canonical(actions),
            levels=canonical([level for level in LEVELS if level in levels]),
            granted_at=permission.since,
            role_name=" ".join(actions) or None,
            condition=self._condition(permission),
            tags=canonical(["delegated"]) if permission.delegated else None,
        )

    def _condition(self, permission: Permission) -> str | None:
        if not permission.delegated:
            return None
        user = permission.user
        return f"delegated: only for the user entra:{user}" if user else DELEGATED

    def _act(self, holder: str, permission: Permission, levels: set[str]) -> None:
        """Let an agent act for the one user who consented, as far as the permissions go."""
        if permission.user and levels and self.rows.labels[holder] is AGENT:
            ceiling = max(levels, key=LEVELS.index)
            if permission.user not in self.acting[holder]:
                self.acting[holder].add(permission.user)
                user = self._known(permission.user, permission.place)
                self.rows.link(ACTS_FOR, holder, user, permission.place, ceiling=ceiling)

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

    def _app(self, permission: Permission) -> tuple[str, str]:
        """Return the app id of an API, else what is known of it, and its name."""
        if permission.api.startswith("name:"):
            name = permission.api.removeprefix("name:") or "unknown"
            app = NAMED_APIS.get(name, redact_text(name))
        else:
            thing = self.tenant.things.get(permission.api)
            app = (thing.guid("appId") if thing else "") or permission.api
            name = text(thing.body.get("displayName")) if thing else ""
            app = NAMED_APIS.get(name, app) if app == permission.api else app
            if app == permission.api and set(permission.names) & table()["graph_roles"].keys():
                app = GRAPH  # only Microsoft Graph has app roles of these ids
        return app, name

    def _api(self, permission: Permission) -> str:
        """Return the resource that stands for an API."""
        app, name = self._app(permission)
        id_ = f"{self.tenant_id}/api/{app}"
        name = "Microsoft Graph" if app == GRAPH else redact_text(name)
        self.api_names[id_] = name
        facts = {"type": "api", "provider": PROVIDER, "parent_id": self.tenant_id}
        self.rows.node(RESOURCE, id_, permission.place, name=name or None, **facts)
        return id_

    def _area(self, api: str, area: str, place: Place) -> str:
        """Return the part of an API, such as Mail of Microsoft Graph, or the API itself."""
        if not area:
            return api
        id_ = f"{api}/{area}"
        facts = {"type": "api area", "provider": PROVIDER, "parent_id": api}
        name = self.api_names[api] or api.rpartition("/")[2]
        self.rows.node(RESOURCE, id_, place, name=f"{name}: {area}", **facts)
        return id_

    # -- directory roles ---------------------------------------------------------------------------

    def _roles(self) -> None:
        """Write the roles with their holders and grants; the global administrator is always one."""
        assigned = {self.tenant.acting(a.role) for a in self.tenant.assigned if not self._on(a)}
        unread = {self.tenant.acting(role) for role in self.tenant.unread_roles if role}
        self.rows.in_rejected |= {f"{self.tenant_id}/role/{role}" for role in unread}
        assigned |= unread
        described = {t.id: t for t in self.tenant.of("roleDefinition")}
        wanted = dict.fromkeys([*described, *sorted(assigned), GLOBAL_ADMINISTRATOR])
        for id_ in wanted:
            if id_ in described and id_ not in assigned and not self._hands_over(described[id_]):
                continue
            self._role(id_, described.get(id_), id_ in assigned)
        for assignment in self._assigned():
            self._assume(assignment)
        for id_ in wanted:
            role = f"{self.tenant_id}/role/{id_}"
            if role in self.rows.labels:
                self._permits(role, described.get(id_), id_)
        for id_, user, condition in resets(self.tenant, assigned, self._assigned(), self.members):
            role, target = f"{self.tenant_id}/role/{id_}", self._known(user.id, user.place)
            self.rows.link(CONTROLS, role, target, user.place, rule=RULE, condition=condition)

    def _hands_over(self, thing: Thing) -> bool:
        return any("admin" in directory_scope(a).levels for a in self._actions(thing, thing.id))

    def _role(self, id_: str, thing: Thing | None, assigned: bool) -> None:
        built_in = table()["roles"].get(id_, {})
        name = text(thing.body.get("displayName")) if thing else ""
        disabled = thing is not None and thing.body.get("isEnabled") is False
        self.rows.node(
            ROLE,
            f"{self.tenant_id}/role/{id_}",
            thing.place if thing else self.place,
            name=redact_text(name) or built_in.get("name"),
            provider=PROVIDER,
            assumable=assigned,
            status="disabled" if disabled else "active",
        )

    def _assigned(self) -> list[Assigned]:
        """Return the assignments; several of one role in one place become the widest of them."""
        widest: dict[tuple[str, str, str, bool, str], Assigned] = {}
        certain = set()
        for assignment in self.tenant.assigned:
            principal, role = (
                self.tenant.acting(assignment.principal),
                self.tenant.acting(assignment.role),
            )
            key = (principal, role, assignment.where, assignment.eligible, assignment.condition)
            widest[key] = widest[key].wider(assignment) if key in widest else assignment
            if not assignment.condition:
                certain.add(key[:3])
        return [
            assignment for key, assignment in widest.items() if not (key[4] and key[:3] in certain)
        ]

    def _assume(self, assignment: Assigned) -> None:
        principal = self._known(assignment.principal, assignment.place)
        role = f"{self.tenant_id}/role/{self.tenant.acting(assignment.role)}"
        conditions = [assignment.condition] if assignment.condition else []
        if on := self._on(assignment):
            role = self._role_on(assignment, on)
        elif assignment.where != "/":
            conditions.append(f"only within {redact_text(assignment.where)[:200]}")
        self.rows.link(
            ASSUMES,
            principal,
            role,
            assignment.place,
            valid_from=assignment.start,
            valid_to=assignment.end,
            condition=" and ".join(conditions) or None,
            eligible=True if assignment.eligible else None,
            rule="E8" if assignment.eligible else None,
        )

    def _on(self, assignment: Assigned) -> Thing | None:
        """Return the one application or group that a role is assigned for; None for others."""
        id_ = guid(assignment.where.removeprefix("/"))
        thing = self.tenant.things.get(self.tenant.acting(id_)) if id_ else None
        return thing if thing is not None and thing.sort in ON_ONE else None

    def _role_on(self, assignment: Assigned, on: Thing) -> str:
        """Add a role on one application or group, and what it gives of that one."""
        role_id, place = self.tenant.acting(assignment.role), assignment.place
        defined = self.tenant.things.get(role_id)
        target = self._known(on.id, place, SERVICE_ACCOUNT)
        id_ = f"{self.tenant_id}/role/{role_id}/{on.id}"
        built_in = table()["roles"].get(role_id, {}).get("name", "")
        name = redact_text(text(defined.body.get("displayName"))) if defined else ""
        of = redact_text(text(on.body.get("displayName"))) or on.id
        shown = f"{name or built_in or role_id} on {of}"
        if self.rows.node(ROLE, id_, place, name=shown, provider=PROVIDER, assumable=True):
            actions = self._actions(defined, role_id)
            if any(takes_over(action, group=on.sort == "group") for action in actions):
                rule = "E5" if on.sort == "group" else "E2"
                self.rows.link(CONTROLS, id_, target, place, rule=rule)
        return id_

    def _actions(self, thing: Thing | None, id_: str) -> list[str]:
        """Return the actions of a role: those of its definition, else of the built-in role."""
        return self._by_condition(thing, id_).get("", [])

    def _by_condition(self, thing: Thing | None, id_: str) -> dict[str, list[str]]:
        """Return the actions of a role by their condition, such as `$SubjectIsOwner`."""
        parts = listed(thing.body.get("rolePermissions")) if thing else []
        if id_ == GLOBAL_ADMINISTRATOR:
            return {"": [ALL]}
        if not parts:
            return {"": list(table()["roles"].get(id_, {}).get("actions", ()))}
        actions: dict[str, list[str]] = defaultdict(list)
        for part in parts:
            if isinstance(part, dict) and text(part.get("condition")) != OF_ITSELF:
                given = listed(part.get("allowedResourceActions"))
                condition = redact_text(text(part.get("condition")))[:200]
                actions[condition] += [redact_text(text(a)) for a in given if text(a)]
        return actions

    def _permits(self, role: str, thing: Thing | None, id_: str) -> None:
        by_condition = self._by_condition(thing, id_)
        if not any(by_condition.values()):
            self.rows.warn("roles without a definition: their permissions are unknown")
        for condition, actions in by_condition.items():
            self._permits_on(condition, role, thing, actions)

    def _permits_on(
        self, condition: str, role: str, thing: Thing | None, all_actions: list[str]
    ) -> None:
        place = thing.place if thing else self.place
        by_area: dict[str, tuple[list[str], set[str]]] = {}
        for action in all_actions:
            scope = directory_scope(action)
            actions, levels = by_area.setdefault(scope.area, ([], set()))
            actions.append(action)
            levels |= set(scope.levels)
        facts = {}
        if condition:  # what an owner may do to what it owns is rule E1
            tags = canonical([OF_OWNER]) if condition == OWNER else None
            facts = {"grant_id": condition, "condition": f"only if {condition}", "tags": tags}
        named = redact_text(text(thing.body.get("displayName"))) or None if thing else None
        for area, (actions, levels) in by_area.items():
            targets = [self._part(area, place)] if area else self._everything()
            for number, target in enumerate(targets):
                self.rows.link(
                    CAN_ACCESS,
                    role,
                    target,
                    place,
                    actions=canonical(sorted(actions) if number == 0 else []),
                    levels=canonical([level for level in LEVELS if level in levels]),
                    role_name=named,
                    **facts,
                )

    def _everything(self) -> list[str]:
        """Return the tenant and all known resources in it."""
        inside = [i for i in self.rows.labels if i.startswith(f"{self.tenant_id}/")]
        return [self.tenant_id, *(i for i in inside if self.rows.labels[i] is RESOURCE)]

    def _part(self, area: str, place: Place) -> str:
        id_ = f"{self.tenant_id}/{redact_text(area)}"
        facts = {"type": "directory area", "provider": PROVIDER, "parent_id": self.tenant_id}
        name = redact_text(area).replace("directory/", "Directory: ")
        self.rows.node(RESOURCE, id_, place, name=name, **facts)
        return id_
