"""The records of a file, in whatever CloudTrail's events come: logs, look-ups, lines, messages.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html (log
files), https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html, and
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/query-supported-event-schemas.html (the
columns of CloudTrail Lake, in small letters, as those of Athena are).
"""

import re
from collections.abc import Iterator
from typing import Any

from graph.values import WrongValue, strict_json
from ingest.files.export import Budget, ExportFile, documents_of, text_of
from ingest.rows import Place, Rows, text

LINES = (".jsonl", ".ndjson")
LISTS = ("Records", "Events")
INNER = ("CloudTrailEvent", "eventJson", "eventjson")  # records that are written as text
NAMES = (
    *("userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "errorCode"),
    *(
        "errorMessage",
        "requestParameters",
        "responseElements",
        "eventID",
        "eventType",
        "recipientAccountId",
    ),
    *("sessionContext", "sessionIssuer", "principalId", "accountId", "accessKeyId", "userName"),
    *("invokedBy", "eventCategory", "addendum", "originalEventID"),
)
DIGEST = object()  # stands for a digest file, which lies beside the logs and holds their hashes
SMALL = {name.lower(): name for name in NAMES}
PLAIN_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(?: UTC)?")


def records(file: ExportFile, budget: Budget, rows: Rows) -> Iterator[tuple[Any, Place]] | None:
    """Return the records of a file, each with its place; None where it cannot be read.

    Lines that are no JSON are set aside. A digest file gives `DIGEST`.
    """
    if any(part in LINES for part in file.path.suffixes[-2:]):
        said = text_of(file, budget, rows)
        return None if said is None else _lines(said, file, rows)
    documents = documents_of(file, budget, rows)
    if documents is None:
        return None
    return (one for document, place in documents for one in _of(document, place, rows))


def _lines(said: str, file: ExportFile, rows: Rows) -> Iterator[tuple[Any, Place]]:
    for number, line in enumerate(said.splitlines(), 1):
        if not line.strip():
            continue
        place = Place(str(file.path), f"line {number}")
        document = _parsed(line, place, rows)
        if document is not None:
            yield from _of(document, place, rows)


def _of(document: Any, place: Place, rows: Rows) -> Iterator[tuple[Any, Place]]:
    """Yield the records of a document: those that it lists or wraps, or itself."""
    if isinstance(document, list):
        for number, one in enumerate(document):
            if isinstance(one, dict):
                yield from _of(one, place.at(number), rows)
        return
    if not isinstance(document, dict):
        return
    if {"digestStartTime", "logFiles"} <= document.keys():
        yield DIGEST, place
    listed = [name for name in LISTS if isinstance(document.get(name), list)]
    for name in listed:
        for number, one in enumerate(document[name]):
            yield from _one(one, place.at(name, number), rows)
    if isinstance(document.get("QueryResultRows"), list):
        for number, row in enumerate(document["QueryResultRows"]):
            cells = (
                [cell for cell in row if isinstance(cell, dict)] if isinstance(row, list) else []
            )
            one = {name: value for cell in cells for name, value in cell.items()}
            yield from _one(one, place.at("QueryResultRows", number), rows)
    elif not listed and (document.keys() & {"detail", *INNER} or is_record(document)):
        yield from _one(document, place, rows)


def is_record(document: Any) -> bool:
    """Recognise a single record."""
    return isinstance(document, dict) and (
        {"eventName", "eventSource"} <= document.keys()
        or {"eventname", "eventsource"} <= document.keys()
    )


def _one(record: Any, place: Place, rows: Rows) -> Iterator[tuple[Any, Place]]:
    """Yield a record, out of what it is wrapped in, under the names that CloudTrail gives."""
    if isinstance(record, dict) and not is_record(record):
        inner = next((n for n in INNER if isinstance(record.get(n), str)), "")
        if inner:
            place = place.at(inner)
            record = _parsed(record[inner], place, rows)
            if record is None:
                return
        elif "CloudTrail" in text(record.get("detail-type")):
            place, record = place.at("detail"), record.get("detail")
    yield (
        (_renamed(record) if isinstance(record, dict) and "eventname" in record else record),
        place,
    )


def _parsed(said: str, place: Place, rows: Rows) -> Any:
    """Return JSON; what is none is set aside: who knows what it said."""
    try:
        return strict_json(said)
    except (WrongValue, RecursionError):
        rows.whole = False
        rows.reject(place, "is not JSON")
        return None


def _renamed(record: dict[str, Any]) -> dict[str, Any]:
    """Give the columns of Lake and Athena the names, and the time the zone, of the log itself."""
    named = {SMALL.get(name, name): value for name, value in record.items()}
    for name in ("userIdentity", "sessionContext", "sessionIssuer", "addendum"):
        if isinstance(named.get(name), dict):
            named[name] = _renamed(named[name])
    for name in ("requestParameters", "responseElements", "userIdentity", "resources"):
        if isinstance(named.get(name), str):
            named[name] = _inside(named[name])
            if name == "userIdentity" and isinstance(named[name], dict):
                named[name] = _renamed(named[name])
    zoneless = PLAIN_TIME.fullmatch(text(named.get("eventTime")))
    if zoneless is not None:
        named["eventTime"] = f"{zoneless[1]}T{zoneless[2]}Z"
    return named


def _inside(said: str) -> Any:
    try:
        return strict_json(said)
    except (WrongValue, RecursionError):
        return None
