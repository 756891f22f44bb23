"""From the lists of an organisation to rows: who may do what with which repository."""

import re
from collections.abc import Callable

from ingest.exports import scope_of, taken_at
from ingest.rows import Rows, text
from ingest.source import Reading, Request
from ingest.sources.github.documents import ORDER, Entry, Lists, gather, shown
from ingest.sources.github.software import Software

TEAM_PAGE = re.compile(r"https://[^/]+/orgs/([\w.-]+)/teams/")
DECLARES = {
    "grants": {"team-repos", "collaborators", "installations", "personal-access-tokens", "keys"},
    "credentials": {"keys", "personal-access-tokens", "credential-authorizations", "secrets"},
    "inventory": {"installations"},
}


def read(request: Request) -> Reading:
    """Read the lists of an organisation.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is a list of an organisation.
    """
    rows = Rows()
    lists = gather(request, rows)
    org = _organization(lists) or request.scope or scope_of(request)
    _Everything(rows, lists, shown(org)).write()
    could = [kind for kind, kinds in DECLARES.items() if lists.listed & kinds]
    scope = request.scope or shown(org)
    return rows.reading(scope, taken_at(request, lists.files, rows), could)


def _organization(lists: Lists) -> str:
    """Return the organisation that the lists are of: what one of them says of it."""
    for entry in lists.of("organization"):
        if text(entry.body.get("login")):
            return text(entry.body["login"])
    for entry in lists.of("repos"):
        owner, slash, _ = text(entry.body.get("full_name")).partition("/")
        if slash:
            return owner
    for entry in lists.of("teams"):
        page = TEAM_PAGE.match(text(entry.body.get("html_url")))
        if page:
            return page[1]
    for entry in lists.of("installations"):
        account = entry.body.get("account")
        if isinstance(account, dict) and text(account.get("login")):
            return text(account["login"])
    return ""


class _Everything(Software):
    """Writes all rows."""

    def write(self) -> None:
        """Write everything, what others refer to first."""
        take: dict[str, Callable[[Entry], None]] = {
            "organization": self._base,
            "repos": self._listed_repository,
            "teams": self._team,
            "members": self._member,
            "admins": self._admin,
            "outside-collaborators": self._outsider,
            "team-members": self._team_member,
            "team-repos": self._team_repository,
            "collaborators": self._collaborator,
            "keys": self._deploy_key,
            "secrets": self._secret,
            "installations": self._installation,
            "personal-access-tokens": self._token,
            "credential-authorizations": self._authorization,
        }
        for entry in self.lists.entries:
            if entry.kind in ("installation-repositories", "token-repositories"):
                repository = self._repository(entry, entry.body)
                if repository:
                    key = f"{entry.kind}/{entry.parent}"
                    self.narrow.setdefault(key, set()).add(repository)
        for kind in ORDER:
            for entry in self.lists.of(kind):
                if kind in take:
                    take[kind](entry)
        self._owners_and_members()
        if self.unknown:
            self.rows.warn(
                f"{self.unknown} apps or tokens are for selected repositories that no file lists:"
                " which ones is unknown"
            )
