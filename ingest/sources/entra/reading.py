"""From the files of a tenant to rows."""

from typing import Any

from ingest.exports import Budget, ExportFile, export_files, scope_of, taken_at
from ingest.files import decode, parse_json_texts
from ingest.letter_case import camel
from ingest.rows import Place, Rows
from ingest.source import InputRefused, Reading, Request
from ingest.sources.entra.access import Access
from ingest.sources.entra.graph_pages import Pages
from ingest.sources.entra.identities import Identities
from ingest.sources.entra.scubagear import is_export, take_export
from ingest.sources.entra.tenant import PRINCIPALS, Tenant

SUFFIXES = (".json", ".json.gz")


def read(request: Request) -> Reading:
    """Read the pages, or the export, of one tenant.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing speaks of a tenant.
    """
    rows, tenant, budget = Rows(), Tenant(), Budget()
    pages, used = Pages(tenant, rows), list[ExportFile]()
    for file in export_files(request.paths):
        if not file.alone and not file.path.name.endswith(SUFFIXES):
            continue
        texts = parse_json_texts(decode(budget.read(file.path), file.path), file.path)
        taken = [_take(one, file, Place(str(file.path), at), pages) for one, at in texts]
        if any(taken):
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "is no page of Microsoft Graph and no export")
        else:
            rows.warn(f"{file.path}: is no page of Microsoft Graph and no export; passed over")
    if not used or not (tenant.things or tenant.listed or tenant.id or pages.passed):
        raise InputRefused(request.paths[0], "", "nothing in it speaks of a tenant")
    pages.finish()
    tenant.join_applications()
    scope = request.scope or tenant.id or scope_of(request)
    if not tenant.id:
        tenant.id = scope.replace("/", ":")
        rows.warn("no file says which tenant it is (organization): its scope stands for its id")
    identities = Identities(rows, tenant)
    identities.write()
    Access(identities).write()
    identities.say()
    stamp = request.taken_at or tenant.taken_at or taken_at(request, used, rows)
    return rows.reading(scope, stamp, _declared(pages, tenant, rows))


def _take(document: Any, file: ExportFile, place: Place, pages: Pages) -> bool:
    if is_export(document):
        take_export(pages.tenant, document, place, pages.rows)
        return True
    if isinstance(document, dict) and isinstance(document.get("error"), dict):
        pages.fail(place)
        return not file.alone
    return pages.take(_flat(camel(document)), file, place)


def _flat(value: Any) -> Any:
    """Put into an object what the SDK for PowerShell sets apart as its additional properties."""
    if isinstance(value, list):
        return [_flat(one) for one in value]
    if not isinstance(value, dict):
        return value
    more = value.get("additionalProperties")
    own = {k: _flat(v) for k, v in value.items() if k != "additionalProperties"}
    return own | (_flat(more) if isinstance(more, dict) else {})


def _declared(pages: Pages, tenant: Tenant, rows: Rows) -> set[str]:
    """Return what the export could have said; owners only if it asked for those of everything."""
    declared = set(tenant.listed)
    asked = {tenant.who(id_) for id_ in pages.asked["owners"]}
    listed = {t.id for t in tenant.of(*PRINCIPALS) if not tenant.is_vendors(t)}
    if asked and listed <= asked:
        declared.add("owners")
    elif asked:
        without = len(listed - asked)
        rows.warn(
            f"owners were not asked for of {without} of {len(listed)} service principals:"
            " owners are not declared"
        )
    return declared
