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
    """An item as a list of the API would have it."""

    kind: str
    org: str
    parent: str
    body: dict[str, Any]


def declared(document: Any, path: Path, place: Place, rows: Rows) -> list[Declared] | None:
    """Return what a document declares; None where it is no configuration."""
    said = document if isinstance(document, dict) else {}
    orgs = said.get("orgs")
    if isinstance(orgs, dict):
        found: list[Declared] = []
        for name, body in orgs.items():
            if isinstance(body, dict):
                found += _organization(str(name), body, place, rows)
            elif body is not None:
                rows.reject(place, "an organisation must be a mapping")
        return found
    teams = isinstance(said.get("teams"), dict)
    if path.stem == "org" and (teams or OF_ORG & said.keys()):
        return list(_organization(path.parent.name, said, place, rows))
    if path.stem == "teams" and teams:
        return list(_teams(path.parent.parent.name, said["teams"], "", place, rows))
    return None


def _organization(org: str, body: dict[str, Any], place: Place, rows: Rows) -> Iterator[Declared]:
    permission = body.get("default_repository_permission")
    base = {"login": org, "default_repository_permission": permission}
    yield Declared("organization", org, "", base)
    for key in ("members", "admins"):
        for login in _names(body.get(key), place, rows):
            yield Declared(key, org, "", {"login": login})
    repos = body.get("repos")
    for name, said in repos.items() if isinstance(repos, dict) else ():
        said = said if isinstance(said, dict) else {}
        facts = {"name": str(name), "private": said.get("private"), "declared": True}
        yield Declared("repos", org, "", facts)
    yield from _teams(org, body.get("teams"), "", place, rows)


def _teams(org: str, teams: Any, parent: str, place: Place, rows: Rows) -> Iterator[Declared]:
    for name, said in teams.items() if isinstance(teams, dict) else ():
        slug = re.sub(r"[^\w.-]+", "-", str(name).lower()).strip("-")
        body = {"slug": slug, "name": str(name), "parent": {"slug": parent} if parent else None}
        yield Declared("teams", org, "", body)
        said = said if isinstance(said, dict) else {}
        for key in ("members", "maintainers"):
            for login in _names(said.get(key), place, rows):
                yield Declared("team-members", org, slug, {"login": login})
        repos = said.get("repos")
        for repo, role in repos.items() if isinstance(repos, dict) else ():
            yield Declared("team-repos", org, slug, {"name": str(repo), "role_name": text(role)})
        yield from _teams(org, said.get("teams"), slug, place, rows)


def _names(value: Any, place: Place, rows: Rows) -> Iterator[str]:
    """Yield logins, also those of digits only that nobody put in quotes."""
    for one in value if isinstance(value, list) else ():
        if isinstance(one, str) and one.strip():
            yield one.strip()
        elif isinstance(one, int) and not isinstance(one, bool):
            yield str(one)
        else:
            rows.reject(place, "a person must be named by a login")
