"""The lists of an organisation, from files of the REST API or from a peribolos configuration.

A file of the API is named after its list, unless its items show it; a list of a team or
repository is in a folder of its name: `teams/<slug>/members.json`. The files of several
organisations lie in a folder for each.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.files.export import (
    Budget,
    ExportFile,
    documents_of,
    export_files,
    json_documents,
    refuse_all,
    yaml_documents,
)
from ingest.rows import Place, Rows, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Request
from ingest.sources.github.peribolos import KINDS, declared

JSON, YAML = (".json", ".json.gz", ".jsonl", ".ndjson"), (".yaml", ".yml")
PAGE = re.compile(r"[-_.]?(?:page)?[-_.]?(?<!\d)\d+$")
ORDER = (
    "organization", "repos", "teams", "members", "admins", "outside-collaborators",
    "team-members", "team-repos", "repo-teams", "collaborators", "organization-roles",
    "role-teams", "role-users", "keys", "secrets", "installations",
    "installation-repositories", "personal-access-tokens", "token-repositories",
    "credential-authorizations", "secret-alerts",
)  # fmt: skip
ALIKE = {
    "org": "organization",
    "orgs": "organization",
    "repositories": "repos",
    "org-repos": "repos",
    "org-teams": "teams",
    "org-members": "members",
    "owners": "admins",
    "org-admins": "admins",
    "org-owners": "admins",
    "members-admin": "admins",
    "members-role-admin": "admins",
    "outside": "outside-collaborators",
    "deploy-keys": "keys",
    "deploykeys": "keys",
    "tokens": "personal-access-tokens",
    "pats": "personal-access-tokens",
    "fine-grained-tokens": "personal-access-tokens",
    "apps": "installations",
    "app-installations": "installations",
    "actions-secrets": "secrets",
    "org-secrets": "secrets",
    "roles": "organization-roles",
    "org-roles": "organization-roles",
    "pat-requests": "personal-access-token-requests",
    "secret-scanning-alerts": "secret-alerts",
    "secret-scanning": "secret-alerts",
    "webhooks": "hooks",
    "self-hosted-runners": "runners",
}
WITHIN = {  # folder of a kind of thing, name of a list in it, and the kind of the list
    ("teams", "members"): "team-members",
    ("teams", "repos"): "team-repos",
    ("teams", "teams"): "teams",
    ("repos", "collaborators"): "collaborators",
    ("repos", "teams"): "repo-teams",
    ("repos", "keys"): "keys",
    ("repos", "secrets"): "secrets",
    ("repos", "secret-alerts"): "secret-alerts",
    ("secrets", "repos"): "secret-repositories",
    ("personal-access-token-requests", "repos"): "personal-access-token-requests",
    ("organization-roles", "teams"): "role-teams",
    ("organization-roles", "users"): "role-users",
    ("installations", "repos"): "installation-repositories",
    ("personal-access-tokens", "repos"): "token-repositories",
}
NEEDS_PARENT = {*WITHIN.values()} - {
    "secrets", "secret-alerts", "teams", "personal-access-token-requests"
}  # fmt: skip
PASSED = {  # lists that do not concern access
    "personal-access-token-requests", "hooks", "runners", "runner-groups", "variables",
    "invitations", "failed-invitations", "public-members", "blocks", "environments", "branches",
    "rulesets", "audit-log", "events", "packages", "public-key", "custom-properties",
}  # fmt: skip
SECRETS_ELSEWHERE = {  # secrets that no workflow has, or only one that its environment lets in
    "environment-secrets", "dependabot-secrets", "codespaces-secrets",
}  # fmt: skip
MARKS = {  # a key that only the items of one list have
    "access_granted_at": "personal-access-tokens",
    "reason": "personal-access-token-requests",
    "token_id": "personal-access-tokens",
    "app_slug": "installations",
    "credential_id": "credential-authorizations",
    "secret_type": "secret-alerts",
    "full_name": "repos",
    "default_repository_permission": "organization",
    "slug": "teams",
}
WRAPPED = ("installations", "repositories", "secrets", "roles", "runners", "environments")
FLAT = re.compile(  # names that have the folders in them: team_<slug>_members, keys-<repository>
    r"(?i)(?P<within>teams?|repos?|repositories|organization[-_]roles|installations)[-_.]"
    r"(?P<parent>.+?)[-_.](?P<list>members|repos|repositories|collaborators|(?:deploy[-_])?keys"
    r"|secrets|teams|users)"
    r"|(?P<kind>team[-_]members|team[-_]repos|repo[-_]teams|collaborators|(?:deploy[-_])?keys)"
    r"[-_.](?P<of>.+)"
)
SINGULAR = {"team": "teams", "repo": "repos", "organization-role": "organization-roles"}
FULL = (30, 100)  # items of a full page: the default of the API, and its limit


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a list: the kind of list, its parent ("" for the organisation), the item."""

    kind: str
    org: str
    parent: str
    body: dict[str, Any]
    place: Place
    root: Path = Path()


