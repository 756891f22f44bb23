"""The records of a file with CloudTrail events: logs, look-ups, lines or messages.

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
MESSAGES = ("events", "logEvents")  # of CloudWatch Logs, whose messages may be records as text
ANSWER = "QueryResultRows"  # the rows of a query of CloudTrail Lake
WRAPPERS = {*LISTS, *MESSAGES, ANSWER}
INSIGHT = "AwsCloudTrailInsight"  # the type of records without a source and a name of their own
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
        "sharedEventID",
    ),
    *("sessionContext", "sessionIssuer", "principalId", "accountId", "accessKeyId", "userName"),
    *("invokedBy", "eventCategory", "addendum", "originalEventID"),
)
NO_OBJECT = "a record must be an object"
NO_RECORD = "a record must have an eventSource and an eventName"
BROKEN = object()  # in place of a text that is no JSON
DIGEST = object()  # marks a digest file, which lies beside the logs and holds their hashes
SMALL = {name.lower(): name for name in NAMES}
PLAIN_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)(?: UTC)?")


def records(file: ExportFile, budget: Budget, rows: Rows) -> Iterator[tuple[Any, Place]] | None:
    """Return the records of a file, each with its place; None if it cannot be read.

    Lines that are no JSON are rejected, and so are lines and elements of lists that are no objects,
    except in a list without any object, which is none of records. A digest file yields `DIGEST`.
    """
    if any(part in LINES for part in file.path.suffixes[-2:]):
        content = text_of(file, budget, rows)
        return None if content is None else _lines(content, file, rows)
    documents = documents_of(file, budget, rows)
    if documents is None:
        return None
    among = len(documents) > 1
    return (r for document, place in documents for r in _of(document, place, rows, among))


def _lines(content: str, file: ExportFile, rows: Rows) -> Iterator[tuple[Any, Place]]:
    """Yield the records of lines; a line of something else is rejected in a file of records."""
    others, any_record = list[Place](), False
    for number, line in enumerate(content.splitlines(), 1):
        if not line.strip():
            continue
        place = Place(str(file.path), f"line {number}")
        document = _parsed(line, place, rows)
        if document is BROKEN:
            continue
        of_line = list(_of(document, place, rows, among=True))
        yield from of_line
        any_record = any_record or bool(of_line)
        if not of_line and isinstance(document, dict) and not document.keys() & WRAPPERS:
            others.append(place)
    for place in others if any_record else ():
        rows.reject(place, NO_RECORD)


def _of(document: Any, place: Place, rows: Rows, among: bool) -> Iterator[tuple[Any, Place]]:
    """Yield the records of a document: those that it lists or wraps, or itself.

    One that is no object is rejected if it is `among` others, which may be records.
    """
    if isinstance(document, list):
        among = among or any(isinstance(record, dict) for record in document)
        for number, record in enumerate(document):
            if isinstance(record, dict):
                yield from _of(record, place.at(number), rows, among)
            elif among:
                rows.reject(place.at(number), NO_OBJECT)
        return
    if not isinstance(document, dict):
        if among:
            rows.reject(place, NO_OBJECT)
        return
    if {"digestStartTime", "logFiles"} <= document.keys():
        yield DIGEST, place
    listed = [name for name in LISTS if isinstance(document.get(name), list)]
    for name in listed:
        for number, record in enumerate(document[name]):
            yield from _unwrapped(record, place.at(name, number), rows)
    for name in MESSAGES:
        if isinstance(document.get(name), list):
            yield from _of_messages(document[name], place.at(name), rows)
    if isinstance(document.get(ANSWER), list):
        for number, row in enumerate(document[ANSWER]):
            cells = (
                [cell for cell in row if isinstance(cell, dict)] if isinstance(row, list) else []
            )
            record = {name: value for cell in cells for name, value in cell.items()}
            yield from _unwrapped(record, place.at(ANSWER, number), rows)
    elif not listed and (document.keys() & {"detail", *INNER} or is_record(document)):
        yield from _unwrapped(document, place, rows)


def _of_messages(listed: list[Any], place: Place, rows: Rows) -> Iterator[tuple[Any, Place]]:
    """Yield the records among messages of CloudWatch Logs; other messages are texts of their own.

    https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
    """
    for number, event in enumerate(listed):
        content = text(event.get("message")) if isinstance(event, dict) else ""
        if content.lstrip().startswith("{"):
            at = place.at(number, "message")
            record = _parsed(content, at, rows)
            if record is not BROKEN and is_record(record):
                yield from _unwrapped(record, at, rows)


def is_record(document: Any) -> bool:
    """Return whether a document is a single record."""
    return isinstance(document, dict) and (
        {"eventName", "eventSource"} <= document.keys()
        or {"eventname", "eventsource"} <= document.keys()
        or is_insight(document)
    )


def is_insight(record: dict[str, Any]) -> bool:
    """Return whether a record is one of CloudTrail Insights, which shows no single call.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-insights-fields-trails.html
    """
    unnamed = not record.keys() & {"eventName", "eventname"}
    return unnamed and INSIGHT in (text(record.get("eventType")), text(record.get("eventtype")))


def _unwrapped(record: Any, place: Place, rows: Rows) -> Iterator[tuple[Any, Place]]:
    """Yield a record without its wrapper, with CloudTrail's own names."""
    if isinstance(record, dict) and not is_record(record):
        inner = next((n for n in INNER if isinstance(record.get(n), str)), "")
        if inner:
            place = place.at(inner)
            record = _parsed(record[inner], place, rows)
            if record is BROKEN:
                return
        elif "CloudTrail" in text(record.get("detail-type")):
            place, record = place.at("detail"), record.get("detail")
    yield (
        (_renamed(record) if isinstance(record, dict) and "eventname" in record else record),
        place,
    )


def _parsed(content: str, place: Place, rows: Rows) -> Any:
    """Parse JSON; any other text is rejected, makes the reading partial, and gives `BROKEN`."""
    try:
        return strict_json(content)
    except (WrongValue, RecursionError):
        rows.all_read = False
        rows.reject(place, "is not JSON")
        return BROKEN


def _renamed(record: dict[str, Any]) -> dict[str, Any]:
    """Rename the columns of Lake and Athena as in the log."""
    named = {SMALL.get(name, name): value for name, value in record.items()}
    for name in ("userIdentity", "sessionContext", "sessionIssuer", "addendum"):
        if isinstance(named.get(name), dict):
            named[name] = _renamed(named[name])
    for name in ("requestParameters", "responseElements", "userIdentity", "resources"):
        if isinstance(named.get(name), str):
            named[name] = _inside(named[name])
            if name == "userIdentity" and isinstance(named[name], dict):
                named[name] = _renamed(named[name])
    return named


def in_utc(stamp: str) -> str:
    """Return the time of an event with its zone, which tables of events leave out: it is UTC.

    https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html

    >>> in_utc("2026-11-03 10:00:00.000")
    '2026-11-03T10:00:00.000Z'
    """
    zoneless = PLAIN_TIME.fullmatch(stamp)
    return stamp if zoneless is None else f"{zoneless[1]}T{zoneless[2]}Z"


def _inside(content: str) -> Any:
    try:
        return strict_json(content)
    except (WrongValue, RecursionError):
        return None
