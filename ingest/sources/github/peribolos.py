"""Peribolos configurations, in the shape of the lists of the API.

Peribolos (https://docs.prow.k8s.io/docs/components/cli-tools/peribolos/) declares people, teams
and repositories in YAML: `orgs`, by name, or parts of one organisation in a file each, as
https://github.com/kubernetes/org keeps them: `<org>/org.yaml` and `<org>/<group>/teams.yaml`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.rows import Place, Rows, text

KINDS = {"organization", "members", "admins", "teams", "repos", "team-repos"}
OF_ORG = {"default_repository_permission", "members_can_create_repositories", "billing_email"}


@dataclass(frozen=True, slots=True)
class Declared:
    """An item in the form of a list of the API."""

    kind: str
    org: str
    parent: str
    body: dict[str, Any]


def declared(document: Any, path: Path, place: Place, rows: Rows) -> list[Declared] | None:
    """Return the items that a document declares; None if it is no configuration."""
    configuration = document if isinstance(document, dict) else {}
    orgs = configuration.get("orgs")
    if isinstance(orgs, dict):
        items: list[Declared] = []
        for name, body in orgs.items():
            if isinstance(body, dict):
                items += _organization(str(name), body, place, rows)
            elif body is not None:
                rows.reject(place, "an organisation must be a mapping")
        return items
    teams = isinstance(configuration.get("teams"), dict)
    if path.stem == "org" and (teams or OF_ORG & configuration.keys()):
        return list(_organization(path.parent.name, configuration, place, rows))
    if path.stem == "teams" and teams:
        return list(_teams(path.parent.parent.name, configuration["teams"], "", place, rows))
    return None


def _organization(org: str, body: dict[str, Any], place: Place, rows: Rows) -> Iterator[Declared]:
    permission = body.get("default_repository_permission")
    base = {"login": org, "default_repository_permission": permission}
    yield Declared("organization", org, "", base)
    for key in ("members", "admins"):
        for login in _names(body.get(key), place, rows):
            yield Declared(key, org, "", {"login": login})
    repos = body.get("repos")
    for name, settings in repos.items() if isinstance(repos, dict) else ():
        settings = settings if isinstance(settings, dict) else {}
        facts = {"name": str(name), "private": settings.get("private"), "declared": True}
        yield Declared("repos", org, "", facts)
    yield from _teams(org, body.get("teams"), "", place, rows)


def _teams(org: str, teams: Any, parent: str, place: Place, rows: Rows) -> Iterator[Declared]:
    for name, settings in teams.items() if isinstance(teams, dict) else ():
        slug = re.sub(r"[^\w.-]+", "-", str(name).lower()).strip("-")
        body = {"slug": slug, "name": str(name), "parent": {"slug": parent} if parent else None}
        yield Declared("teams", org, "", body)
        settings = settings if isinstance(settings, dict) else {}
        for key in ("members", "maintainers"):
            for login in _names(settings.get(key), place, rows):
                yield Declared("team-members", org, slug, {"login": login})
        repos = settings.get("repos")
        for repo, role in repos.items() if isinstance(repos, dict) else ():
            yield Declared("team-repos", org, slug, {"name": str(repo), "role_name": text(role)})
        yield from _teams(org, settings.get("teams"), slug, place, rows)


def _names(value: Any, place: Place, rows: Rows) -> Iterator[str]:
    """Yield logins, including unquoted ones of digits only."""
    for login in value if isinstance(value, list) else ():
        if isinstance(login, str) and login.strip():
            yield login.strip()
        elif isinstance(login, int) and not isinstance(login, bool):
            yield str(login)
        else:
            rows.reject(place, "a person must be named by a login")