@dataclass
class Lists:
    """All lists. `listed` are the kinds that the export has, even with no items."""

    entries: list[Entry] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    files: list[ExportFile] = field(default_factory=list)
    passed: Counter[str] = field(default_factory=Counter)
    _pages: dict[tuple[Path, str, str], list[tuple[int, int | None]]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Entry]:
        """Return the entries of a kind."""
        return [entry for entry in self.entries if entry.kind == kind]

    def page(self, root: Path, kind: str, parent: str, size: int, total: int | None) -> None:
        """Record the size of a page, and of the whole list if the page states it."""
        self._pages.setdefault((root, kind, parent), []).append((size, total))

    def check(self, rows: Rows) -> None:
        """Warn of lists that are shorter than their total, or end with a full page."""
        for (_, kind, parent), pages in self._pages.items():
            name = f"{kind} of {redact_text(parent)}" if parent else kind
            count = sum(size for size, _ in pages)
            wanted = max((total for _, total in pages if total is not None), default=None)
            if wanted is None and len(pages) == 1 and count in FULL:
                rows.all_read = False
                rows.warn(f"{name}: {count} items, a full page: more may be on one that is missing")
            elif wanted is not None and wanted > count:
                rows.all_read = False
                rows.warn(f"{name}: the list continues in pages that are missing")


@dataclass(frozen=True, slots=True)
class _Named:
    """The list in a file, by its path. `root` is the folder of the organisation."""

    kind: str
    parent: str
    org: str
    root: Path


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
        is_yaml = name.endswith(YAML)
        parse = yaml_documents if is_yaml else json_documents
        documents = documents_of(file, budget, rows, parse)
        if documents is None:
            continue
        take = _take_declared if is_yaml else _take_list
        taken = [take(lists, document, file, place, rows) for document, place in documents]
        if any(taken):
            lists.files.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "is no list of an organisation (see its name)")
        else:
            rows.warn(f"{file.path}: is no list of an organisation; passed over")
    if not lists.listed:
        refuse_all(request, rows, "nothing in it is a list of an organisation")
    lists.check(rows)
    unread = {kind: n for kind, n in lists.passed.items() if kind in SECRETS_ELSEWHERE}
    for counts, remark in (
        (lists.passed - Counter(unread), "lists that do not concern access were passed over"),
        (unread, "secrets for other than all workflows are not read"),
    ):
        if counts:
            named = ", ".join(f"{kind} ({n})" for kind, n in sorted(counts.items()))
            rows.warn(f"{remark}: {named}")
    return lists


# -- files of the API ------------------------------------------------------------------------------


def _named(file: ExportFile) -> _Named:
    """Return the list in a file, by its name and folders."""
    stem = file.path.name.lower().partition(".json")[0].partition(".ndjson")[0]
    stem = PAGE.sub("", re.sub(r"[^a-z0-9]+", "-", stem).strip("-"))
    stem = ALIKE.get(stem, stem)
    inside = len(file.path.parts) if file.alone else len(Path(file.short).parts)
    folders = [p for p in list(file.path.parents)[:inside] if p.name != "actions"]
    above = [ALIKE.get(p.name.lower().replace("_", "-"), p.name.lower()) for p in folders]
    if stem == "secrets" and (elsewhere := _secrets_elsewhere(above)):
        return _Named(elsewhere, "", "", file.path.parent)
    for steps in (1, 2):  # repos/<name> or repos/<owner>/<name>
        if file.alone and stem in ("teams", "secrets"):
            break  # the organisation's: that it lies in a folder `repos` may mean anything
        if len(above) > steps and (above[steps], stem) in WITHIN:
            org = folders[1].name if steps == 2 else ""
            kind = WITHIN[above[steps], stem]
            return _Named(kind, folders[0].name, org, folders[steps].parent)
    if stem in PASSED | SECRETS_ELSEWHERE or (stem in ORDER and stem not in NEEDS_PARENT):
        return _Named(stem, "", "", file.path.parent)
    return _flat(file) or _prefixed(stem, file)


def _secrets_elsewhere(above: list[str]) -> str:
    """Return the kind of secrets in folders that follow the API; "" for those of workflows."""
    if above[:1] in (["dependabot"], ["codespaces"]):
        return f"{above[0]}-secrets"
    return "environment-secrets" if above[1:2] == ["environments"] else ""


