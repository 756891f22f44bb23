"""The lists of an organisation, from files of the REST API or from a peribolos configuration.

A file of the API is named after what it lists, unless its items tell; what belongs to a team or
repository stands in a folder of its name: `teams/<slug>/members.json`. Peribolos
(https://docs.prow.k8s.io/docs/components/cli-tools/peribolos/) declares people, teams and
repositories in YAML; its parts are brought into the shape of the API.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.exports import Budget, ExportFile, export_files
from ingest.files import decode, parse_json
from ingest.redaction import redact_text
from ingest.rows import Place, Rows, text
from ingest.source import InputRefused, Request
from ingest.yaml_files import parse_yaml

JSON, YAML = (".json", ".json.gz"), (".yaml", ".yml")
PAGE = re.compile(r"[-_.]?(?:page)?[-_.]?\d+$")
ORDER = (
    "organization", "repos", "teams", "members", "admins", "outside-collaborators",
    "team-members", "team-repos", "collaborators", "keys", "secrets", "installations",
    "installation-repositories", "personal-access-tokens", "token-repositories",
    "credential-authorizations",
)  # fmt: skip
ALIKE = {
    "org": "organization",
    "repositories": "repos",
    "owners": "admins",
    "deploy-keys": "keys",
    "tokens": "personal-access-tokens",
    "pats": "personal-access-tokens",
    "apps": "installations",
}
WITHIN = {  # folder of a kind of thing, what is listed there, and the kind that it is
    ("teams", "members"): "team-members",
    ("teams", "repos"): "team-repos",
    ("repos", "collaborators"): "collaborators",
    ("repos", "keys"): "keys",
    ("repos", "secrets"): "secrets",
    ("installations", "repos"): "installation-repositories",
    ("personal-access-tokens", "repos"): "token-repositories",
}
NEEDS_PARENT = {*WITHIN.values()} - {"secrets"}
MARKS = {  # what only the items of one list say
    "token_id": "personal-access-tokens",
    "app_slug": "installations",
    "credential_id": "credential-authorizations",
    "full_name": "repos",
    "default_repository_permission": "organization",
    "slug": "teams",
}
WRAPPED = ("installations", "repositories", "secrets")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a list: which list, whose it is ("" for the organisation's), and what it says."""

    kind: str
    org: str
    parent: str
    body: dict[str, Any]
    place: Place


@dataclass
class Lists:
    """All lists. `listed` are the kinds that the export has, if only to say that there is none."""

    entries: list[Entry] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    files: list[ExportFile] = field(default_factory=list)

    def of(self, kind: str) -> list[Entry]:
        """Return the entries of a kind."""
        return [entry for entry in self.entries if entry.kind == kind]


def gather(request: Request, rows: Rows) -> Lists:
    """Read everything at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is a list of an organisation.
    """
    lists, budget = Lists(), Budget()
    for file in export_files(request.paths):
        name = file.path.name
        if not file.alone and not name.endswith(JSON + YAML):
            continue
        said = decode(budget.read(file.path), file.path)
        if name.endswith(YAML):
            taken = _take_yaml(lists, said, file, rows)
        else:
            taken = _take_list(lists, parse_json(said, file.path), file, rows)
        if taken:
            lists.files.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "is no list of an organisation (see its name)")
        else:
            rows.warn(f"{file.path}: is no list of an organisation; passed over")
    if not lists.files:
        raise InputRefused(request.paths[0], "", "nothing in it is a list of an organisation")
    return lists


# -- files of the API ------------------------------------------------------------------------------


def _kind(file: ExportFile) -> tuple[str, str]:
    """Return which list a file holds by its name, and the thing that it belongs to."""
    stem = PAGE.sub("", file.path.name.lower().partition(".json")[0].replace("_", "-"))
    stem = ALIKE.get(stem, stem)
    folders = [part for part in file.path.parts[:-1] if part != "actions"]
    above = [ALIKE.get(f.lower().replace("_", "-"), f.lower()) for f in folders[-3:]]
    for place in (-2, -3):  # repos/<name> or repos/<owner>/<name>
        if len(above) >= -place and (above[place], stem) in WITHIN:
            return WITHIN[above[place], stem], folders[-1]
    return (stem if stem in ORDER and stem not in NEEDS_PARENT else ""), ""


