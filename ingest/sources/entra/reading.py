"""Reading of the files of a tenant."""

from typing import Any

from graph.element import Node
from graph.schema import AGENT, ROLE, SERVICE_ACCOUNT
from ingest.files.export import (
    Budget,
    ExportFile,
    documents_of,
    export_files,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.files.property_case import camel
from ingest.rows import Place, Rows
from ingest.source import InputRefused, Reading, Request
from ingest.sources.entra.access import Access
from ingest.sources.entra.graph_pages import Pages
from ingest.sources.entra.identities import LABELS, Identities
from ingest.sources.entra.scubagear import is_export, take_export
from ingest.sources.entra.tenant import PRINCIPALS, Tenant
from ingest.tags.owner_roles import BUSINESS, TECHNICAL

SUFFIXES = (".json", ".json.gz")


def read(request: Request) -> Reading:
    """Read the pages, or the export, of one tenant.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing describes a tenant.
    """
    rows, tenant, budget = Rows(), Tenant(), Budget()
    pages, used = Pages(tenant, rows), list[ExportFile]()
    for file in export_files(request.paths):
        if not file.alone and not file.path.name.endswith(SUFFIXES):
            continue
        documents = documents_of(file, budget, rows)
        if documents is None:
            continue
        taken = [_take(document, file, place, pages) for document, place in documents]
        if any(taken):
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "is no page of Microsoft Graph and no export")
        else:
            rows.warn(f"{file.path}: is no page of Microsoft Graph and no export; passed over")
    if not used or not (tenant.things or tenant.listed or tenant.id):
        # a log or a list of devices alone: an empty reading would end what was read before
        passed = ", ".join(sorted(pages.passed))
        why = f"nothing in it is about identities or access, only {passed}" if passed else ""
        refuse_all(request, rows, why or "nothing in it describes a tenant")
    pages.finish()
    tenant.join_applications()
    scope = request.scope or tenant.id or scope_of(request)
    if not tenant.id:
        tenant.id = scope.replace("/", ":")
        rows.warn("no file names the tenant (organization): its scope is used as its id")
    identities = Identities(rows, tenant)
    identities.write()
    Access(identities).write()
    identities.warn()
    stamp = request.taken_at or tenant.taken_at or taken_at(request, used, rows)
    roles = _owner_roles(pages, tenant, rows)
    declared = {*tenant.listed, "owners"} if any(roles.values()) else set(tenant.listed)
    reading = rows.reading(scope, stamp, declared)
    reading.owner_roles = roles if any(roles.values()) else {}
    reading.changes_only = pages.is_delta
    return reading


def _take(document: Any, file: ExportFile, place: Place, pages: Pages) -> bool:
    if is_export(document):
        take_export(pages.tenant, document, place, pages.rows)
        return True
    if isinstance(document, dict) and isinstance(document.get("error"), dict):
        pages.fail(place)
        return not file.alone
    return pages.take(_flat(camel(document)), file, place)


def _flat(value: Any) -> Any:
    """Merge into an object the additional properties that the SDK for PowerShell separates."""
    if isinstance(value, list):
        return [_flat(part) for part in value]
    if not isinstance(value, dict):
        return value
    more = value.get("additionalProperties")
    own = {k: _flat(v) for k, v in value.items() if k != "additionalProperties"}
    return own | (_flat(more) if isinstance(more, dict) else {})


def _owner_roles(pages: Pages, tenant: Tenant, rows: Rows) -> dict[Node, tuple[str, ...]]:
    """Return the kinds of owner that the export could have declared, by label.

    A kind counts only if it was requested for all objects that can have it. An owner is technical,
    and may add a credential; a sponsor is accountable for the purpose, and only agents have one:
    https://learn.microsoft.com/en-us/entra/agent-id/agent-owners-sponsors-managers
    """
    listed = {t.id for t in tenant.of(*PRINCIPALS) if not tenant.is_vendors(t)}
    agents = {id_ for id_ in listed if LABELS[tenant.things[id_].sort] is AGENT}
    technical = (TECHNICAL,) if _asked(pages, tenant, rows, "owners", listed) else ()
    business = (BUSINESS,) if _asked(pages, tenant, rows, "sponsors", agents) else ()
    return {AGENT: (*business, *technical), SERVICE_ACCOUNT: technical, ROLE: ()}


def _asked(pages: Pages, tenant: Tenant, rows: Rows, relation: str, of: set[str]) -> bool:
    """Return whether the owners, or sponsors, of all of some objects were requested."""
    asked = {tenant.acting(id_) for id_ in pages.asked[relation]}
    if asked and of - asked:
        rows.warn(
            f"{relation} were not requested for {len(of - asked)} of {len(of)} service principals:"
            f" {relation} are not declared"
        )
    return bool(asked) and of <= asked