def _flat(file: ExportFile) -> _Named | None:
    """Return the list in a file whose name includes the names of folders."""
    raw = re.sub(r"\.(json|jsonl|ndjson)(\.gz)?$", "", file.path.name, flags=re.IGNORECASE)
    match = FLAT.fullmatch(PAGE.sub("", raw)) or FLAT.fullmatch(raw)
    if match is None:
        return None
    if match["kind"]:
        kind = match["kind"].lower().replace("_", "-")
        return _Named(ALIKE.get(kind, kind), match["of"], "", file.path.parent)
    within, listed = (match[name].lower().replace("_", "-") for name in ("within", "list"))
    within = SINGULAR.get(within, ALIKE.get(within, within))
    kind_within = WITHIN.get((within, ALIKE.get(listed, listed)), "")
    return _Named(kind_within, match["parent"], "", file.path.parent) if kind_within else None


def _prefixed(stem: str, file: ExportFile) -> _Named:
    """Return the list in a file `<organisation>-<list>`, as if in a folder of that name."""
    words = stem.split("-")
    for number in range(1, len(words)):
        kind = "-".join(words[number:])
        kind = ALIKE.get(kind, kind)
        if kind in ORDER and kind not in NEEDS_PARENT:
            return _Named(kind, "", "", file.path.parent / "-".join(words[:number]))
    return _Named("", "", "", file.path.parent)


def _take_list(lists: Lists, document: Any, file: ExportFile, place: Place, rows: Rows) -> bool:
    if isinstance(document, dict) and "message" in document and "documentation_url" in document:
        rows.all_read = False
        rows.warn(f"{place.file}: GitHub answered with an error: the requested list is missing")
        return True
    where = _named(file)
    kind = where.kind or _by_shape(document)
    if not kind:
        return False
    pages = list(_pages(document, place, kind))
    if not pages:
        return False
    for items, total, at in pages:
        if kind in PASSED | SECRETS_ELSEWHERE:
            lists.passed[kind] += len(items)
            continue
        lists.listed.add(kind)
        if kind != "organization":
            size = len(items) if len(pages) == 1 or total is not None else 0
            lists.page(where.root, kind, where.parent, size, total)
        for number, body in enumerate(items):
            here = at.at(number) if at is not None else place
            if isinstance(body, dict):
                entry = Entry(kind, where.org, where.parent, body, here, where.root)
                lists.entries.append(entry)
            else:
                rows.reject(here, "must be an object")
    return True


def _pages(
    document: Any, place: Place, kind: str
) -> Iterator[tuple[list[Any], int | None, Place | None]]:
    """Yield the items of a list, or of the pages of a list of pages, with their total."""
    if isinstance(document, dict):
        key = next((k for k in WRAPPED if isinstance(document.get(k), list | dict)), "")
        if not key and kind in PASSED:
            key = next((k for k, v in document.items() if isinstance(v, list)), "")
        if key:
            inner, total = document[key], document.get("total_count")
            counted = isinstance(total, int) and not isinstance(total, bool)
            items = inner if isinstance(inner, list) else [inner]
            yield items, total if counted else None, place.at(key)
        elif kind in PASSED or _by_shape(document) == kind or text(document.get("login")):
            yield [document], None, None  # a list of one item that a tool wrote as the item
    elif isinstance(document, list):
        if document and all(_is_page(part) for part in document):
            for number, part in enumerate(document):
                yield from _pages(part, place.at(number), kind)
        else:
            yield document, None, place


def _is_page(value: Any) -> bool:
    """Return whether a value in a list is a page of a list, not an item."""
    if isinstance(value, list):
        return True
    return isinstance(value, dict) and any(isinstance(value.get(k), list) for k in WRAPPED)


def _by_shape(document: Any) -> str:
    """Return the kind of list, by the keys of its first item; "" if unknown."""
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


# -- peribolos -------------------------------------------------------------------------------------


def _take_declared(lists: Lists, document: Any, file: ExportFile, place: Place, rows: Rows) -> bool:
    items = declared(document, file.path, place, rows)
    if items is None:
        return False
    lists.listed |= KINDS
    lists.entries += [
        Entry(item.kind, item.org, item.parent, item.body, place, file.path.parent)
        for item in items
    ]
    return True


def shown(value: Any) -> str:
    """Return a name fit for an id: text without secrets and slashes."""
    return redact_text(text(value)).replace("/", "-")[:200]


def user_id(login: str) -> str:
    """Return the id of a user, which is the same in all organisations and in any letter case.

    >>> user_id("Ann-Lee")
    'github:user/ann-lee'
    """
    return f"github:user/{login.lower()}"