def _take_list(lists: Lists, document: Any, file: ExportFile, rows: Rows) -> bool:
    kind, parent = _kind(file)
    kind = kind or _by_shape(document)
    if not kind:
        return False
    place = file.place
    if isinstance(document, dict) and kind != "organization":
        key = next((k for k in WRAPPED if isinstance(document.get(k), list)), "")
        if not key:
            return False
        total = document.get("total_count")
        items = document[key]
        if isinstance(total, int) and not isinstance(total, bool) and total > len(items):
            rows.whole = False
            rows.warn(f"{file.path}: the list goes on in pages that are not there")
        place = place.at(key)
    else:
        items = [document] if isinstance(document, dict) else document
    if not isinstance(items, list):
        return False
    lists.listed.add(kind)
    for body, at in _items(items, place if items is not document else file.place):
        if isinstance(body, dict):
            lists.entries.append(Entry(kind, "", parent, body, at))
        else:
            rows.reject(at, "must be an object")
    return True


def _by_shape(document: Any) -> str:
    """Return which list a document is by what its first item says; "" where that does not tell."""
    first = document
    while isinstance(first, list | dict):
        if isinstance(first, list):
            first = first[0] if first else None
            continue
        known = next((kind for mark, kind in MARKS.items() if mark in first), "")
        inner = next((first[k] for k in WRAPPED if isinstance(first.get(k), list)), None)
        if known or inner is None:
            return known
        first = inner
    return ""


def _items(items: list[Any], place: Place) -> Iterator[tuple[Any, Place]]:
    """Yield the items of a list, and of the pages of a list of pages."""
    for number, one in enumerate(items):
        if isinstance(one, list):
            yield from _items(one, place.at(number))
        elif isinstance(one, dict) and any(isinstance(one.get(k), list) for k in WRAPPED):
            key = next(k for k in WRAPPED if isinstance(one.get(k), list))
            yield from _items(one[key], place.at(number, key))
        else:
            yield one, place.at(number)


# -- peribolos -------------------------------------------------------------------------------------


def _take_yaml(lists: Lists, said: str, file: ExportFile, rows: Rows) -> bool:
    taken = False
    for document in parse_yaml(said, file.path):
        orgs = document.value.get("orgs") if isinstance(document.value, dict) else None
        if not isinstance(orgs, dict):
            continue
        taken = True
        lists.listed |= {"organization", "members", "admins", "teams", "repos", "team-repos"}
        for name, body in orgs.items():
            place = Place(str(file.path), f"line {document.line}")
            if isinstance(body, dict):
                lists.entries += _declared(str(name), body, place, rows)
            else:
                rows.reject(place, "an organisation must be a mapping")
    return taken


def _declared(org: str, body: dict[str, Any], place: Place, rows: Rows) -> Iterator[Entry]:
    base = {
        "login": org,
        "default_repository_permission": body.get("default_repository_permission"),
    }
    yield Entry("organization", org, "", base, place)
    for key in ("members", "admins"):
        for login in _names(body.get(key), place, rows):
            yield Entry(key, org, "", {"login": login}, place)
    repos = body.get("repos")
    for name, said in repos.items() if isinstance(repos, dict) else ():
        said = said if isinstance(said, dict) else {}
        facts = {"name": name, "private": said.get("private"), "archived": said.get("archived")}
        yield Entry("repos", org, "", facts, place)
    yield from _teams(org, body.get("teams"), "", place, rows)


def _teams(org: str, teams: Any, parent: str, place: Place, rows: Rows) -> Iterator[Entry]:
    for name, said in teams.items() if isinstance(teams, dict) else ():
        slug = re.sub(r"[^\w.-]+", "-", str(name).lower()).strip("-")
        body = {"slug": slug, "name": name, "parent": {"slug": parent} if parent else None}
        yield Entry("teams", org, "", body, place)
        said = said if isinstance(said, dict) else {}
        for key in ("members", "maintainers"):
            for login in _names(said.get(key), place, rows):
                yield Entry("team-members", org, slug, {"login": login}, place)
        repos = said.get("repos")
        for repo, role in repos.items() if isinstance(repos, dict) else ():
            facts = {"name": repo, "role_name": text(role)}
            yield Entry("team-repos", org, slug, facts, place)
        yield from _teams(org, said.get("teams"), slug, place, rows)


def _names(value: Any, place: Place, rows: Rows) -> Iterator[str]:
    for one in value if isinstance(value, list) else ():
        if isinstance(one, str) and one.strip():
            yield one.strip()
        else:
            rows.reject(place, "a person must be named by a login")


def shown(value: Any) -> str:
    """Return a name fit for an id: text without what looks like a secret or a path."""
    return redact_text(text(value)).replace("/", "-")[:200]
