"""Rows of the documents of Google Cloud's command line and of its Asset Inventory."""

from collections.abc import Iterator
from typing import Any

from ingest.files.export import (
    Budget,
    ExportFile,
    documents_of,
    files_of,
    json_lines_of,
    refuse_all,
    scope_of,
    taken_at,
    yaml_documents,
)
from ingest.rows import Place, Rows, text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.gcp.access import Access
from ingest.sources.gcp.documents import Documents
from ingest.sources.gcp.hierarchy import hierarchy_of
from ingest.sources.gcp.identities import Identities
from ingest.sources.gcp.names import ACCOUNT
from ingest.tags.tag_map import Tagger

DECLARES = ("grants", "credentials", "inventory")
LINES = (".jsonl", ".ndjson")
YAML = (".yaml", ".yml")
SUFFIXES = (".json", *LINES, *YAML)
NOTHING = "says nothing of who may do what on Google Cloud"


def _parsed(file: ExportFile, budget: Budget, rows: Rows) -> list[tuple[Any, Place]] | None:
    name = file.path.name.removesuffix(".gz")
    if name.endswith(LINES):
        return json_lines_of(file, rows)
    if name.endswith(YAML):
        return documents_of(file, budget, rows, yaml_documents)
    return documents_of(file, budget, rows)


def _collect(request: Request, rows: Rows, documents: Documents) -> list[ExportFile]:
    """Collect the documents of all files; return the files that have any."""
    budget, used = Budget(), list[ExportFile]()
    for file in files_of(request, rows, SUFFIXES):
        parsed = _parsed(file, budget, rows)
        if parsed is None:
            continue
        known = [documents.take(document, file, place) for document, place in parsed]
        if any(known):
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", NOTHING)
        elif any(document for document, _ in parsed):
            rows.warn(f"{file.path}: {NOTHING}; passed over")
    return used


def _add_all(documents: Documents, rows: Rows, tagger: Tagger) -> Access:
    hierarchy = hierarchy_of(documents, rows)
    pairs = [(text(a.body.get("uniqueId")), text(a.body.get("email"))) for a in documents.accounts]
    ids = {number: mail.lower() for number, mail in pairs if number and ACCOUNT.fullmatch(mail)}
    identities = Identities(rows, tagger, hierarchy, ids)
    access = Access(rows, hierarchy, ids)
    for level in documents.levels:
        identities.tag(level)
    for described in documents.accounts:
        identities.add_account(described)
    for described in documents.keys:
        identities.add_key(described)
    for thing in documents.things:
        access.place(identities.add_thing(thing), thing.project)
    policies = sorted(documents.policies, key=lambda policy: not policy.sure)
    for policy in policies:
        scope = access.scope_of(policy.resource)
        if scope.account:
            identities.name_account(scope, policy.place)
        elif not scope.in_hierarchy:
            identities.name_thing(scope, policy.place, hierarchy.path(policy.project))
            access.place(scope, policy.project)
    for described in documents.roles:
        access.add_role(described)
    for policy in policies:
        access.add_policy(policy)
    access.add_rows()
    return access


def read(request: Request) -> Reading:
    """Read the documents at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is of Google Cloud.
    """
    rows = Rows()
    documents, tagger = Documents(rows), Tagger(request.tags)
    used = _collect(request, rows, documents)
    if not used:
        refuse_all(request, rows, f"nothing in it {NOTHING.removeprefix('says nothing of ')}")
    access = _add_all(documents, rows, tagger)
    for warning in tagger.warnings():
        rows.warn(warning)
    tops = [path for path in access.hierarchy.paths if path.startswith("organizations/")]
    projects = [path for path in access.hierarchy.paths if path.startswith("projects/")]
    only = next((paths[0] for paths in (tops, projects) if len(paths) == 1), "")
    scope = request.scope or only.rpartition("/")[2] or scope_of(request)
    return rows.reading(scope, taken_at(request, used, rows), list(_declared(request, documents)))


def _declared(request: Request, documents: Documents) -> Iterator[str]:
    """Yield what the export could have stated: only what it lists can be missing in it."""
    if documents.policies:
        yield "grants"
    if documents.keys:
        yield "credentials"
    if documents.lists:
        yield "inventory"
    if request.tags.complete:
        yield "owners"
