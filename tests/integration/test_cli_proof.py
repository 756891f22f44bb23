"""Proofs and audit packs on the command line: written, checked again, and found to be changed."""

import gc
import json
import shutil
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph.schema import AGENT
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run
from tests.integration.forged import made_whole
from tests.support.estates.decision_log import at, log
from tests.support.estates.small_estates import Estate

ASKED = ("prove", "bot", "--at", at("10:05"), "--resource", "r", "--level", "read")


def said() -> Estate:
    made = log().decided("10:00", policy_version="3", justification="monthly close").used("10:05")
    made.decided("10:20", "deny").used("10:21").used("23:00", resource="r/part")
    scope = [{"resource": "r", "level": "read"}]
    made.agent("other").person("ann").owned("bot", "ann", "ann")
    made.rows[AGENT][0]["declared_scope"] = scope
    return made.can("bot", "read", "r", granted_at=at("09:00"))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    store = tmp_path_factory.mktemp("proof") / "store"
    ingest(ParquetStore(store), [said().job()])
    return store


def asked(store: Path) -> tuple[str, ...]:
    return "--store", str(store), "--json"


def test_a_proof_holds_until_a_fact_under_it_is_another(cli: Run, published, tmp_path):
    store, file = tmp_path / "store", tmp_path / "proof.json"
    shutil.copytree(published, store)
    proof = cli(*ASKED, "--out", str(file), *asked(store)).result
    assert proof["verdict"] == "proven"
    assert json.loads(file.read_text())["digest"] == proof["digest"]
    checked = cli("prove", "verify", str(file), *asked(store)).result
    assert (checked["verdict"], checked["asked_again"], checked["breaks"]) == ("holds", "same", [])
    assert checked["facts"] == checked["checked"] == len(proof["rests_on"])

    (table,) = store.glob("snapshots/*/DecisionRecord.parquet")
    rows = pq.read_table(table)
    place = rows.column_names.index("justification")
    words = pa.array(["written later"] * len(rows), rows.schema.field(place).type)
    pq.write_table(rows.set_column(place, rows.schema.field(place), words), table)
    made_whole(store)
    answer = cli("prove", "verify", str(file), *asked(store))
    assert answer.code == 1
    (broken,) = answer.result["breaks"]
    assert (broken["element"], broken["id"]) == ("DecisionRecord", "d1")


