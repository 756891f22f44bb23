"""A fault of ours: the rest still answers, what failed is named, and the command ends with 5."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustdebt
from analytics.escalation import all_escalations
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run, Said, example
from tests.support.estates.small_estates import AS_OF
from tests.support.few_rules import only_rules

CANARY = "canary-in-a-cell"


def fall(*_: object) -> Any:
    raise ValueError(CANARY)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two states of a small estate, with findings of many rules."""
    folder = tmp_path_factory.mktemp("faults") / "store"
    for at in (AS_OF - pd.Timedelta(days=1), AS_OF):
        estate = example()
        estate.at = at
        ingest(ParquetStore(folder), [estate.job()])
    return folder


@pytest.fixture
def run(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Run]:
    monkeypatch.setenv("TRUSTDEBT_STORE", str(store))
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")  # what is kept has no faults

    def ask(*line: object) -> Said:
        code = trustdebt.main([str(word) for word in line])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert CANARY not in out + err
        return Said(code, out, err)

    return ask


@pytest.fixture
def three_rules() -> Iterator[None]:
    """Judge by two rules that may be made to fail, and by one that finds something beside them."""
    with only_rules("no_accountable_owner", "owner_departed", "shared_credential"):
        yield


def failed(said: Said) -> dict[str, Any]:
    """Return the document of a run in which something failed, though it answered."""
    assert said.code == 5, said
    document = said.document
    assert document["report"]
    assert all("ValueError at tests/" not in f["message"] for f in document["faults"])
    assert all(f["message"].startswith("ValueError") for f in document["faults"])
    return document


def names(document: dict[str, Any]) -> set[str]:
    return {fault["rule"] for fault in document["faults"]}


def test_what_cannot_be_judged_now_is_not_resolved(run, three_rules, monkeypatch):
    name = "owner_departed"
    rule = all_rules()[name]
    assert run("findings", "--json").code == 0  # the journal remembers the first snapshot now

    def falls_now(posture: Posture) -> pd.DataFrame:
        return fall() if posture.graph.as_of == AS_OF else rule.find(posture)

    monkeypatch.setitem(all_rules(), name, replace(rule, find=falls_now))
    document = failed(run("findings", "--limit", 0, "--json"))
    assert names(document) == {rule.id}
    mine = [row for row in document["result"]["findings"] if row["rule"] == rule.id]
    assert {row["state"] for row in mine} == {"stale_evidence"}
    resolved = run("findings", "--state", "resolved", "--json")
    assert resolved.document["result"]["findings"] == []


def test_the_twin_nothing_fails(run):
    said = run("findings", "--json")
    assert (said.code, said.document["faults"], "report" in said.document) == (0, [], False)
    assert said.err == ""


def test_faults_are_named_in_every_form(run, three_rules, monkeypatch, tmp_path):
    monkeypatch.setitem(
        all_rules(), "shared_credential", replace(all_rules()["shared_credential"], find=fall)
    )
    for form in ("table", "csv", "sarif", "ocsf"):
        said = run("findings", "--format", form)
        assert said.code == 5, form
        assert "CRD-04 failed: ValueError" in said.err, form
    assert run("export", "sarif", "--out", tmp_path / "s.json", "--json").code == 5
    assert "CRD-04" in (tmp_path / "s.json").read_text()
    assert run("export", "oscal", "--out", tmp_path / "o.json", "--json").code == 5
    (result,) = json.loads((tmp_path / "o.json").read_text())["assessment-results"]["results"]
    unknown = [o["description"] for o in result["observations"] if o["methods"] == ["UNKNOWN"]]
    assert any("CRD-04" in why and "trustdebt" in why for why in unknown)  # a fault of ours
    assert run("findings", "--fail-on", "low", "--json").code == 5


def test_what_cannot_be_answered_at_all_is_one_document(run, monkeypatch):
    monkeypatch.setattr("analytics.answers.orphans.orphans", fall)
    said = run("orphans", "--json")
    assert (said.code, said.err) == (5, "")
    assert said.document["error"]["code"] == "fault"
    assert names(said.document) == {"orphans"}
    text = run("orphans")
    assert (text.code, text.out) == (5, "")
    assert "orphans failed: ValueError" in text.err
    assert "report" in text.err


def test_rules_of_escalation_fail_one_by_one(run, monkeypatch):
    known = all_escalations()
    monkeypatch.setitem(known, "E6", replace(known["E6"], derive=fall))
    assert names(failed(run("findings", "--json"))) == {"E6"}
    assert names(failed(run("path", *_ends(run), "--json"))) == {"E6"}


def _ends(run: Run) -> tuple[str, str]:
    document = run("identities", "--limit", 1, "--json").document
    identity = document["result"]["identities"][0]["id"]
    reached = run("blast-radius", identity, "--limit", 1, "--json").document
    return identity, reached["result"]["resources"][0]["id"]


@pytest.mark.parametrize("command", ["findings", "kpis", "debt", "frameworks"])
def test_without_a_fault_no_answer_speaks_of_one(run, command):
    said = run(command, "--json")
    assert (said.code, said.err) == (0, "")
    assert "fault" not in said.out.replace('"faults": []', "")
