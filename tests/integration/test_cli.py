"""The command line: one document, exit codes, refusals, and no traceback whatever happens."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer

import trustdebt
from analytics import answers
from graph.stores.parquet_store import ParquetStore
from ingest.job import ingest
from tests.small_estates import AS_OF, Estate, ago, ids

ROOT = Path(__file__).parents[2]
COMMON = {"--store", "--snapshot", "--as-of", "--json", "--limit"}
QUESTIONS: dict[str, list[str]] = {
    "identities": [],
    "show": ["bot"],
    "blast-radius": ["bot"],
    "exposure": ["ledger"],
    "path": ["bot", "ledger"],
    "findings": [],
    "stale": [],
    "orphans": [],
}
LISTS = {
    "findings": "findings",
    "stale": "paths",
    "orphans": "orphaned",
    "exposure": "identities",
    "blast-radius": "resources",
}
HOSTILE = "evil\x1b[31m\x07"


def _estate() -> Estate:
    e = Estate().agent("bot", name="Invoice bot").agent("child", "idle", HOSTILE)
    e.account("svc").person("ann", email="ann@example.com").person("zed", left=ago(30))
    e.agent("twin-1", name="twin").agent("twin-2", name="Twin")
    e.resource("ledger", "restricted").resource("wiki", "internal")
    e.link("bot", "RUNS_AS", "svc").link("bot", "SPAWNS", "child")
    e.can("svc", "read write", "ledger", granted_at=ago(300), last_used_at={"read": ago(1)})
    e.can("child", "read", "wiki", granted_at=ago(300), condition="aws:SourceIp")
    return e.owned("bot", "ann", "ann").owned("idle", "zed", "zed", since=ago(200))


@dataclass
class Said:
    """What a run of the command line left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        assert self.out.count("\n") == 1, self.out
        return json.loads(self.out)

    @property
    def result(self) -> dict[str, Any]:
        """The answer in the envelope."""
        assert self.code in (0, 1), self
        return self.document["result"]

    def refused(self, code: int) -> dict[str, Any]:
        """Return the error of a run that failed as it should."""
        assert (self.code, self.err) == (code, ""), self
        assert set(self.document) == {"error"}
        assert set(self.document["error"]) >= {"code", "message", "place"}
        return self.document["error"]


Run = Callable[..., Said]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish two snapshots of the estate."""
    folder = tmp_path_factory.mktemp("cli") / "store"
    former = Estate(at=AS_OF.replace(month=7)).agent("bot").resource("ledger", "restricted")
    for estate in (former, _estate()):
        ingest(ParquetStore(folder), [estate.job()])
    return folder


@pytest.fixture
def cli(kept: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in this process, on the store unless told otherwise."""
    monkeypatch.setenv("TRUSTDEBT_STORE", str(kept))

    def run(*line: object) -> Said:
        code = trustdebt.main([str(word) for word in line])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Said(code, out, err)

    return run


