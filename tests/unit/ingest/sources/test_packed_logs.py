"""Files of a folder that are packed are read, and those of another kind are counted."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.schema import AGENT, DECISION_RECORD, HUMAN, USE_EVENT, USED
from ingest.source import Reading, Request
from ingest.sources import a2a, decisions, hr, ocsf, otel, signals
from tests.support.exports.examples import signals as signals_examples
from tests.support.exports.otlp import agent, batch, tool

TAKEN = pd.Timestamp("2026-08-01T00:00:00Z")
AT = 1_785_000_000_000


def _spans(number: int) -> Any:
    trace = f"{number:032x}"
    return batch(agent(1, f"bot-{number}", trace=trace), tool(2, "search", 1, trace=trace))


def _event(number: int) -> Any:
    user = {"uid": f"svc-{number}", "type_id": 4}
    thing = {"uid": "table"}
    return {"class_uid": 6003, "activity_id": 2, "time": AT, "actor": {"user": user},
            "resources": [thing]}  # fmt: skip


def _decision(number: int) -> Any:
    return {"id": f"d-{number}", "at": "2026-07-01T00:00:00Z", "subject": {"id": "bot"},
            "action": {"name": "read"}, "resource": {"id": "r"}, "decision": True}  # fmt: skip


def _token(number: int) -> Any:
    kind = "https://schemas.openid.net/secevent/risc/event-type/account-disabled"
    subject = {"format": "opaque", "id": f"user-{number}"}
    return {"iss": "https://idp.test", "jti": str(number), "iat": AT // 1000, "sub_id": subject,
            "events": {kind: {}}}  # fmt: skip


CASES = [
    pytest.param(otel.SOURCE, _spans, USE_EVENT, id="otel"),
    pytest.param(ocsf.SOURCE, _event, USED, id="ocsf"),
    pytest.param(decisions.SOURCE, _decision, DECISION_RECORD, id="decisions"),
    pytest.param(signals.SOURCE, _token, HUMAN, id="signals"),
]


def _lines(make: Callable[[int], Any], *numbers: int) -> bytes:
    return "".join(f"{json.dumps(make(number))}\n" for number in numbers).encode()


def _read(source: Any, *paths: Path) -> Reading:
    return source.read(Request(paths, "acme", TAKEN))


@pytest.mark.parametrize(("source", "make", "element"), CASES)
def test_packed_lines_of_a_folder_are_read_with_the_others(source, make, element, tmp_path):
    (tmp_path / "1.jsonl").write_bytes(_lines(make, 1))
    (tmp_path / "2.jsonl.gz").write_bytes(gzip.compress(_lines(make, 2, 3)))
    (tmp_path / "3.json.gz").write_bytes(gzip.compress(_lines(make, 4)))
    read = _read(source, tmp_path)
    assert len(read.rows[element]) == 4
    assert read.complete
    assert not [w for w in read.warnings if "another kind" in w]


@pytest.mark.parametrize(("source", "make", "element"), CASES)
def test_packed_lines_can_be_named(source, make, element, tmp_path):
    path = tmp_path / "log.jsonl.gz"
    path.write_bytes(gzip.compress(_lines(make, 1, 2)))
    assert len(_read(source, path).rows[element]) == 2


@pytest.mark.parametrize(("source", "make", "element"), CASES)
def test_lines_in_a_file_named_as_one_document_are_read(source, make, element, tmp_path):
    path = tmp_path / "log.json"
    path.write_bytes(_lines(make, 1, 2))
    assert len(_read(source, path).rows[element]) == 2


@pytest.mark.parametrize(("source", "make", "element"), CASES)
def test_files_of_another_kind_are_counted(source, make, element, tmp_path):
    (tmp_path / "1.jsonl").write_bytes(_lines(make, 1))
    (tmp_path / "2.parquet").write_bytes(b"PAR1")
    read = _read(source, tmp_path)
    assert "1 of 2 files are of another kind and were passed over" in read.warnings


def test_packed_cards_are_read_and_lists_of_people_of_another_kind_counted(tmp_path):
    card = {"name": "Planner", "url": "https://a.test", "skills": [], "capabilities": {}}
    (tmp_path / "card.json.gz").write_bytes(gzip.compress(json.dumps(card).encode()))
    assert len(_read(a2a.SOURCE, tmp_path).rows[AGENT]) == 1
    people = tmp_path / "people"
    people.mkdir()
    (people / "staff.csv").write_text("Employee ID,Work Email\n1,ann@acme.test\n")
    (people / "leavers.xlsx").write_bytes(b"PK")
    read = _read(hr.SOURCE, people)
    assert "1 of 2 files are of another kind and were passed over" in read.warnings


@pytest.mark.parametrize(("source", "make"), [(decisions.SOURCE, _decision), (ocsf.SOURCE, _event)])
@pytest.mark.parametrize("wrapper", [None, "events"])
def test_a_document_that_is_no_record_is_rejected_where_it_stands(source, make, wrapper, tmp_path):
    (tmp_path / "1.jsonl").write_bytes(_lines(make, 1))
    (tmp_path / "2.json").write_text(json.dumps({wrapper: [7]} if wrapper else 7))
    (rejected,) = _read(source, tmp_path).rejected
    assert rejected.place == ("/events/0" if wrapper else "")


def test_a_packed_stream_holds_signed_tokens_beside_payloads(tmp_path):
    """As in one that is not packed: a line is a token or its payload, or wrong by itself."""
    signed = signals_examples.EXPORTS[0]["events.jsonl"]
    content = signed + b"\nno token\n" + _lines(_token, 1)
    (tmp_path / "plain.jsonl").write_bytes(content)
    (tmp_path / "packed.jsonl.gz").write_bytes(gzip.compress(content))
    (tmp_path / "wide.jsonl").write_bytes(content.decode().encode("utf-16"))
    plain, *others = (
        _read(signals.SOURCE, tmp_path / name)
        for name in ("plain.jsonl", "packed.jsonl.gz", "wide.jsonl")
    )
    for read in others:
        assert [r.place for r in read.rejected] == [r.place for r in plain.rejected]
        assert sorted(read.rows[HUMAN]["id"]) == sorted(plain.rows[HUMAN]["id"])
        assert read.also_read == plain.also_read