def test_damage_anywhere_under_a_proof_is_told_with_its_place(cli: Run, published, tmp_path):
    file, missed = tmp_path / "proof.json", []
    cli(*ASKED, "--out", str(file), *asked(published))
    parts = (p for p in (published / "snapshots").rglob("*") if p.suffix in (".parquet", ".json"))
    # No proof rests on the file that a fact was read from; test_cli_stores.py damages those, too.
    for part in sorted(p for p in parts if ".origins." not in p.name):
        store = tmp_path / "damaged"
        shutil.copytree(published, store)
        damaged = store / part.relative_to(published)
        content = bytearray(damaged.read_bytes())
        content[len(content) // 2] ^= 1
        damaged.write_bytes(content)
        answer = cli("prove", "verify", str(file), *asked(store))
        if answer.code not in (1, 4) or part.parent.name not in answer.out + answer.err:
            missed.append((part.name, answer.code, answer.out))
        shutil.rmtree(store)
    assert missed == []


def test_of_a_damaged_snapshot_nothing_counts_as_checked(cli: Run, tmp_path):
    store, file = tmp_path / "store", tmp_path / "proof.json"
    older = two_exports(store)
    proof = cli(*ASKED, "--out", str(file), *asked(store)).result
    (damaged,) = store.glob("history/*/Agent.parquet")  # the older one is packed
    damaged.write_bytes(damaged.read_bytes()[:-9] + b"\0" * 9)
    answer = cli("prove", "verify", str(file), *asked(store))
    assert answer.code == 1
    (broken,) = answer.result["breaks"]
    assert (broken["element"], broken["snapshot"]) == ("Snapshot", older)
    elsewhere = [fact for fact in proof["rests_on"] if fact["snapshot"] != older]
    assert answer.result["checked"] == len(elsewhere) > 0


def two_exports(store: Path) -> str:
    """Publish what was there at 10:02, which has the grant, and later; return the older id."""
    first = said()
    first.at = pd.Timestamp(at("10:02"))
    ingest(ParquetStore(store), [first.job()])
    ingest(ParquetStore(store), [said().job()])
    older, _ = (info.id for info in ParquetStore(store).snapshots())
    return older


@pytest.mark.usefixtures("one_posture")
def test_a_changed_proof_is_found(cli: Run, published, tmp_path):
    file = tmp_path / "proof.json"
    cli(*ASKED, "--out", str(file), *asked(published))
    proof = json.loads(file.read_text())
    file.write_text(json.dumps(proof | {"verdict": "not_proven"}))
    answer = cli("prove", "verify", str(file), *asked(published))
    assert answer.code == 1
    assert "digest" in answer.result["breaks"][0]["reason"]


@pytest.mark.usefixtures("one_posture")
def test_a_proof_that_was_cut_is_no_broken_one(cli: Run, published, tmp_path):
    """One row of each list is printed; the digest is that of all of them."""
    file = tmp_path / "proof.json"
    file.write_text(cli(*ASKED, "--limit", "1", *asked(published)).out)
    left_out = json.loads(file.read_text())["left_out"]
    assert left_out > 0
    checked = cli("prove", "verify", str(file), *asked(published)).result
    assert (checked["verdict"], checked["breaks"]) == ("unknown", [])
    assert (checked["facts"], checked["checked"]) == (1, 1)
    assert checked["because"].startswith(f"the proof was cut: {left_out} rows are left out")
    assert "--resource r --level read --use u2 --out proof.json" in checked["because"]


@pytest.mark.usefixtures("one_posture")
def test_a_limit_that_cuts_nothing_leaves_the_proof_complete(cli: Run, published, tmp_path):
    file = tmp_path / "proof.json"
    file.write_text(cli(*ASKED, "--limit", "999", *asked(published)).out)
    checked = cli("prove", "verify", str(file), *asked(published)).result
    assert (checked["verdict"], checked["because"]) == ("holds", None)


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize("left_out", [0, -1, True, "3", None])
def test_a_changed_proof_is_not_taken_for_one_that_was_cut(cli: Run, published, tmp_path, left_out):
    file = tmp_path / "proof.json"
    cli(*ASKED, "--out", str(file), *asked(published))
    changed = json.loads(file.read_text()) | {"verdict": "not_proven", "left_out": left_out}
    file.write_text(json.dumps(changed))
    answer = cli("prove", "verify", str(file), *asked(published))
    assert (answer.code, answer.result["verdict"]) == (1, "broken")


@pytest.mark.parametrize(
    "text", ["[]", "{}", "no JSON", '{"claim": 1}', '{"result": {"digest": "x"}}']
)
def test_what_is_no_proof_is_refused(cli: Run, published, tmp_path, text):
    (tmp_path / "x.json").write_text(text)
    cli("prove", "verify", str(tmp_path / "x.json"), *asked(published)).refused(3)


@pytest.mark.usefixtures("one_posture")
def test_the_document_says_no_age(cli: Run, published):
    """The twin says one: the document of another question."""
    document = json.loads(cli(*ASKED, *asked(published)).out)
    assert all("age_days" not in row for row in document["coverage"]["sources"])
    document = json.loads(cli("findings", *asked(published)).out)
    assert all("age_days" in row for row in document["coverage"]["sources"])


def test_after_pruning_a_proof_is_checked_as_far_as_the_evidence_is_kept(cli: Run, tmp_path):
    """The export of 20 July, of which the grant is, was pruned; the twin is before that."""
    store, file = tmp_path / "store", tmp_path / "proof.json"
    older = two_exports(store)
    proof = cli(*ASKED, "--out", str(file), *asked(store)).result
    assert proof["entitlement"]["snapshot"] == older
    assert cli("prove", "verify", str(file), *asked(store)).result["verdict"] == "holds"
    gc.collect()  # whoever still reads a snapshot keeps it
    kept = ParquetStore(store)
    with kept.lease() as lease:
        assert kept.prune(1, lease) == [older]
    checked = cli("prove", "verify", str(file), *asked(store)).result
    assert (checked["verdict"], checked["not_kept"]) == ("unknown", [older])
    assert 0 < checked["checked"] < checked["facts"]


# -- audit ---------------------------------------------------------------------------------------

WINDOW = ("--since", at("09:00"), "--until", at("23:00"))


@pytest.mark.usefixtures("one_posture")
def test_the_chain_is_in_order_with_its_gaps(cli: Run, published):
    told = cli("audit", "bot", *WINDOW, *asked(published)).result
    assert [(row["kind"], row["id"]) for row in told["chain"] if row["kind"] != "grant"] == [
        ("decision", "d1"),
        ("use", "u2"),
        ("decision", "d3"),
        ("use", "u4"),
    ]
    assert told["chain"][0]["kind"] == "grant"
    assert [row["state"] for row in told["chain"] if row["kind"] == "use"] == [
        "explained",
        "denied_but_happened",
    ]
    assert [(gap["id"], gap["gap"]) for gap in told["gaps"]] == [("u4", "denied_but_happened")]


def test_what_an_account_did_is_in_the_chain_of_its_agent(cli: Run, tmp_path):
    made = log().account("svc").link("bot", "RUNS_AS", "svc").used("10:05", principal="svc")
    ingest(ParquetStore(tmp_path / "store"), [made.job()])
    told = cli("audit", "svc", *WINDOW, *asked(tmp_path / "store")).result
    assert told["chain"] == []
    assert "counts for bot" in told["gaps"][0]["gap"]
    told = cli("audit", "bot", *WINDOW, *asked(tmp_path / "store")).result
    assert [row["kind"] for row in told["chain"]] == ["use"]


@pytest.mark.usefixtures("one_posture")
def test_the_end_of_a_window_is_not_in_it(cli: Run, published):
    """The use at 23:00 is in the window that ends a millisecond later."""
    later = ("--since", at("09:00"), "--until", at("23:00:00.001"))
    ids = [row["id"] for row in cli("audit", "bot", *later, *asked(published)).result["chain"]]
    assert "u5" in ids
    ids = [row["id"] for row in cli("audit", "bot", *WINDOW, *asked(published)).result["chain"]]
    assert "u5" not in ids


@pytest.mark.parametrize("name", ["pack.zip", "pack/"])
def test_a_pack_is_the_same_twice_and_can_be_checked(cli: Run, published, tmp_path, name):
    outs = [f"{tmp_path / word}{name}" for word in ("one-", "two-")]
    files = [cli("audit", "bot", *WINDOW, "--out", out, *asked(published)).result for out in outs]
    assert files[0]["files"] == files[1]["files"]
    names = {each["name"] for each in files[0]["files"]}
    assert {"chain.json", "reviews.json", "exceptions.json", "coverage.json"} < names
    assert {"proofs/0001.json", "proofs/0002.json", "MANIFEST.sha256"} < names
    checked = cli("audit", "verify", outs[0], "--json").result
    assert (checked["valid"], checked["files_checked"]) == (True, len(names) - 1)


@pytest.mark.usefixtures("one_posture")
def test_the_pack_of_a_person_has_all_that_they_answer_for(cli: Run, published, tmp_path):
    """Ann owns bot; nobody owns other."""
    out = tmp_path / "ann.zip"
    told = cli("audit", "ann", *WINDOW, "--out", str(out), *asked(published)).result
    assert [audit["identity"]["id"] for audit in told["audits"]] == ["bot"]
    names = {each["name"] for each in told["files"]}
    assert {"audits.json", "0001/chain.json", "0001/proofs/0001.json"} < names
    own = cli("audit", "bot", *WINDOW, *asked(published)).result
    assert told["audits"][0] == own
    assert cli("audit", "verify", str(out), "--json").result["valid"]


def test_a_person_who_answers_for_nobody_has_no_pack(cli: Run, published, tmp_path):
    made = log().person("zed")
    ingest(ParquetStore(tmp_path / "store"), [made.job()])
    error = cli("audit", "zed", *WINDOW, *asked(tmp_path / "store")).refused(2)
    assert "answers for no identity" in error["message"]


def test_an_acceptance_that_awaits_a_second_person_is_no_exception(cli: Run, tmp_path):
    """The finding of what was denied and happened is critical: one person cannot accept it."""
    ingest(ParquetStore(tmp_path / "store"), [said().person("bob").job()])
    out, store = tmp_path / "pack", asked(tmp_path / "store")
    found = cli("findings", "--about", "bot", "--limit", "0", *store).result["findings"]
    critical = next(each["id"] for each in found if each["severity"] == "critical")
    lesser = next(each["id"] for each in found if each["severity"] != "critical")
    words = ("--until", "2026-12-31", "--by", "ann", "--reason", "known")
    cli("accept", critical, *words, *store)
    cli("accept", lesser, *words, *store)
    window = ("--since", "2026-08-01", "--until", "2026-09-01")
    assert cli("audit", "bot", *window, "--out", f"{out}/", *store).code == 0
    kept = json.loads((out / "exceptions.json").read_text())["exceptions"]
    assert [each["finding"] for each in kept] == [lesser]


@pytest.mark.usefixtures("one_posture")
def test_a_changed_pack_answers_no(cli: Run, published, tmp_path):
    out = tmp_path / "pack.zip"
    cli("audit", "bot", *WINDOW, "--out", str(out), *asked(published))
    content = bytearray(out.read_bytes())
    content[len(content) // 2] ^= 1
    out.write_bytes(content)
    answer = cli("audit", "verify", str(out), "--json")
    assert answer.code == 1
    assert answer.result["wrong"]


@pytest.mark.usefixtures("one_posture")
@pytest.mark.parametrize(
    "words",
    [
        ("nobody", *WINDOW),
        ("bot", "--since", at("09:00")),
        ("bot", "--since", at("10:00"), "--until", at("10:00")),
        ("bot", "--since", "2026-07-20T10:00:00", "--until", at("12:00")),
        ("bot", *WINDOW, "--out", "no/such/folder/x.zip"),
    ],
)
def test_what_cannot_be_audited_is_refused(cli: Run, published, words):
    cli("audit", *words, *asked(published)).refused(2)
