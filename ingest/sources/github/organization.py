"""The people, teams and repositories of an organisation, as rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from graph.element import Node, Relationship
from graph.schema import (
    ASSUMES,
    CAN_ACCESS,
    GROUP,
    HUMAN,
    MEMBER_OF,
    OWNS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
)
from graph.values import WrongValue, canonical, instant
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.sources.github.documents import Entry, Lists, shown, user_id
from ingest.sources.github.permissions import ADMIN, READ, ROLES, organization_levels, role_levels
from ingest.tags.tag_map import Tagged, Tagger

PROVIDER = "github"
BASE = "base permission"
EVERYBODY = "*"  # whoever reads public repositories
ENTERPRISE = (
    "repositories are internal: members of the enterprise's other organisations read them too, and"
    " no list names these"
)
ARCHIVED = (
    "repositories are archived: grants are shown as they are, and give no more than reading until"
    " an administrator takes the repository back"
)


class Organization:
    """A writer of people, teams and repositories; `main` is the organisation of unnamed lists."""

    def __init__(self, rows: Rows, lists: Lists, main: str, tagger: Tagger) -> None:
        self.rows, self.lists, self.main, self.tagger = rows, lists, main, tagger
        self.base: dict[str, str] = {}
        self.repositories: dict[str, list[str]] = {}
        self.narrow: dict[str, set[str]] = {}  # repositories of an installation, token or secret
        self.roles: dict[str, str] = {}  # id of an organisation's role by its number
        self.internal: dict[str, list[str]] = {}  # repositories that the whole enterprise reads
        self._above: dict[str, set[str]] = {}  # the groups and roles of each person and group
        self._given: dict[tuple[str, str], set[str]] = {}  # levels by holder and target
        self.unknown: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._known = {self._org(e).lower() for e in lists.of("repos") if not e.parent}

    # -- ids ---------------------------------------------------------------------------------------

    def _org(self, entry: Entry) -> str:
        return shown(entry.org) or self.main

    def _id(self, org: str, kind: str, name: str) -> str:
        """Return an id; names that differ in case only are the same, as on GitHub."""
        id_ = f"github:{org}/{kind}/{name}"
        return self._first.setdefault(id_.lower(), id_)

    def _all_repositories(self, org: str, place: Place) -> list[str]:
        """Return all repositories, and a node for the others if no file lists them."""
        known = self.repositories.get(org, [])
        if org.lower() in self._known:
            return known
        rest = self._id(org, "repositories", "all")
        self.rows.node(
            RESOURCE, rest, place, name=f"repositories of {org}", type="repositories",
            provider=PROVIDER, parent_id=self._org_node(org, place),
        )  # fmt: skip
        self.rows.warn(f"no file lists the repositories of {org}: one thing represents all of them")
        return [*known, rest]

    def _org_node(self, org: str, place: Place) -> str:
        id_ = self._id(org, "organization", org)
        self.rows.node(
            RESOURCE, id_, place, name=org, type="organization", provider=PROVIDER,
            control_plane=True,
        )  # fmt: skip
        return id_

    def _moment(self, body: Mapping[str, Any], name: str, place: Place) -> pd.Timestamp | None:
        value = text(body.get(name))
        try:
            return instant(value) if value else None
        except WrongValue as wrong:
            self.rows.reject(place.at(name), f"the instant {wrong}")
            return None

    # -- people and teams --------------------------------------------------------------------------

    def _base(self, entry: Entry) -> None:
        org = self._org(entry)
        self._native(self._org_node(org, entry.place), entry.body)
        self.base[org] = text(entry.body.get("default_repository_permission"))

    def _person(self, entry: Entry, body: Mapping[str, Any], about: tuple[str, ...] = ()) -> str:
        """Add a user, or an account of software if GitHub marks it so; return the id.

        Where it has no login, the entry is rejected, which is `about` these things.
        """
        login = shown(body.get("login"))
        if not login:
            self.rows.reject(entry.place, "a user must have a login", about)
            return ""
        bot = text(body.get("type")) == "Bot" or login.endswith("[bot]")
        id_ = user_id(login)
        label: Node = SERVICE_ACCOUNT if bot else HUMAN
        self.rows.node(
            label, id_, entry.place, name=login, provider=PROVIDER,
            external_ids=canonical([f"github:{login}"]),
        )  # fmt: skip
        self._native(id_, body)
        return id_

    def _native(self, id_: str, body: Mapping[str, Any]) -> None:
        """Add GitHub's own ids of a thing, which logs and other tools use."""
        self.rows.alias(id_, "github_id", body.get("id"))
        self.rows.alias(id_, "github_node", body.get("node_id"))

    def _member(self, entry: Entry) -> None:
        inner = entry.body.get("user")  # a membership holds the user
        body = inner if isinstance(inner, dict) else entry.body
        if text(entry.body.get("state")) == "pending":
            self.unknown["people are only invited: they are no members yet"] += 1
            return
        if text(entry.body.get("role")).lower() in ("admin", "owner"):
            self._admin(replace(entry, body=body))
        person, org = self._person(entry, body), self._org(entry)
        if person:
            group = self._id(org, "group", "members")
            self.rows.node(GROUP, group, entry.place, name=f"members of {org}", provider=PROVIDER)
            self._belongs(MEMBER_OF, person, group, entry)

    def _belongs(self, kind: Relationship, taker: str, to: str, entry: Entry) -> None:
        """Add a membership or a role, which `holders_of` follows."""
        self.rows.link(kind, taker, to, entry.place)
        self._above.setdefault(taker, set()).add(to)

    def holders_of(self, person: str) -> list[str]:
        """Return whose grants a person has: their own, of teams and roles, and of everybody."""
        holders = [EVERYBODY, person]
        for holder in holders:
            holders += sorted(self._above.get(holder, set()) - set(holders))
        return holders

    def levels_of(self, holders: list[str], target: str) -> set[str]:
        """Return the levels that the lists give some holders on a target."""
        return set().union(*(self._given.get((holder, target), ()) for holder in holders))

    def _admin(self, entry: Entry) -> None:
        person, org = self._person(entry, entry.body), self._org(entry)
        if person:
            role = self._id(org, "role", "owner")
            self.rows.node(
                ROLE, role, entry.place, name=f"owner of {org}", provider=PROVIDER, assumable=True
            )
            self._belongs(ASSUMES, person, role, entry)

    def _team(self, entry: Entry) -> None:
        slug = shown(entry.body.get("slug"))
        if not slug:
            self.rows.reject(entry.place, "a team must have a slug")
            return
        org = self._org(entry)
        team = self._group(org, slug, entry.place, redact_text(text(entry.body.get("name"))))
        self._native(team, entry.body)
        parent = entry.body.get("parent")
        above = shown(parent.get("slug")) if isinstance(parent, dict) else ""
        if above:
            self._belongs(MEMBER_OF, team, self._group(org, above, entry.place), entry)

    def _group(self, org: str, slug: str, place: Place, name: str = "") -> str:
        id_ = self._id(org, "team", slug)
        known = canonical([f"github:{org}/{slug}"])
        self.rows.node(GROUP, id_, place, name=name or slug, provider=PROVIDER, external_ids=known)
        return id_

    def _team_member(self, entry: Entry) -> None:
        person = self._person(entry, entry.body)
        if person:
            team = self._group(self._org(entry), shown(entry.parent), entry.place)
            self._belongs(MEMBER_OF, person, team, entry)

    # -- repositories ------------------------------------------------------------------------------

    def _outsider(self, entry: Entry) -> None:
        self._person(entry, entry.body)

    def _listed_repository(self, entry: Entry) -> None:
        self._repository(entry, entry.body)
        if entry.body.get("archived") is True:
            self.unknown[ARCHIVED] += 1

    def _repository(self, entry: Entry, body: Mapping[str, Any]) -> str:
        """Add a repository; return its id, "" if it has no name."""
        owner, _, name = text(body.get("full_name")).rpartition("/")
        name = shown(name or body.get("name"))
        if not name:
            self.rows.reject(entry.place, "a repository must have a name")
            return ""
        org = shown(owner) or self._org(entry)
        id_ = self._id(org, "repository", name)
        if id_ in self.rows.labels:
            return id_
        seen = text(body.get("visibility")) or ("public" if body.get("private") is False else "")
        properties = body.get("custom_properties")
        pairs = properties.items() if isinstance(properties, dict) else ()
        tagged = self.tagger.read(RESOURCE, {k: v for k, v in pairs if isinstance(v, str)})
        self.rows.node(
            RESOURCE,
            id_,
            entry.place,
            name=f"{org}/{name}",
            type="repository",
            provider=PROVIDER,
            sensitivity="public" if seen == "public" else tagged.facts.get("sensitivity"),
            env=tagged.facts.get("env"),
            parent_id=self._org_node(org, entry.place),
            created_at=self._moment(body, "created_at", entry.place),
            external_ids=canonical([f"github:{org}/{name}"]),
        )
        self._native(id_, body)
        self.repositories.setdefault(org, []).append(id_)
        if seen == "internal":
            self.internal.setdefault(org, []).append(id_)
        if seen == "public":
            self._given[EVERYBODY, id_] = {"read"}
        self._owners(id_, tagged, entry.place)
        return id_

    def _owners(self, thing: str, tagged: Tagged, place: Place) -> None:
        """Add the owners that the properties of a repository name."""
        for owner in tagged.owners:
            if owner.label is not None:
                self.rows.node(owner.label, owner.id, place, **owner.facts)
            facts = {"role": owner.role, "evidence": owner.evidence}
            self.rows.link(OWNS, owner.id, thing, place, **facts)

    def _grant(
        self, holder: str, target: str, levels: tuple[str, ...], entry: Entry, **facts: Any
    ) -> None:
        if levels:
            self._given.setdefault((holder, target), set()).update(levels)
            self.rows.link(
                CAN_ACCESS, holder, target, entry.place, levels=canonical(list(levels)), **facts
            )

    def _team_repository(self, entry: Entry) -> None:
        repository = self._repository(entry, entry.body)
        if repository:
            team = self._group(self._org(entry), shown(entry.parent), entry.place)
            self._roled(team, repository, entry)

    def _repository_team(self, entry: Entry) -> None:
        slug = shown(entry.body.get("slug"))
        if not slug:
            self.rows.reject(entry.place, "a team must have a slug")
            return
        repository = self._repository(entry, {"name": entry.parent})
        team = self._group(self._org(entry), slug, entry.place)
        self._roled(team, repository, entry)

    def _collaborator(self, entry: Entry) -> None:
        person = self._person(entry, entry.body)
        if person:
            repository = self._repository(entry, {"name": entry.parent})
            self._roled(person, repository, entry)

    def _roled(self, holder: str, repository: str, entry: Entry) -> None:
        role, levels = role_levels(entry.body)
        if levels:
            name = redact_text(role)
            self._grant(holder, repository, levels, entry, role_name=name, grant_id=name)
        else:
            self.rows.reject(entry.place, "names no known role", (holder, repository))

    # -- roles in the organisation -----------------------------------------------------------------

    def _organization_role(self, entry: Entry) -> None:
        """Add a role of the organisation: a base role on repositories, and other permissions."""
        name, number = shown(entry.body.get("name")), entry.body.get("id")
        org = self._org(entry)
        role = self._id(org, "role", name)
        if not name or not isinstance(number, int):
            everything = (self._id(org, "organization", org), *self.repositories.get(org, ()))
            ids = (role, *everything) if name else ()
            self.rows.reject(entry.place, "a role must have a name and a number", ids)
            return
        self.roles[f"{org}/{number}"] = self.roles[f"{org}/{name}"] = role
        self.rows.node(ROLE, role, entry.place, name=name, provider=PROVIDER, assumable=True)
        base = text(entry.body.get("base_role"))
        for repository in self._all_repositories(org, entry.place) if base in ROLES else ():
            self._grant(role, repository, ROLES[base], entry, role_name=name)
        permissions = entry.body.get("permissions")
        wanted = sorted(
            filter(None, map(shown, permissions if isinstance(permissions, list) else ()))
        )
        organization = self._org_node(org, entry.place)
        facts = {"role_name": name, "actions": canonical(wanted)}
        self._grant(role, organization, organization_levels(wanted), entry, **facts)

    def _role_taker(self, entry: Entry) -> None:
        """Let a team or user assume a role of the organisation."""
        org, name = self._org(entry), shown(entry.parent)
        role = self.roles.get(f"{org}/{name}") or self._id(org, "role", name)
        if role not in self.rows.labels:
            self.rows.node(ROLE, role, entry.place, name=name, provider=PROVIDER, assumable=True)
            self.unknown[
                "roles of the organisation are not described: their permissions are unknown"
            ] += 1
        if entry.kind == "role-users":
            taker = self._person(entry, entry.body)
        else:
            slug = shown(entry.body.get("slug"))
            taker = self._group(org, slug, entry.place) if slug else ""
        if taker:
            self._belongs(ASSUMES, taker, role, entry)

    def _owners_and_members(self) -> None:
        """Grant owners everything, and members the organisation's base permission."""
        first: dict[str, Entry] = {}
        for entry in (e for kind in ("members", "organization") for e in self.lists.of(kind)):
            first[self._org(entry)] = entry
        for org, entry in first.items():
            group = self._id(org, "group", "members")
            if group not in self.rows.labels:
                continue
            if not self.base.get(org):
                self.rows.warn(
                    f"no file gives the base permission of members of {org} on its repositories"
                )
            levels = ROLES.get(self.base.get(org, ""), ())
            for repository in self._all_repositories(org, entry.place) if levels else ():
                self._grant(group, repository, levels, entry, role_name=BASE)
            for repository in () if levels else self.internal.get(org, ()):
                self._grant(group, repository, READ, entry, role_name="internal visibility")
        if internal := sum(map(len, self.internal.values())):
            self.unknown[ENTERPRISE] = internal
        orgs = {self._org(e): e for kind in ("members", "admins") for e in self.lists.of(kind)}
        for org, entry in orgs.items():
            role = self._id(org, "role", "owner")
            if role not in self.rows.labels:
                continue
            for target in (
                self._org_node(org, entry.place),
                *self._all_repositories(org, entry.place),
            ):
                self._grant(role, target, ADMIN, entry, role_name="owner")

    def warn(self) -> None:
        """Warn of unknown facts, with their counts."""
        for problem, count in self.unknown.items():
            self.rows.warn(f"{count} {problem}")