def _run(words: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDEBT_")}
    return subprocess.run(
        words, cwd=ROOT, env=clean | env, capture_output=True, text=True, timeout=120, check=False
    )


def _process(*line: object, **env: str) -> subprocess.CompletedProcess[str]:
    return _run([sys.executable, "trustdebt.py", *map(str, line)], **env)


# ---------------------------------------------------------------- what every command has


def test_every_command_takes_the_common_options_and_has_an_example():
    group = typer.main.get_command(trustdebt.app)
    assert set(group.commands) >= {
        *QUESTIONS,
        *("sources", "ingest", "snapshots", "estate", "demo", "app"),
    }
    for name, command in group.commands.items():
        offered = {option for p in command.params for option in p.opts}
        assert offered >= COMMON, name
        assert f"trustdebt {name}" in (command.help or ""), name


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_one_document_in_an_envelope(cli, kept, name):
    current = ParquetStore(kept).current()
    common = ["--json", "--limit", "1", "--snapshot", current.id, "--as-of", "2026-08-01"]
    said = cli(name, *QUESTIONS[name], *common, "--store", kept)
    assert (said.code, said.err) == (0, "")
    document = said.document
    assert set(document) == {"schema", "snapshot", "as_of", "coverage", "left_out", "result"}
    assert document["schema"] == f"trustdebt/{name}/1"
    assert (document["snapshot"], document["as_of"]) == (current.id, "2026-08-01T00:00:00Z")
    source = document["coverage"]["sources"][0]
    assert (source["source"], source["scope"], source["complete"]) == ("estate", "acme", True)
    assert isinstance(document["left_out"], int)


@pytest.mark.parametrize("name", [*QUESTIONS, "snapshots", "sources"])
def test_an_answer_can_be_drawn(cli, name):
    said = cli(name, *QUESTIONS.get(name, []))
    assert (said.code, said.err) == (0, "")
    assert said.out.strip()
    assert "\x1b" not in said.out
    assert "\x07" not in said.out


def test_sources_and_snapshots(cli, kept):
    rows = {s["name"]: s for s in cli("sources", "--json").result["sources"]}
    assert {"aws", "estate"} <= set(rows)
    assert set(rows["estate"]) >= {"name", "title", "reads", "declares"}
    newest, oldest = cli("snapshots", "--json").result["snapshots"]
    assert (newest["current"], oldest["current"]) == (True, False)
    assert (newest["taken_at"], oldest["taken_at"]) == (
        "2026-08-01T00:00:00Z",
        "2026-07-01T00:00:00Z",
    )
    cut = cli("snapshots", "--json", "--limit", 1).document
    assert (len(cut["result"]["snapshots"]), cut["left_out"]) == (1, 1)


# ---------------------------------------------------------------- moments and limits


def test_an_older_snapshot_by_id_start_and_instant(cli, kept):
    first, _ = ParquetStore(kept).snapshots()
    for said in (first.id, first.id[:6], "@2026-07-31", "@2026-07-01T00:00:00Z"):
        document = cli("identities", "--json", "--snapshot", said).document
        assert (document["snapshot"], document["as_of"]) == (first.id, "2026-07-01T00:00:00Z")
        assert ids(document["result"]["identities"]) == ["bot"]


@pytest.mark.parametrize(
    "said", ["nope", "0000", "@yesterday", "@2026-07-01T10:00:00", "@2020-01-01", "@"]
)
def test_no_such_snapshot(cli, said):
    assert cli("identities", "--json", "--snapshot", said).refused(2)["code"] == "unknown-snapshot"


def test_as_of_moves_the_answer(cli):
    def orphans(*when):
        rows = cli("orphans", "--json", *when).result["orphaned"]
        return {r["rule"] for r in rows if r["identity"]["id"] == "idle"}

    assert orphans() == {"OWN-02"}
    assert orphans("--as-of", ago(31)) == set()
    assert orphans("--as-of", ago(30)) == {"OWN-02"}


@pytest.mark.parametrize("said", ["2026-01-01T00:00:00", "yesterday", "1767225600", "2026-02-30"])
def test_an_instant_needs_a_zone(cli, said):
    error = cli("identities", "--json", "--as-of", said).refused(2)
    assert error["code"] == "usage"
    assert "--as-of" in error["message"]


def test_limit_cuts_and_tells_and_zero_shows_all(cli):
    whole = cli("identities", "--json", "--limit", 0).document
    cut = cli("identities", "--json", "--limit", 2).document
    assert whole["left_out"] == 0
    assert cut["left_out"] == len(whole["result"]["identities"]) - 2
    assert cut["result"]["identities"] == whole["result"]["identities"][:2]
    for name, rows in LISTS.items():
        result = cli(name, *QUESTIONS[name][:1], "--json", "--limit", 1).result
        assert len(result[rows]) == 1, name
    assert "more; --limit 0 shows all" in cli("identities", "--limit", 1).out


def test_the_zone_of_the_machine_changes_nothing(cli, monkeypatch):
    told = set()
    for zone in ("UTC", "Pacific/Kiritimati", "America/Lima"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        lines = (["findings"], ["stale"], ["show", "idle"], ["orphans"])
        told.add("".join(cli(*line, "--json", "--as-of", "2026-07-30").out for line in lines))
    monkeypatch.delenv("TZ")
    time.tzset()
    assert len(told) == 1


# ---------------------------------------------------------------- the answer is no, or nonsense


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["--fail-on", "critical"], 0),
        (["--fail-on", "high"], 1),  # write on the ledger was never used: .75 * 1.25 * 30 * 3
        (["--fail-on", "high", "--rule", "OWN-02"], 0),
        (["--fail-on", "low", "--rule", "own-02"], 1),
        (["--fail-on", "low", "--about", "ann"], 0),
        ([], 0),
    ],
)
def test_findings_fail_on(cli, line, code):
    said = cli("findings", "--json", *line)
    assert said.code == code
    assert "findings" in said.result
    assert cli("findings", *line).code == code


