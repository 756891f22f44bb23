"""Findings and what people decide about them, on the command line."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.journal.journal import journal_of
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run, example
from tests.support.estates.small_estates import AS_OF, ago
from tests.support.few_rules import only_rules
from tests.support.standards.oscal_schema import oscal_faults

UNTIL = "2026-12-01T00:00:00Z"
WHO = ("--by", "ann@example.com", "--reason", "replaced in December")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the example in a store that nobody writes to."""
    folder = tmp_path_factory.mktemp("published") / "store"
    ingest(ParquetStore(folder), [example().job()])
    return folder


@pytest.fixture
def own(published: Path, tmp_path: Path, cli: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a store of the test's own, in which the example was published."""
    folder = shutil.copytree(published, tmp_path / "own")
    monkeypatch.setenv("TRUSTDEBT_STORE", str(folder))
    return folder


@pytest.fixture
def few_rules() -> Iterator[None]:
    """Judge by rules three of which find something of high severity here, and others low."""
    with only_rules(
        "no_accountable_owner", "no_declared_scope", "stale_access_path", "standing_access"
    ):
        yield


@pytest.fixture
def unchanged(
    published: Path, cli: Run, one_posture: None, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Return the store of all tests that change nothing, which ask one posture."""
    monkeypatch.setenv("TRUSTDEBT_STORE", str(published))
    return published


def _first(cli: Run, *options: str) -> dict[str, object]:
    return cli("findings", "--json", "--limit", "1", *options).result["findings"][0]


def test_an_accepted_finding_stays_listed(cli, own, few_rules):
    before = _first(cli)
    said = cli("accept", before["id"], "--until", UNTIL, *WHO, "--json").result
    assert said["finding"] == before["id"]
    assert (said["by"], said["reason"], said["until"]) == ("ann", "replaced in December", UNTIL)
    assert said["since"] == "2026-08-01T00:00:00Z"
    after = _first(cli)
    assert (after["id"], after["state"]) == (before["id"], "accepted")
    assert after["acceptance"]["entry"] == said["entry"]
    assert _first(cli, "--state", "open")["id"] != before["id"]
    assert _first(cli, "--as-of", UNTIL)["state"] == "open"
    assert "accepted" in cli("findings", "--limit", "1").out


def test_what_is_accepted_does_not_fail_a_build(cli, own, few_rules):
    """Only what somebody accepted; the exit code is 1 while one other is as bad."""
    worst = ["findings", "--fail-on", "high", "--json", "--limit", "0"]
    found = cli(*worst)
    assert found.code == 1
    high = [f["id"] for f in found.result["findings"] if f["severity"] in ("critical", "high")]
    assert len(high) > 1
    for one in high:
        assert cli(*worst).code == 1
        assert cli("accept", one, "--until", UNTIL, *WHO).code == 0
    assert cli(*worst).code == 0
    assert cli(*worst, "--as-of", UNTIL).code == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--until", UNTIL, "--by", "ann", "--reason", " "], "--reason must not be empty"),
        (["--until", UNTIL, "--by", "", "--reason", "x"], "--by must not be empty"),
        (["--until", UNTIL, "--reason", "x"], "--by"),
        (["--by", "ann", "--reason", "x"], "--until"),
        (["--until", "", "--by", "ann", "--reason", "x"], "--until must not be empty"),
        (["--until", "2026-12-01T00:00", *WHO], "without a zone"),
        (["--until", "soon", *WHO], "not an ISO 8601 instant"),
        (["--until", "2026-08-01T00:00:00Z", *WHO], "must lie after 2026-08-01T00:00:00Z"),
        (["--until", UNTIL, "--by", "bot", "--reason", "x"], "only a person can decide"),
        (["--until", UNTIL, "--by", "a" * 201, "--reason", "x"], "longer than 200"),
    ],
)
def test_an_acceptance_that_says_too_little_is_refused(cli, unchanged, words, message):
    error = cli("accept", str(_first(cli)["id"]), *words, "--json").refused(2)
    assert message in error["message"]
    assert journal_of(str(unchanged)).entries() == ()


def test_an_unknown_finding_is_refused(cli, unchanged):
    for one in ("F-0000000000000000", "F-"):
        error = cli("accept", one, "--until", UNTIL, *WHO, "--json").refused(2)
        assert error["code"] in ("unknown-thing", "ambiguous-thing")


def test_an_attested_owner_counts_from_then_on(cli, own):
    """The answer says from when; what is asked as of an earlier instant does not see it."""
    line = ["attest", "child", "--owner", "ann", "--by", "ann", "--note", "took over", "--json"]
    said = cli(*line).result
    assert (said["thing"], said["owner"], said["role"]) == ("child", "ann", "business")
    assert (said["note"], said["at"] == said["since"]) == ("took over", True)
    assert said["since"] in said["counts"]
    assert cli("show", "child", "--json").result["owners"] == []
    (owner,) = cli("show", "child", "--json", "--as-of", said["since"]).result["owners"]
    assert (owner["id"], owner["evidence"], owner["source"]) == (
        "ann",
        "declared_later",
        "journal",
    )
    assert cli(*line, "--since", ago(3)).result["counts"] is None
    assert cli("show", "child", "--json").result["owners"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["wiki", "--owner", "bot"], "an owner is a person or a team"),
        (["ann", "--owner", "ann"], "nothing can own"),
        (["bot", "--owner", "zed"], "no longer here"),
        (["bot", "--owner", "ann", "--role", "boss"], "business, technical, sponsor"),
        (["bot", "--owner", "ann", "--since", "2098-01-01"], "future"),
        (["bot", "--owner", "noone"], "nothing is called"),
    ],
)
def test_an_attestation_that_cannot_be_is_refused(cli, unchanged, words, message):
    error = cli("attest", *words, "--by", "ann", "--json").refused(2)
    assert message in error["message"]


def test_a_review_is_written(cli, own):
    common = ["review", "bot", "--by", "ann", "--reason", "yearly", "--since", ago(1), "--json"]
    said = cli(*common, "--decision", "approve").result
    assert (said["thing"], said["decision"], said["grant"]) == ("bot", "approve", None)
    assert "is one of" in cli(*common, "--decision", "perhaps").refused(2)["message"]
    assert (
        "holds no grant"
        in cli(*common, "--decision", "revoke", "--grant", "g").refused(2)["message"]
    )
    rows = cli("journal", "--json").result["entries"]
    assert [(r["entry"], r["kind"], r["by"]) for r in rows] == [(1, "review", "ann")]


def test_a_decision_is_withdrawn_and_stays_in_the_journal(cli, own):
    one = str(_first(cli)["id"])
    cli("accept", one, "--until", UNTIL, *WHO)
    assert cli("withdraw", "1", *WHO, "--json").result["withdraws"] == 1
    assert _first(cli)["state"] == "open"
    rows = cli("journal", "--json").result["entries"]
    assert [r["kind"] for r in rows] == ["withdrawal", "acceptance"]
    assert cli("withdraw", "1", *WHO, "--json").refused(2)["code"] == "unknown-entry"
    assert "entries" in cli("journal").out


def test_a_damaged_journal_stops_every_answer_and_is_named(cli, own):
    """Without it owners, reviews and acceptances would be wrong without a word."""
    cli("accept", str(_first(cli)["id"]), "--until", UNTIL, *WHO)
    (own / "journal.sqlite").write_bytes(b"not a database at all" * 100)
    for line in (["findings"], ["identities"], ["journal"]):
        error = cli(*line, "--json").refused(4)
        assert "journal.sqlite" in error["message"]
        assert error["code"] == "store-damaged"


def test_the_store_goes_on_beside_its_journal(cli, own):
    """A further ingest neither minds the file nor clears it away."""
    cli("accept", str(_first(cli)["id"]), "--until", UNTIL, *WHO)
    assert ingest(ParquetStore(own), [example().agent("new").job()], keep=1).published
    assert len(cli("journal", "--json").result["entries"]) == 1
    assert _first(cli, "--state", "accepted")["acceptance"]["by"] == "ann"


# ---------------------------------------------------------------- formats


def test_sarif_and_ocsf_are_one_document_each(cli, unchanged):
    every = cli("findings", "--limit", "0", "--json").result["findings"]
    log = json.loads(cli("findings", "--limit", "0", "--format", "sarif").out)
    assert [r["partialFingerprints"] for r in log["runs"][0]["results"]] == [
        {"trustdebtFinding/v1": f["id"]} for f in every
    ]
    events = json.loads(cli("findings", "--limit", "0", "--format", "ocsf").out)
    assert [e["finding_info"]["uid"] for e in events] == [f["id"] for f in every]
    assert cli("findings", "--format", "xml", "--json").refused(2)


@pytest.mark.parametrize("form", ["sarif", "ocsf"])
def test_an_export_is_the_document_of_all_findings(cli, unchanged, tmp_path, form):
    said = cli("findings", "--limit", "0", "--format", form).out
    done = cli("export", form, "--out", tmp_path / "out.json", "--json").result
    assert (tmp_path / "out.json").read_text(encoding="utf-8") == said.rstrip("\n")
    assert done["written"] == len(cli("findings", "--limit", "0", "--json").result["findings"])
    assert "a format is one of" in cli("export", "xml", "--out", tmp_path / "x").err


def test_assessment_results_are_the_same_bytes_for_the_same_question(cli, own, tmp_path):
    """Each time, and also after a further snapshot, of the one asked for."""
    (snapshot,) = cli("snapshots", "--json").result["snapshots"]
    asked = ("export", "oscal", "--snapshot", snapshot["id"], "--json", "--out")
    done = cli(*asked, tmp_path / "one").result
    ingest(ParquetStore(own), [example().agent("new").job()])
    cli(*asked, tmp_path / "two")
    text = (tmp_path / "one").read_text(encoding="utf-8")
    assert text == (tmp_path / "two").read_text(encoding="utf-8")
    assert oscal_faults(json.loads(text)) == []
    assert done["written"] == len(cli("frameworks", "--json").result["controls"])
    refused = cli("export", "oscal", "--out", tmp_path / "no" / "where", "--json").refused(2)
    assert "cannot be written" in refused["message"]


def test_csv_has_a_row_for_each_finding(cli, unchanged):
    every = cli("findings", "--limit", "0", "--json").result["findings"]
    rows = list(csv.DictReader(io.StringIO(cli("findings", "--limit", "0", "--format", "csv").out)))
    assert [r["id"] for r in rows] == [f["id"] for f in every]
    first = next(i for i, f in enumerate(every) if f["evidence"])
    assert rows[first]["evidence"].split("; ") == [e["id"] for e in every[first]["evidence"]]


def test_evidence_says_what_it_is_who_states_it_and_when(cli, unchanged):
    (one,) = cli("findings", "--rule", "OWN-02", "--about", "idle", "--json").result["findings"]
    (proof, *_) = one["evidence"]
    assert (proof["from"]["id"], proof["relationship"], proof["to"]["id"]) == (
        "zed",
        "OWNS",
        "idle",
    )
    assert (proof["source"], proof["scope"]) == ("estate", "acme")
    assert proof["last_seen"] == AS_OF.isoformat().replace("+00:00", "Z")
