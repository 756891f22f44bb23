"""Sources that cannot be read: told until they are, and never a reason to look better."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trustdebt
from analytics.answers.coverage import coverage as coverage_answer
from analytics.history import open_posture
from graph.journal.failed_reads import failed_reads
from graph.journal.place import journal_path
from graph.schema import AGENT
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import InputRefused, Request, Source
from tests.support.estates.small_estates import AS_OF, Estate

REASON = "is not JSON; ghp_Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7Zq7 stands there"


@pytest.fixture
def store(tmp_path: Path) -> ParquetStore:
    return ParquetStore(tmp_path / "store")


def broken(source: str = "estate", scope: str | None = None) -> tuple[Source, Request]:
    """Return a job that is refused."""

    def refuse(request: Request) -> Any:
        raise InputRefused("x.json", "line 3", REASON)

    path = Path(f"{source}-{scope}")
    return Source(source, source, "", (), refuse), Request((path,), scope)


def told(store: ParquetStore) -> list[tuple[str, str]]:
    """Return source and scope of what is told to have failed."""
    return [one.key for one in failed_reads(journal_path(store.uri))]


def agents(store: ParquetStore) -> set[str]:
    return set(store.read()[1].frames[AGENT]["id"])


def test_a_refused_read_changes_no_fact_and_is_told_until_it_succeeds(store):
    ingest(store, [Estate().agent("a").job()])
    before = store.read()[1].hash
    with pytest.raises(InputRefused):
        ingest(store, [broken(scope="acme")])
    assert store.read()[1].hash == before
    posture = open_posture(store.uri)
    (row,) = coverage_answer(posture, AS_OF)["sources"]
    assert (row["state"], row["complete"], row["taken_at"]) == (
        "failed", True, "2026-08-01T00:00:00Z",
    )  # fmt: skip
    assert row["failed_because"].startswith("x.json, line 3: is not JSON")
    assert [f["scope"] for f in coverage_answer(posture, AS_OF)["failed"]] == ["acme"]
    ingest(store, [Estate().agent("a").job()])
    (row,) = coverage_answer(open_posture(store.uri), AS_OF)["sources"]
    assert (row["state"], row["failed_at"], told(store)) == ("complete", None, [])


def test_no_secret_is_kept_of_a_reason(store):
    with pytest.raises(InputRefused):
        ingest(store, [broken(scope="acme")])
    kept = b"".join(p.read_bytes() for p in Path(store.uri).rglob("*") if p.is_file())
    assert b"is not JSON" in kept
    assert b"Zq7Zq7" not in kept


def test_who_named_no_scope_failed_in_all_that_the_source_had(store):
    ingest(store, [Estate(scope=s).agent(s).job() for s in ("east", "west")])
    ingest(store, [Estate(source="hr").person("ann").job()])
    with pytest.raises(InputRefused):
        ingest(store, [broken()])
    assert told(store) == [("estate", "east"), ("estate", "west")]
    ingest(store, [Estate(scope="west").agent("west").job()])
    assert told(store) == [("estate", "east")]


def test_a_wrong_upload_is_a_failure_of_no_scope_that_is_known(store):
    ingest(store, [Estate(scope=s).agent(s).job() for s in ("east", "west")])
    sent = "/tmp/trustdebt-upload-0a/uploaded/x.csv"

    def refuse(request: Request) -> Any:
        raise InputRefused(sent, "line 3", REASON)

    with pytest.raises(InputRefused):
        ingest(store, [(replace(broken()[0], read=refuse), broken()[1])])
    assert told(store) == [("estate", "")]
    assert failed_reads(journal_path(store.uri))[0].file == "x.csv"
    ingest(store, [Estate(scope="west").agent("west").job()])
    assert told(store) == []


def test_the_first_read_of_all_may_fail(store):
    """What is kept of it does not make the folder something else than a store."""
    with pytest.raises(InputRefused):
        ingest(store, [broken()])
    assert (told(store), store.current()) == ([("estate", "")], None)
    ingest(store, [Estate().agent("a").job()])
    assert (told(store), agents(store)) == ([], {"a"})


def test_too_many_bad_rows_are_a_failure_of_their_scope(store):
    for bad in (Estate().agent("b", aars="x"), Estate().link("a", "RUNS_AS", "nowhere")):
        with pytest.raises(InputRefused):
            ingest(store, [bad.job()])
        assert told(store) == [("estate", "acme")]
        ingest(store, [Estate().agent("a").job()])


def test_an_older_snapshot_does_not_say_it_where_a_newer_read_failed(store):
    """It was read again after that snapshot; what failed is the read after the newest one."""
    first = ingest(store, [Estate().agent("a").job()]).snapshot.id
    later = Estate(at=AS_OF.replace(month=9)).agent("a", "b")
    ingest(store, [later.job()])
    with pytest.raises(InputRefused):
        ingest(store, [broken(scope="acme")])
    states = {
        name: [
            row["state"] for row in coverage_answer(open_posture(store.uri, name), AS_OF)["sources"]
        ]
        for name in (first, None)
    }
    assert states == {first: ["complete"], None: ["failed"]}


# ---------------------------------------------------------------- one of many


def test_one_of_many_fails_and_the_others_are_published(store):
    east, west = (Estate(scope=s).agent(f"in-{s}") for s in ("east", "west"))
    ingest(store, [east.job(), west.job()])
    newer = Estate(scope="west", at=AS_OF.replace(day=9)).agent("in-west", "new")
    jobs = [broken(scope="east"), newer.job(), broken("hr")]
    with pytest.raises(InputRefused):
        ingest(store, jobs)
    assert agents(store) == {"in-east", "in-west"}
    done = ingest(store, jobs, skip_failed=True)
    assert (done.published, agents(store)) == (True, {"in-east", "in-west", "new"})
    assert [one.key for one in done.failed] == told(store) == [("estate", "east"), ("hr", "")]
    assert [w.split(": ")[0] for w in done.warnings] == ["estate/east", "hr"]
    coverage = coverage_answer(open_posture(store.uri), AS_OF)
    assert {r["scope"]: r["state"] for r in coverage["sources"]} == {
        "east": "failed",
        "west": "complete",
    }


def test_what_shows_only_together_leaves_the_others_too(store):
    """The rows of one end nowhere; it is left out, and what it said before is carried."""
    ingest(store, [Estate(scope="bad").agent("was").job()])
    bad = Estate(scope="bad").agent("x").link("x", "RUNS_AS", "nowhere")
    done = ingest(store, [bad.job(), Estate(scope="good").agent("a").job()], skip_failed=True)
    assert agents(store) == {"was", "a"}
    assert [one.key for one in done.failed] == [("estate", "bad")]
    assert done.quarantined == []


def test_when_all_fail_nothing_is_published(store):
    with pytest.raises(InputRefused):
        ingest(store, [broken(scope="a"), broken(scope="b")], skip_failed=True)
    assert (store.current(), told(store)) == (None, [("estate", "a"), ("estate", "b")])


# ---------------------------------------------------------------- the command line


@pytest.fixture
def run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, dict[str, Any]]]:
    def command(*words: object) -> tuple[int, dict[str, Any]]:
        line = [*map(str, words), "--json", "--store", str(tmp_path / "store")]
        code = trustdebt.main(line)
        out, err = capsys.readouterr()
        assert err == ""
        return code, json.loads(out)

    return command


def test_a_configuration_of_which_one_export_is_missing(run, tmp_path):
    """Exit 3 and nothing published; with --skip-failed the other one, and both commands say so."""
    Estate().agent("bot").write(tmp_path / "estate")
    config = tmp_path / "all.toml"
    config.write_text(
        '[[source]]\nname = "estate"\npath = "estate"\n'
        '[[source]]\nname = "hr"\npath = "gone.csv"\nscope = "acme"\n'
    )
    code, said = run("ingest", "--config", config)
    assert (code, said["error"]["code"]) == (3, "input-refused")
    assert run("snapshots")[1]["result"]["snapshots"] == []
    code, said = run("ingest", "--config", config, "--skip-failed")
    assert (code, said["result"]["published"]) == (0, True)
    (failed,) = said["result"]["failed"]
    assert (failed["source"], failed["scope"]) == ("hr", "acme")
    assert failed["reason"] == "there is no such file or folder"
    assert any("hr/acme" in warning for warning in said["result"]["warnings"])
    assert [f["source"] for f in run("identities")[1]["coverage"]["failed"]] == ["hr"]
    scopes = {row["source"]: row for row in run("sources")[1]["result"]["scopes"]}
    assert {name: row["state"] for name, row in scopes.items()} == {
        "estate": "complete",
        "hr": "failed",
    }
    assert (scopes["hr"]["taken_at"], scopes["hr"]["age_days"]) == (None, None)
    assert scopes["estate"]["age_days"] == (pd.Timestamp.now("UTC") - AS_OF).days
    (tmp_path / "gone.csv").write_text("Employee ID,Name\n1,Ann\n")
    assert run("ingest", "--config", config)[0] == 0
    assert run("identities")[1]["coverage"]["failed"] == []


def test_a_terminal_says_it_below_every_answer(store, capsys):
    ingest(store, [Estate().agent("bot").job()])
    with pytest.raises(InputRefused):
        ingest(store, [broken(scope="acme")])
    assert trustdebt.main(["identities", "--store", store.uri]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "could not be read: estate/acme, on 2" in said
    assert "what was read before is shown" in said


def test_a_failure_that_nobody_will_repeat_can_be_forgotten(run, tmp_path):
    assert run("ingest", "hr", tmp_path / "gone.csv", "--scope", "a/typo")[0] == 3
    (row,) = run("sources")[1]["result"]["scopes"]
    assert (row["source"], row["scope"], row["complete"]) == ("hr", "a/typo", False)
    assert run("sources", "--forget", "hr/a/typo")[1]["result"]["scopes"] == []


def test_it_would_be_forgotten_if_nobody_kept_it(store, monkeypatch):
    """The twin: without the record a source that failed looks as good as one that was read."""
    monkeypatch.setattr("ingest.job.failures.keep_failed", lambda *_: False)
    ingest(store, [Estate().agent("a").job()])
    with pytest.raises(InputRefused):
        ingest(store, [broken(scope="acme")])
    (row,) = coverage_answer(open_posture(store.uri), AS_OF)["sources"]
    assert row["state"] == "complete"
