"""The people, teams and repositories of an organisation, as rows."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from graph.element import Node
from graph.schema import (
    ASSUMES,
    CAN_ACCESS,
    GROUP,
    HUMAN,
    MEMBER_OF,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
)
from graph.values import WrongValue, canonical, instant
from ingest.redaction import redact_text
from ingest.rows import Place, Rows, text
from ingest.sources.github.documents import Entry, Lists, shown
from ingest.sources.github.permissions import ADMIN, ROLES, role_levels

PROVIDER = "github"


class Organization:
    """Writes people, teams and repositories; `main` is the one that lists without a name are of."""

    def __init__(self, rows: Rows, lists: Lists, main: str) -> None:
        self.rows, self.lists, self.main = rows, lists, main
        self.base: dict[str, str] = {}
        self.repositories: dict[str, list[str]] = {}
        self.narrow: dict[str, set[str]] = {}  # repositories of an installation or token
        self.unknown = 0

    # -- ids ---------------------------------------------------------------------------------------

    def _org(self, entry: Entry) -> str:
        return shown(entry.org) or self.main

    def _id(self, org: str, kind: str, name: str) -> str:
        return f"github:{org}/{kind}/{name}"

    def _whole(self, org: str, place: Place) -> str:
        id_ = self._id(org, "organization", org)
        self.rows.node(
            RESOURCE, id_, place, name=org, type="organization", provider=PROVIDER,
            control_plane=True,
        )  # fmt: skip
        return id_

    def _moment(self, body: Mapping[str, Any], name: str, place: Place) -> pd.Timestamp | None:
        said = text(body.get(name))
        try:
            return instant(said) if said else None
        except WrongValue as wrong:
            self.rows.reject(place.at(name), f"the instant {wrong}")
            return None

    # -- people and teams --------------------------------------------------------------------------

    def _base(self, entry: Entry) -> None:
        org = self._org(entry)
        self._whole(org, entry.place)
        self.base[org] = text(entry.body.get("default_repository_permission"))

    def _person(self, entry: Entry, body: Mapping[str, Any]) -> str:
        """Add a user, who is software where GitHub says so; return the id."""
        login = shown(body.get("login"))
        if not login:
            self.rows.reject(entry.place, "a user must have a login")
            return ""
        bot = text(body.get("type")) == "Bot" or login.endswith("[bot]")
        id_ = self._id(self._org(entry), "user", login)
        label: Node = SERVICE_ACCOUNT if bot else HUMAN
        self.rows.node(
            label, id_, entry.place, name=login, provider=PROVIDER,
            external_ids=canonical([f"github:{login}"]),
        )  # fmt: skip
        return id_

    def _member(self, entry: Entry) -> None:
        person, org = self._person(entry, entry.body), self._org(entry)
        if person:
            group = self._id(org, "group", "members")
            self.rows.node(GROUP, group, entry.place, name=f"members of {org}", provider=PROVIDER)
            self.rows.link(MEMBER_OF, person, group, entry.place)

    def _admin(self, entry: Entry) -> None:
        person, org = self._person(entry, entry.body), self._org(entry)
        if person:
            role = self._id(org, "role", "owner")
            self.rows.node(
                ROLE, role, entry.place, name=f"owner of {org}", provider=PROVIDER, assumable=True
            )
            self.rows.link(ASSUMES, person, role, entry.place)

    def _team(self, entry: Entry) -> None:
        slug = shown(entry.body.get("slug"))
        if not slug:
            self.rows.reject(entry.place, "a team must have a slug")
            return
        org = self._org(entry)
        team = self._group(org, slug, entry.place, redact_text(text(entry.body.get("name"))))
        parent = entry.body.get("parent")
        above = shown(parent.get("slug")) if isinstance(parent, dict) else ""
        if above:
            self.rows.link(MEMBER_OF, team, self._group(org, above, entry.place), entry.place)

    def _group(self, org: str, slug: str, place: Place, name: str = "") -> str:
        id_ = self._id(org, "team", slug)
        known = canonical([f"github:{org}/{slug}"])
        self.rows.node(GROUP, id_, place, name=name or slug, provider=PROVIDER, external_ids=known)
        return id_

    def _team_member(self, entry: Entry) -> None:
        person = self._person(entry, entry.body)
        if person:
            team = self._group(self._org(entry), shown(entry.parent), entry.place)
            self.rows.link(MEMBER_OF, person, team, entry.place)

    # -- repositories ------------------------------------------------------------------------------

    def _outsider(self, entry: Entry) -> None:
        self._person(entry, entry.body)

    def _listed_repository(self, entry: Entry) -> None:
        self._repository(entry, entry.body)

    def _repository(self, entry: Entry, body: Mapping[str, Any]) -> str:
        """Add a repository; return its id, "" where it has no name."""
        owner, _, name = text(body.get("full_name")).rpartition("/")
        name = shown(name or body.get("name"))
        if not name:
            self.rows.reject(entry.place, "a repository must have a name")
            return ""
        org = shown(owner) or self._org(entry)
        id_ = self._id(org, "repository", name)
        public = text(body.get("visibility")) == "public" or body.get("private") is False
        added = self.rows.node(
            RESOURCE,
            id_,
            entry.place,
            name=f"{org}/{name}",
            type="repository",
            provider=PROVIDER,
            sensitivity="public" if public else None,
            parent_id=self._whole(org, entry.place),
            created_at=self._moment(body, "created_at", entry.place),
            external_ids=canonical([f"github:{org}/{name}"]),
        )
        if added:
            self.repositories.setdefault(org, []).append(id_)
        return id_

    def _grant(
        self, holder: str, target: str, levels: tuple[str, ...], entry: Entry, **facts: Any
    ) -> None:
        if levels:
            self.rows.link(
                CAN_ACCESS, holder, target, entry.place, levels=canonical(list(levels)), **facts
            )

    def _team_repository(self, entry: Entry) -> None:
        repository = self._repository(entry, entry.body)
        if repository:
            team = self._group(self._org(entry), shown(entry.parent), entry.place)
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
            self.rows.reject(entry.place, "says no role that is known")

    def _owners_and_members(self) -> None:
        """Owners administer everything; members have the organisation's base permission."""
        for entry in self.lists.of("organization"):
            org = self._org(entry)
            group = self._id(org, "group", "members")
            levels = ROLES.get(self.base.get(org, ""), ())
            if group in self.rows.labels:
                for repository in self.repositories.get(org, ()):
                    self._grant(group, repository, levels, entry, role_name="base permission")
        orgs = {self._org(e): e for e in self.lists.of("admins")}
        for org, entry in orgs.items():
            role = self._id(org, "role", "owner")
            for target in (self._whole(org, entry.place), *self.repositories.get(org, ())):
                if role in self.rows.labels:
                    self._grant(role, target, ADMIN, entry, role_name="owner")
