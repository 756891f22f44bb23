"""Rows of the lists of an organisation: identities, and their access to repositories."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ingest.files.export import scope_of, taken_at
from ingest.rows import Rows, text
from ingest.source import Reading, Request
from ingest.sources.github.documents import ORDER, Entry, Lists, gather, shown
from ingest.sources.github.software import Software
from ingest.tags.tag_map import Tagger

TEAM_PAGE = re.compile(r"https://[^/]+/orgs/([\w.-]+)/teams/")
NARROW = ("installation-repositories", "token-repositories", "secret-repositories")
OF_OWNERS = ("personal-access-tokens",)  # which give no more than their owners have
DECLARES = {
    "grants": {
        "team-repos", "repo-teams", "collaborators", "installations", "personal-access-tokens",
        "keys", "role-teams", "role-users",
    },
    "credentials": {
        "keys", "personal-access-tokens", "credential-authorizations", "secrets", "secret-alerts",
    },
    "inventory": {"installations"},
}  # fmt: skip


def read(request: Request) -> Reading:
    """Read the lists of an organisation, or of several.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is a list of an organisation.
    """
    rows = Rows()
    lists = gather(request, rows)
    main = _give_organizations(lists, request.scope or scope_of(request), rows)
    tagger = Tagger(request.tags)
    _Everything(rows, lists, shown(main), tagger).write()
    for warning in tagger.warnings():
        rows.warn(warning)
    could = [kind for kind, kinds in DECLARES.items() if lists.listed & kinds]
    scope = request.scope or shown(main)
    return rows.reading(scope, taken_at(request, lists.files, rows), could)


def _named_by(entry: Entry) -> str:
    """Return the organisation that an item names as its own; "" if it names none."""
    body = entry.body
    if entry.org:
        return entry.org
    if entry.kind == "organization":
        return text(body.get("login"))
    if entry.kind in ("repos", "team-repos"):
        owner, slash, _ = text(body.get("full_name")).partition("/")
        return owner if slash else ""
    if entry.kind == "teams":
        page = TEAM_PAGE.match(text(body.get("html_url")))
        return page[1] if page else ""
    account = body.get("account")
    if entry.kind == "installations" and isinstance(account, dict):
        return text(account.get("login"))
    return ""


def _give_organizations(lists: Lists, otherwise: str, rows: Rows) -> str:
    """Set the organisation of each entry, by its folder; return the organisation if it is only one.

    A folder whose lists name none belongs to the organisation of the folders above it, or to the
    only one; to one of its own name if each organisation has such a folder, or if a folder beside
    it has the same list.
    """
    named: dict[Path, str] = {}
    for kind in ("organization", "repos", "teams", "installations", "team-repos"):
        for entry in lists.of(kind):
            if name := _named_by(entry):
                named.setdefault(entry.root, name)
    kinds_by_root: dict[Path, set[str]] = {}
    for entry in lists.entries:
        kinds_by_root.setdefault(entry.root, set()).add(entry.kind)
    whose = {root: _owner(root, named, kinds_by_root, otherwise) for root in kinds_by_root}
    for name in sorted({*whose.values()} - {*named.values()}):
        if named and name != otherwise:
            rows.warn(f"only a folder or file is named {shown(name)}: taken as an organisation")
    lists.entries = [
        entry if entry.org else replace(entry, org=_named_by(entry) or whose[entry.root])
        for entry in lists.entries
    ]
    names = {entry.org.lower(): entry.org for entry in lists.entries}
    return otherwise if len(names) > 1 else next(iter(names.values()), otherwise)


def _owner(
    root: Path, named: dict[Path, str], kinds_by_root: dict[Path, set[str]], otherwise: str
) -> str:
    """Return the organisation of the lists in a folder."""
    if root in named:
        return named[root]
    names = {name.lower(): name for name in named.values()}
    own = names.get(root.name.lower(), root.name)
    beside = [p for p in kinds_by_root if p != root and p.parent == root.parent]
    if any(kinds_by_root[root] & kinds_by_root[p] for p in beside):
        return own
    above = next((named[p] for p in root.parents if p in named), "")
    if above:
        return above
    each = any(p.name.lower() == name.lower() for p, name in named.items())
    if (each or len(names) > 1) and any(p not in root.parents for p in kinds_by_root if p != root):
        return own
    return next(iter(named.values()), otherwise)


class _Everything(Software):
    """A writer of all rows."""

    def write(self) -> None:
        """Write all rows; those that others refer to come first."""
        take: dict[str, Callable[[Entry], None]] = {
            "organization": self._base,
            "repos": self._listed_repository,
            "teams": self._team,
            "members": self._member,
            "admins": self._admin,
            "outside-collaborators": self._outsider,
            "team-members": self._team_member,
            "team-repos": self._team_repository,
            "repo-teams": self._repository_team,
            "collaborators": self._collaborator,
            "organization-roles": self._organization_role,
            "role-teams": self._role_taker,
            "role-users": self._role_taker,
            "keys": self._deploy_key,
            "secrets": self._secret,
            "installations": self._installation,
            "personal-access-tokens": self._token,
            "credential-authorizations": self._authorization,
            "secret-alerts": self._alert,
        }
        early = [kind for kind in ORDER if kind in take and kind not in OF_OWNERS]
        for kind in early:
            for entry in self.lists.of(kind):
                take[kind](entry)
            if kind == "repos":  # whose list tells more of a repository than any other does
                self._narrow()
        self._owners_and_members()
        for entry in (e for kind in OF_OWNERS for e in self.lists.of(kind)):
            take[entry.kind](entry)
        self.warn()

    def _narrow(self) -> None:
        """Note the repositories that an installation, a token or a secret is for."""
        for entry in self.lists.entries:
            if entry.kind in NARROW:
                repository = self._repository(entry, entry.body)
                if repository:
                    key = f"{entry.kind}/{entry.parent}"
                    self.narrow.setdefault(key, set()).add(repository)
