"""How many rows a read has: records of a log that are summed up are read like any others."""

import json
from pathlib import Path

import pandas as pd
import pytest

from ingest.job.check import check, refuse_if_bad
from ingest.job.merge import Checked
from ingest.source import InputRefused, Request
from ingest.sources import all_sources
from tests.support.exports.events import CAEP, event

GOOD = 99
TAKEN_AT = pd.Timestamp("2026-08-01", tz="UTC")
TRAIL = {
    "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/ci"},
    "eventTime": "2026-07-01T00:00:00Z",
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "eventType": "AwsApiCall",
    "recipientAccountId": "123456789012",
    "requestParameters": {"bucketName": "b"},
}
OCSF = {
    "class_uid": 6003,
    "activity_id": 2,
    "time": 1_782_900_000_000,
    "ai_agent": {"uid": "bot"},
    "resources": [{"uid": "db"}],
}
SPAN = {
    "traceId": "0" * 31 + "1",
    "startTimeUnixNano": "1782900000000000000",
    "attributes": [{"key": "gen_ai.agent.id", "value": {"stringValue": "bot"}}],
}
PASSED = {"event_type": "registered", "agent_id": "bot"}  # of Microsoft's toolkit: no decision
SUBJECT = {"format": "opaque", "id": "ann"}


def _spans(spans: list[dict[str, object]]) -> str:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


DECISION = {
    "id": "d-1",
    "at": "2026-07-01T00:00:00Z",
    "subject": "bot",
    "action": "read",
    "resource": "db",
    "decision": "allow",
}
LOGS: dict[str, tuple[list[object], object]] = {  # good records, and a bad one
    "cloudtrail": ([TRAIL] * GOOD, TRAIL | {"eventTime": "yesterday"}),
    "ocsf": ([OCSF] * GOOD, OCSF | {"time": "yesterday"}),
    "otel": (
        [json.loads(_spans([SPAN | {"spanId": f"{n:016x}"}])) for n in range(GOOD)],
        json.loads(_spans([SPAN | {"spanId": "none"}])),
    ),
    "decisions": ([DECISION, *[PASSED] * (GOOD - 1)], DECISION | {"id": "d-2", "at": "yesterday"}),
    "signals": (
        [event(CAEP, "session-established", SUBJECT, n) for n in range(GOOD)],
        event(CAEP, "session-established", SUBJECT, GOOD) | {"iat": None},
    ),
}


def _checked(name: str, path: Path) -> Checked:
    source = all_sources()[name]
    return check(source, source.read(Request([path], "s", TAKEN_AT)), "")


@pytest.mark.parametrize("name", LOGS)
def test_one_bad_record_of_a_hundred_is_one_percent(tmp_path: Path, name: str) -> None:
    """Though all good ones become a handful of rows; two percent are allowed here."""
    good, bad = LOGS[name]
    if name == "signals":
        assert isinstance(bad, dict)
        bad["events"] = {kind: {} for kind in bad["events"]}  # no instant anywhere
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in [*good, bad]))
    checked = _checked(name, path)
    assert len(checked.rejected) == 1
    assert checked.read >= GOOD + 1
    refuse_if_bad(checked, 2.0)


def test_lines_of_logs_in_an_estate_are_rows(tmp_path: Path) -> None:
    """Two things and a hundred lines, of which five in a hundred and two are bad: 4.9 %."""
    use = {"at": "2026-07-01T00:00:00Z", "principal": "bot", "resource": "db", "level": "read"}
    lines = [use] * 95 + [use | {"at": "yesterday"}] * 5
    for name, text in {
        "estate.toml": 'taken_at = 2026-08-01\nscope = "demo"\n',
        "nodes/Agent.csv": "id\nbot\n",
        "nodes/Resource.csv": "id\ndb\n",
        "usage/day.jsonl": "".join(json.dumps(line) + "\n" for line in lines),
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    checked = _checked("estate", tmp_path)
    assert (checked.read, len(checked.rejected)) == (102, 5)
    refuse_if_bad(checked, 5.0)
    with pytest.raises(InputRefused, match="5 of 102 rows"):
        refuse_if_bad(checked, 4.9)
