"""Decision records: single decisions of policy decision points about agents.

Read are records in the shape of the OpenID AuthZEN Authorization API 1.0 with fields
for audits, and audit entries of Microsoft's Agent Governance Toolkit.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from graph.instants import millisecond
from graph.schema import DECISION_RECORD
from graph.values import WrongValue, instant
from ingest.clock import latest_of
from ingest.files.export import (
    Budget,
    ExportFile,
    files_of,
    records_of,
    refuse_all,
    scope_of,
    taken_at,
)
from ingest.rows import Place, Rows
from ingest.secrets.redaction import redact_value
from ingest.source import InputRefused, Reading, Request, Source
from ingest.sources.decisions.governance_toolkit import NoDecision, decision_of, is_entry
from ingest.sources.decisions.records import flatten

LINES = (".jsonl", ".ndjson", ".log")
WRAPPERS = ("entries", "records", "decisions", "events")
MARKS = ({"subject", "decision"}, {"subject", "action", "resource"})


def read(request: Request) -> Reading:
    """Read the decision records at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is a decision record.
    """
    rows, budget = Rows(), Budget()
    used: list[ExportFile] = []
    kinds: Counter[str] = Counter()
    latest: list[pd.Timestamp] = []
    ahead = latest_of(request)
    for file in files_of(request, rows, (*LINES, ".json")):
        count, records = 0, records_of(file, budget, rows, LINES, WRAPPERS)
        if records is None:
            continue
        for record, place in records:
            if not isinstance(record, dict):
                rows.all_read = False
                rows.reject(place, "a record must be an object")
                continue
            kind = _add(rows, record, place, latest, ahead)
            kinds[kind] += 1
            count += kind != "other"
        if count:
            used.append(file)
        elif file.alone:
            raise InputRefused(file.path, "", "holds no decision record")
    if not used:
        refuse_all(request, rows, "nothing in it is a decision record")
    rows.also_read = kinds.total() - kinds["decision"]
    if kinds["event"]:
        rows.warn(f"{kinds['event']} audit entries record no decision and were passed over")
    if kinds["ahead"]:
        rows.warn(f"{kinds['ahead']} records dated in the future were passed over")
    if kinds["other"]:
        rows.warn(f"{kinds['other']} records of another sort were passed over")
    taken = request.taken_at or max(latest, default=None) or taken_at(request, used, rows)
    return rows.reading(scope_of(request), taken, SOURCE.declares)


def _add(
    rows: Rows, record: Mapping[str, Any], place: Place, latest: list[pd.Timestamp], ahead: int
) -> str:
    """Add a record, and return its kind: "decision", "event" (no decision), "ahead" or "other".

    A record "ahead" is dated after `ahead` (milliseconds), and is not added.
    """
    record = redact_value(record)  # before its words are changed, such as to lower case
    if is_entry(record):
        try:
            made = decision_of(record)
        except NoDecision:
            return "event"
    elif any(marks <= record.keys() for marks in MARKS):
        made = dict(record)
    else:
        return "other"
    flat = flatten(made)
    try:
        at = instant(flat["at"])
    except WrongValue:
        rows.all_read = False  # the row is rejected when it is typed
    else:
        if millisecond(at) > ahead:
            return "ahead"
        latest[:] = [max([*latest, at])]
    rows.add(DECISION_RECORD, flat, place)
    return "decision"


SOURCE = Source(
    name="decisions",
    title="Decision records",
    reads="decision records (JSON lines, JSON), or audit entries of Microsoft's toolkit",
    declares=("decisions",),
    read=read,
    adds_up=True,
)
