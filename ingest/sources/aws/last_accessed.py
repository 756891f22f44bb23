"""The last call of each service by a role, user, group or policy.

The answer of get-service-last-accessed-details does not name the entity: the file with the job's id
is named after it. AWS counts denied attempts too.
https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_last-accessed.html
"""

import re
from pathlib import PurePath
from typing import Any
from urllib.parse import unquote

import pandas as pd

from graph.aws.arn import parse, shown
from ingest.rows import Place
from ingest.sources.aws.export import Export, Reader, ServiceUse, records, text
from ingest.sources.aws.principals import Principal

ENDINGS = re.compile(r"(?:\.json)?(?:\.gz)?\Z", re.IGNORECASE)
PREFIX = re.compile(r"(?:service-)?last-accessed(?:-details)?[-_.]", re.IGNORECASE)


def is_job(value: dict[str, Any]) -> bool:
    """Recognise the answer of generate-service-last-accessed-details."""
    return bool(text(value, "JobId")) and len(value) == 1


def read_job(export: Export, value: dict[str, Any], place: Place) -> None:
    """Record the entity that a job reports on, from the name of the file."""
    entity = unquote(_stem(place))
    if parse(entity) is None:
        export.rows.warn(f"{place.file}: its name does not identify the user or role of the job")
        return
    export.jobs[value["JobId"]] = entity


def is_report(value: dict[str, Any]) -> bool:
    """Recognise the answer of get-service-last-accessed-details."""
    return isinstance(value.get("ServicesLastAccessed"), list)


def read_report(export: Export, value: dict[str, Any], place: Place) -> None:
    """Read when each service was last called."""
    if text(value, "JobStatus") not in ("", "COMPLETED"):
        export.rows.reject(place, "the job had not completed")
        return
    if value.get("IsTruncated") is True:
        export.rows.all_read = False
        export.rows.warn(f"{place.file} is one page of several: not every service is there")
    done = export.instant(value.get("JobCompletionDate"), place, "JobCompletionDate")
    if done is not None:
        export.generated_at.append(done)
    services: dict[str, pd.Timestamp | None] = {}
    callers: set[str] = set()
    below = place.at("ServicesLastAccessed")
    for record, at in records(value["ServicesLastAccessed"], export, below):
        name = text(record, "ServiceNamespace")
        if name:
            used = export.instant(record.get("LastAuthenticated"), at, "LastAuthenticated")
            services[name] = used
            callers |= {text(record, "LastAuthenticatedEntity")} - {""}
    entity = _entity(export, place, callers)
    if entity is None:
        export.rows.reject(place, "the user or role that it is about is unknown")
        return
    export.declares.add("usage")
    export.uses.append(ServiceUse(entity, services, place))


def _entity(export: Export, place: Place, callers: set[str]) -> str | None:
    """Find the entity by the job, by the name of the file, else by the only caller."""
    job = export.jobs.get(PurePath(place.file).name) or export.jobs.get(_stem(place))
    if job:
        return job
    named = _named(export, unquote(_stem(place)))
    if named:
        return named
    return next(iter(callers)) if len(callers) == 1 else None


def _stem(place: Place) -> str:
    """Return the name of a file without its endings, which may say that it is packed."""
    return ENDINGS.sub("", PurePath(place.file).name)


def _named(export: Export, name: str) -> str:
    """Return the entity that a file is named after: its ARN, or the last part of one's name."""
    if parse(name) is not None:
        return name
    short = PREFIX.sub("", name)
    arns = [p.arn for p in export.people if p.name == short and p.kind != "root"]
    return arns[0] if len(arns) == 1 else ""


def last_calls(export: Export) -> dict[str, dict[str, pd.Timestamp | None]]:
    """Return the last call of each service, by principal."""
    calls_by_principal: dict[str, dict[str, pd.Timestamp | None]] = {}
    for use in export.uses:
        principal = export.people.find(use.entity)
        if principal is None:
            export.rows.warn(
                f"{use.place.file}: is about {shown(use.entity)}, which is not in the export"
            )
            continue
        known = calls_by_principal.setdefault(principal.arn, {})
        for service, at in use.services.items():
            known[service] = _later(known.get(service), at)
    return calls_by_principal


def _later(first: pd.Timestamp | None, second: pd.Timestamp | None) -> pd.Timestamp | None:
    if first is None or second is None:
        return first if second is None else second
    return max(first, second)


def note_last_use(export: Export, calls: dict[str, dict[str, pd.Timestamp | None]]) -> None:
    """Set the last use of each role or user to the latest call of any service."""
    for arn, services in calls.items():
        principal: Principal = export.people.by_arn[arn]
        latest = [at for at in services.values() if at is not None]
        principal.used = True
        for at in latest:
            principal.last_used_at = _later(principal.last_used_at, at)


READERS = (
    Reader("a last-accessed job", 4, is_job, read_job),
    Reader("a last-accessed report", 5, is_report, read_report),
)
