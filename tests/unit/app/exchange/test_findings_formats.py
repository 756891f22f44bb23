"""Findings in the formats of other tools: the shape that each format asks for."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analytics.findings.lifecycle.about import what_it_is_about
from analytics.findings.lifecycle.states import STATES
from analytics.history import open_posture
from analytics.posture import Posture
from app.envelope import envelope
from app.exchange import FINDINGS, written
from graph.journal.journal import journal_of
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates import any_world
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.printed import findings
from tests.support.standards.ocsf_schema import OcsfSchema
from tests.support.standards.sarif_schema import sarif_faults

HOSTILE = 'evil"\\<script>\x1b[31m\u202e'
SEVERITIES = {"low": 2, "medium": 3, "high": 4, "critical": 5}  # of OCSF


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Posture]:
    """Answer with findings in every state, of the posture beside it."""
    store = tmp_path_factory.mktemp("exchange") / "store"
    for at, owner in ((60, None), (40, "ann"), (0, None)):
        e = Estate(at=AS_OF - pd.Timedelta(days=at)).person("ann").agent("again", "mended", "bad")
        e.agent("accepted", HOSTILE).owned("again", owner, owner)
        e.resource("ledger", "restricted").can("bad", "read write", "ledger", granted_at=ago(300))
        if at < 60:
            e.owned("mended", "ann", "ann")
        ingest(ParquetStore(store), [e.job()])
    posture = open_posture(str(store))
    for row in findings(posture)["findings"]:
        if row["subject"]["id"] == "accepted":
            until = AS_OF + pd.Timedelta(days=30)
            about = what_it_is_about(posture, row["id"])
            journal_of(str(store)).accept(row["id"], until, "ann", "known", AS_OF, about)
    posture = open_posture(str(store))
    made = envelope("findings", findings(posture, states=STATES), posture)
    states = {row["state"] for row in made["result"]["findings"]}
    assert states == set(STATES) - {"stale_evidence"}
    return made, posture


@pytest.fixture
def document(answer):
    return answer[0]


def test_sarif(answer, document):
    log = json.loads(json.dumps(written("sarif", *answer), allow_nan=False))
    assert sarif_faults(log) == []
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    known = [rule["id"] for rule in driver["rules"]]
    assert len(set(known)) == len(known)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["help"]["text"]
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
    rows = document["result"]["findings"]
    assert len(run["results"]) == len(rows)
    for result, row in zip(run["results"], rows, strict=True):
        assert known[result["ruleIndex"]] == result["ruleId"] == row["rule"]
        assert result["message"]["text"] == f"{row['sentence']} {row['accountability']}"
        assert result["level"] in ("error", "warning", "note")
        assert list(result["partialFingerprints"].values()) == [row["id"]]
        places = result["locations"][0]["logicalLocations"]
        assert places[0]["fullyQualifiedName"] == row["subject"]["id"]
        assert "physicalLocation" not in result["locations"][0]


def test_a_rule_speaks_of_no_single_finding_and_a_name_is_no_link():
    name = "[bot](https://evil.test)"
    e = Estate().agent("a", name=name).resource("r", "restricted")
    posture = e.can("a", "read", "r", granted_at=ago(300)).posture()
    (run,) = written("sarif", envelope("findings", findings(posture), posture), posture)["runs"]
    assert all("bot" not in rule["help"]["text"] for rule in run["tool"]["driver"]["rules"])
    told = [result["message"]["text"] for result in run["results"]]
    assert any("[bot] (https" in text for text in told)
    assert not any("](" in text for text in told)
    assert any(name in result["properties"]["remediation"] for result in run["results"])


def test_a_name_is_no_placeholder_of_a_message():
    """Braces stand twice in messages (3.11.5), and once in whatever is no message."""
    name = "bot-{0}-{{env}}"
    e = Estate().agent("a", name=name).resource("r", "restricted")
    posture = e.can("a", "read", "r", granted_at=ago(300)).posture()
    document = envelope("findings", findings(posture), posture)
    document["faults"] = [{"rule": "OWN-01", "message": "{0}"}]
    (run,) = written("sarif", document, posture)["runs"]
    texts = [result["message"]["text"] for result in run["results"]]
    assert any("bot-{{0}}-{{{{env}}}}" in text for text in texts)
    plain = [text.replace("{{", "").replace("}}", "") for text in texts]
    assert not any(brace in text for text in plain for brace in "{}")
    assert {r["locations"][0]["logicalLocations"][0]["name"] for r in run["results"]} == {name}
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"] == "OWN-01 failed: {{0}}"


@pytest.mark.parametrize("seed", range(2))
def test_logs_of_any_world_are_valid(seed):
    posture = any_world.estate(seed).posture()
    document = envelope("findings", findings(posture), posture)
    assert document["result"]["findings"]
    assert sarif_faults(written("sarif", document, posture)) == []


def test_sarif_says_what_is_accepted_and_what_is_gone(answer, document):
    (run,) = written("sarif", *answer)["runs"]
    for result, row in zip(run["results"], document["result"]["findings"], strict=True):
        assert (result.get("baselineState") == "absent") == (row["state"] == "resolved")
        assert bool(result["suppressions"]) == (row["state"] == "accepted")
        for one in result["suppressions"]:
            assert (one["kind"], one["status"], one["justification"]) == (
                "external",
                "accepted",
                "known",
            )


def test_a_wrong_sarif_log_is_noticed(answer):
    """The twin of the test above: the published schema does refuse."""
    log = written("sarif", *answer)
    log["runs"][0]["results"][0]["level"] = "terrible"
    assert any("terrible" in fault for fault in sarif_faults(log))
    del log["runs"][0]["tool"]
    assert any("'tool' is a required property" in fault for fault in sarif_faults(log))


def test_ocsf(answer, document):
    events = json.loads(json.dumps(written("ocsf", *answer), allow_nan=False))
    rows = document["result"]["findings"]
    assert len(events) == len(rows)
    for event, row in zip(events, rows, strict=True):
        assert event["class_uid"] in (2003, 2004, 2008)
        assert event["category_uid"] == 2
        assert event["activity_id"] in (1, 2, 3)
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]
        assert event["severity_id"] == SEVERITIES[row["severity"]]
        assert event["time"] == datetime(2026, 8, 1, tzinfo=UTC).timestamp() * 1000
        assert isinstance(event["time"], int)
        assert event["metadata"]["version"] == "1.8.0"
        assert event["metadata"]["product"]["vendor_name"]
        assert event["finding_info"]["uid"] == row["id"]
        assert event["finding_info"]["title"] == row["title"]
        assert event["resources"][0]["uid"] == row["subject"]["id"]
        if event["class_uid"] == 2003:
            assert event["compliance"]["standards"] == row["references"] != []
            assert event["compliance"]["status_id"] == (1 if row["state"] == "resolved" else 3)
        assert event["status_id"] == {"accepted": 3, "resolved": 4}.get(row["state"], 1)
        assert None not in _values(event)


def test_events_in_every_state_are_valid(answer, real_data):
    """By the published schema; what is resolved speaks of a snapshot before this one."""
    events, schema = written("ocsf", *answer), OcsfSchema(real_data)
    assert {event["activity_id"] for event in events} == {1, 2, 3}
    assert [fault for event in events for fault in schema.faults(event)] == []


def _values(one: Any) -> list[Any]:
    if isinstance(one, dict):
        return [v for inner in one.values() for v in _values(inner)]
    return [v for inner in one for v in _values(inner)] if isinstance(one, list) else [one]


@pytest.mark.parametrize("form", FINDINGS)
def test_no_path_of_this_machine_gets_out(answer, form):
    said = json.dumps(written(form, *answer))
    for path in (Path.cwd(), Path.home(), Path("/tmp")):
        assert f"{path}/" not in said


@pytest.mark.parametrize("form", FINDINGS)
def test_no_findings_are_a_document_too(answer, form):
    document, posture = answer
    empty = document | {"result": document["result"] | {"findings": []}}
    said = written(form, empty, posture)
    assert said == [] if form == "ocsf" else said["runs"][0]["results"] == []