@pytest.mark.parametrize(
    "line",
    [
        ["no-such-command"],
        ["blast-radius"],
        ["path", "bot"],
        ["identities", "--limit", "many"],
        ["identities", "--limit", "-1"],
        ["identities", "--no-such-option"],
        ["blast-radius", "bot", "--mode", "sometimes"],
        ["blast-radius", "bot", "--max-hops", "-1"],
        ["exposure", "ledger", "--level", "owner"],
        ["findings", "--severity", "awful"],
        ["findings", "--fail-on", "HIGH!"],
        ["findings", "--rule", "OWN-99"],
        ["stale", "--days", "0"],
        ["path", "bot", "ledger", "--count", "0"],
        ["ingest"],
        ["ingest", "estate"],
        ["ingest", "no-such-source", "."],
        ["ingest", "estate", ".", "--config", "x.toml"],
        ["ingest", "estate", ".", "--taken-at", "soon"],
        ["export", "no-such-format", "--out", "x"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_exit_code_2(cli, line):
    assert cli(*line, "--json").refused(2)["message"]
    said = cli(*line)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("trustdebt: ")


@pytest.mark.parametrize(
    ("line", "code", "candidates"),
    [
        (["show", "TWIN"], "ambiguous-thing", ["twin-1", "twin-2"]),
        (["blast-radius", "invoice bt"], "unknown-thing", ["bot"]),
        (["path", "bot", "legder"], "unknown-thing", ["ledger"]),
        (["orphans", "--leaving", "anne"], "unknown-thing", ["ann"]),
        (["findings", "--about", "ledgr"], "unknown-thing", ["ledger"]),
        (["exposure", "\udcff"], "unknown-thing", []),
    ],
    ids=lambda v: None,
)
def test_unknown_and_ambiguous_things(cli, line, code, candidates):
    error = cli(*line, "--json").refused(2)
    assert error["code"] == code
    assert set(candidates) <= set(error["candidates"])
    assert all(c in error["message"] for c in candidates)


def test_names_from_data_do_not_command_the_terminal(cli):
    said = cli("show", "evil")
    assert said.code == 2
    assert "<U+001B>" in said.err
    assert "\x1b" not in said.err
    assert "\x1b" not in cli("show", HOSTILE).out


def test_a_thing_is_found_by_mail_and_name(cli):
    assert cli("show", "ANN@example.com", "--json").result["id"] == "ann"
    assert cli("blast-radius", "invoice BOT", "--json").result["start"]["id"] == "bot"


def test_no_way_is_an_answer(cli):
    said = cli("path", "idle", "ledger", "--json")
    assert (said.code, said.result["paths"]) == (0, [])


def test_nothing_asked_shows_the_help(cli):
    said = cli()
    assert (said.code, said.err) == (2, "")
    assert "Usage" in said.out


# ---------------------------------------------------------------- faults of ours


def test_a_fault_of_ours_is_one_line(cli, monkeypatch):
    def fall(*_):
        raise RuntimeError("canary-in-a-cell")

    monkeypatch.setattr(answers, "identities", fall)
    error = cli("identities", "--json").refused(70)
    assert "RuntimeError" in error["message"]
    said = cli("identities")
    assert (said.code, said.out) == (70, "")
    assert "canary" not in said.err + error["message"]
    assert "TRUSTDEBT_DEBUG" in said.err


def test_who_looks_for_a_fault_sees_where(cli, monkeypatch):
    """The twin: with TRUSTDEBT_DEBUG the fault comes through."""

    def fall(*_):
        raise RuntimeError("canary")

    monkeypatch.setattr(answers, "identities", fall)
    monkeypatch.setenv("TRUSTDEBT_DEBUG", "1")
    with pytest.raises(RuntimeError, match="canary"):
        cli("identities", "--json")


def test_an_interrupt_is_no_fault(cli, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(answers, "identities", stop)
    assert cli("identities").code == 130


# ---------------------------------------------------------------- stores


def test_no_store_yet(cli, tmp_path):
    error = cli("identities", "--json", "--store", tmp_path / "new").refused(4)
    assert error["code"] == "store-empty"
    assert not (tmp_path / "new").exists()
    assert cli("snapshots", "--json", "--store", tmp_path / "new").result == {"snapshots": []}


@pytest.mark.parametrize("line", [["identities"], ["snapshots"], ["ingest", "estate", "{estate}"]])
def test_a_store_that_is_a_file_or_another_folder(cli, tmp_path, line):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.txt").write_text("mine")
    estate = str(Estate().agent("a").write(tmp_path / "estate"))
    words = [word.format(estate=estate) for word in line]
    for name in ("file", "folder"):
        error = cli(*words, "--json", "--store", tmp_path / name).refused(4)
        assert str(tmp_path / name) in error["message"]
    assert (tmp_path / "file").read_text() == "mine"
    assert [p.name for p in (tmp_path / "folder").iterdir()] == ["mine.txt"]


def _files_of(kept: Path) -> list[str]:
    current = ParquetStore(kept).current()
    inside = sorted(p.name for p in (kept / "snapshots" / current.id).iterdir())
    return ["CURRENT", *(f"snapshots/{current.id}/{name}" for name in inside)]


DAMAGE: dict[str, Callable[[Path], object]] = {
    "flipped": lambda p: p.write_bytes(bytes([p.read_bytes()[0] ^ 0xFF]) + p.read_bytes()[1:]),
    "cut": lambda p: p.write_bytes(p.read_bytes()[:-7]),
    "emptied": lambda p: p.write_bytes(b""),
    "removed": lambda p: p.unlink(),
}


@pytest.mark.parametrize("how", DAMAGE)
def test_every_damaged_file_is_told_by_name(cli, kept, tmp_path, how):
    """Each file in turn; some command notices, none gives an answer from what it cannot trust."""
    for number, name in enumerate(_files_of(kept)):
        store = shutil.copytree(kept, tmp_path / str(number))
        DAMAGE[how](store / name)
        errors = []
        for line in (["show", "bot"], ["findings"]):
            said = cli(*line, "--json", "--store", store)
            assert said.code in (0, 4), (name, said)
            if said.code == 4:
                errors.append(said.refused(4))
        assert errors, name
        assert all(e["code"] == "store-damaged" for e in errors)
        assert all(str(store) in e["message"] for e in errors)


def test_a_whole_copy_of_the_store_answers(cli, kept, tmp_path):
    """The twin: it is the damage that is told, not the copy."""
    store = shutil.copytree(kept, tmp_path / "copy")
    assert cli("findings", "--json", "--store", store).code == 0


@pytest.mark.parametrize("uri", ["bolt://127.0.0.1:9", "neo4j://127.0.0.1:9"])
def test_a_database_that_is_not_there(uri):
    secret = {"TRUSTDEBT_NEO4J_USER": "neo4j", "TRUSTDEBT_NEO4J_PASSWORD": "canary-9c41"}
    begun = time.monotonic()
    done = _process("identities", "--json", "--store", uri, **secret)
    assert time.monotonic() - begun < 15
    assert (done.returncode, done.stderr) == (4, "")
    assert "127.0.0.1:9" in json.loads(done.stdout)["error"]["message"]
    assert "canary" not in done.stdout


@pytest.mark.parametrize(
    "uri",
    [
        *["http://127.0.0.1:9", "https://x", "bolt://db.example.com", "ftp://x", "://"],
        *["bolt://neo4j:canary-9c41@db.example.com", "http://neo4j:canary-9c41@127.0.0.1:9"],
    ],
)
def test_addresses_that_are_refused_never_show_a_password(cli, uri):
    said = cli("identities", "--json", "--store", uri)
    assert said.code in (2, 4)
    assert "canary" not in said.out + said.err


# ---------------------------------------------------------------- input


def test_ingest_of_a_folder(cli, tmp_path):
    folder = _estate().write(tmp_path / "estate")
    line = ["ingest", "estate", folder, "--json", "--store", tmp_path / "store"]
    first, again = cli(*line).result, cli(*line).result
    assert (first["published"], again["published"]) == (True, False)
    assert first["snapshot"] == again["snapshot"]
    assert first["nodes"] == {"Agent": 6, "ServiceAccount": 1, "Human": 2, "Resource": 2}
    assert first["relationships"] == {"RUNS_AS": 1, "SPAWNS": 1, "CAN_ACCESS": 2, "OWNS": 4}
    assert (first["quarantined"], first["warnings"]) == ([], [])
    other = cli(*line, "--scope", "other", "--taken-at", "2026-08-09").result
    assert other["published"]
    found = cli("identities", "--json", "--store", tmp_path / "store").document
    assert [s["scope"] for s in found["coverage"]["sources"]] == ["acme", "other"]
    assert found["as_of"] == "2026-08-09T00:00:00Z"


def test_ingest_by_configuration(cli, tmp_path):
    Estate(scope="east").agent("a").write(tmp_path / "east")
    Estate(scope="west").agent("b").write(tmp_path / "west")
    tables = "".join(f'[[source]]\nname = "estate"\npath = "{n}"\n' for n in ("east", "west"))
    (tmp_path / "all.toml").write_text(tables)
    store = tmp_path / "store"
    done = cli("ingest", "--config", tmp_path / "all.toml", "--json", "--store", store).result
    assert done["nodes"] == {"Agent": 2}
    assert len(cli("snapshots", "--json", "--store", store).result["snapshots"]) == 1


@pytest.mark.parametrize(
    "said",
    [
        *["", "= =", "\xff", "source = 1", "[source]\nname = 'x'"],
        *["[[source]]\nname = 'estate'", "[[source]]\nname = 'no'\npath = '.'"],
        "[[source]]\nname = 'estate'\npath = 'nowhere'",
        "[[source]]\nname = 'estate'\npath = '.'\npassword = 'canary'",
        "[[source]]\nname = 'estate'\npath = 'x'\nscope = 7",
        "[[source]]\nname = 'estate'\npath = []",
        "[[source]]\nname = 'estate'\npath = [1]",
    ],
)
def test_a_configuration_that_cannot_be_used(cli, tmp_path, said):
    (tmp_path / "all.toml").write_bytes(said.encode("latin-1"))
    Estate().agent("a").write(tmp_path / "x")
    store = tmp_path / "store"
    error = cli("ingest", "--config", tmp_path / "all.toml", "--json", "--store", store).refused(3)
    assert str(tmp_path) in error["place"]
    assert "canary" not in error["message"]
    assert not store.exists()


def test_a_refused_input_names_file_line_and_reason(cli, tmp_path):
    folder = Estate().agent("a", aars="canary-7").write(tmp_path / "estate")
    store = tmp_path / "store"
    error = cli("ingest", "estate", folder, "--json", "--store", store).refused(3)
    assert error["place"] == f"{folder / 'nodes' / 'Agent.csv'}, line 2"
    assert "aars: is not a number" in error["message"]
    assert "canary" not in error["message"]
    assert cli("snapshots", "--json", "--store", store).result == {"snapshots": []}
    said = cli("ingest", "estate", folder, "--store", store)
    assert (said.code, said.out) == (3, "")
    allowed = cli("ingest", "estate", folder, "--json", "--store", store, "--max-bad", 100).result
    assert [(q["place"], q["reason"]) for q in allowed["quarantined"]] == [
        ("line 2", "aars: is not a number")
    ]


def test_a_made_up_estate_can_be_written_and_read(cli, tmp_path):
    out = tmp_path / "made"
    made = cli("estate", "--agents", 12, "--seed", 3, "--out", out, "--json").result
    assert made["agents"] == 12
    assert (out / "labels.json").exists()
    folder = out if (out / "estate.toml").exists() else next(out.glob("*/estate.toml")).parent
    assert cli("ingest", "estate", folder, "--json", "--store", tmp_path / "s").result["published"]


# ---------------------------------------------------------------- in a process of its own


def test_help_imports_nothing_heavy():
    """Whoever asks for help waits for neither pandas nor a driver."""
    code = (
        "import sys, trustdebt\n"
        "assert trustdebt.main(['--help']) == 0\n"
        "heavy = {'pandas', 'numpy', 'pyarrow', 'numba', 'neo4j', 'networkx', 'streamlit'}\n"
        "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    done = _run([sys.executable, "-c", code])
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout


def test_a_process_prints_one_document_and_ends_with_the_code(kept):
    done = _process("findings", "--json", "--fail-on", "low", "--store", kept)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["schema"] == "trustdebt/findings/1"
    done = _process("identities", "--json", TRUSTDEBT_STORE=str(kept / "CURRENT"))
    assert (done.returncode, done.stderr) == (4, "")
    assert json.loads(done.stdout)["error"]["code"] == "store-unavailable"


def test_a_reader_that_goes_away_is_no_fault(kept):
    line = f"{sys.executable} trustdebt.py findings --json --store {kept} | true"
    done = _run(["bash", "-o", "pipefail", "-c", line])
    assert (done.returncode, done.stderr) == (0, "")


def test_names_that_a_narrow_encoding_cannot_write(tmp_path):
    folder = Estate().agent("bot-é-名-🤖").write(tmp_path / "estate")
    env = {"PYTHONIOENCODING": "ascii", "TRUSTDEBT_STORE": str(tmp_path / "store")}
    assert _process("ingest", "estate", folder, "--json", **env).returncode == 0
    for line in (["identities", "--json"], ["identities"], ["show", "bot-é-名-x"]):
        done = _process(*line, **env)
        assert done.returncode in (0, 2), done
        assert "Traceback" not in done.stderr


def test_findings_as_csv_for_a_spreadsheet(capsys, tmp_path):
    """One line for each finding, things by their ids, and no cell that would run."""
    estate = Estate().agent("a", name="=cmd()").resource("r", "restricted")
    store = tmp_path / "store"
    estate.can("a", "admin", "r").write(tmp_path / "estate")
    assert (
        trustdebt.main(["ingest", "estate", str(tmp_path / "estate"), "--store", str(store)]) == 0
    )
    capsys.readouterr()
    assert trustdebt.main(["findings", "--format", "csv", "--store", str(store)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {(r["rule"], r["subject"]) for r in rows} == {("OWN-01", "a"), ("TIM-04", "a")}
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
