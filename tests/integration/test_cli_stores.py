"""The command line with stores and inputs that are wrong, and in a process of its own."""

import csv
import io
import json
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import trustdebt
from graph.machine.addresses import names_a_database
from graph.stores.parquet.store import ParquetStore
from tests.integration.cli import (
    example,
    execute,
    process,
)
from tests.support.estates.small_estates import Estate
from tests.support.search import some

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
    """Each file in turn; some command notices, none gives an answer from what it cannot trust.

    No question reads the places of rows: of two such files questions are asked as well.
    """
    another = Estate(scope="another").agent("new").write(tmp_path / "another")
    files = _files_of(kept)
    asked = {*(n for n in files if ".origins." not in n)}
    asked |= {*some((n for n in files if n not in asked), 2)}
    for number, name in enumerate(files):
        store = shutil.copytree(kept, tmp_path / str(number))
        DAMAGE[how](store / name)
        errors = []
        lines = [["show", "bot"], ["findings"]] if name in asked else []
        if ".origins." in name:  # read by who carries it forward, or asks of one of its rows
            lines.append(["ingest", "estate", str(another)])
        for line in lines:
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


ABSENT = [
    *[("bolt://127.0.0.1:9", "identities"), ("bolt://127.0.0.1:9", "sources")],
    *[("neo4j://127.0.0.1:9", "sources"), ("neo4j://127.0.0.1:9", "identities")],
]


@pytest.mark.parametrize(("uri", "command"), some(ABSENT, 2))
def test_a_database_that_is_not_there(uri, command):
    secret = {"TRUSTDEBT_NEO4J_USER": "neo4j", "TRUSTDEBT_NEO4J_PASSWORD": "canary-9c41"}
    begun = time.monotonic()
    done = process(command, "--json", "--store", uri, **secret)
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


SCHEMES = ["bolt", "neo4j", "bolt+s", "neo4j+s", "neo4j+ssc", "NEO4J+S", "noe4j+s"]
SIGNS = ["://", "//", ":/", ":", ":///", ";//", ":\\\\", ": //", "", "://x@", "://h:1/"]
USERS = ["ann:canary-9c41@", "ann:1/canary@", "ann:canary#9@c@", ":canary@"]
HOSTS = ["db.example.com", "[::1"]
MISTYPED = [f"{a}{b}{c}{d}" for a in SCHEMES for b in SIGNS for c in USERS for d in HOSTS]


def _canaries_made(folder: Path) -> list[str]:
    return [str(p) for p in folder.rglob("*") if "canary" in str(p.relative_to(folder))]


def test_however_an_address_is_mistyped_no_password_is_shown_and_no_folder_made(
    cli, tmp_path, monkeypatch
):
    """As a store, and as what is to be read: two lists of parts, put together in every way.

    All are taken for addresses; commands are asked of those in which any two parts meet.
    """
    monkeypatch.chdir(tmp_path)
    assert all(names_a_database(said) for said in MISTYPED)
    for number, said in enumerate(some(MISTYPED, 123)):
        ways = [["identities", "--store", said], ["ingest", "cartography", said]]
        for line in ways if number % 7 == 0 else ways[:1]:
            told = cli(*line)
            assert told.code in (2, 3, 4), (line, told)
            assert "canary" not in told.out + told.err, line
    assert _canaries_made(tmp_path) == []


def test_taken_for_a_folder_the_password_is_shown(cli, tmp_path, monkeypatch):
    """The twin: where nothing is taken for an address, one of them is a folder's name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("graph.stores.names_a_database", lambda said: False)
    assert "canary" in cli("identities", "--store", "neo4j+s//ann:canary-9c41@h").err


@pytest.mark.parametrize("name", ["store", "./neo4j:x", "a@b", "neo4j/store", "stores/bolt"])
def test_a_folder_is_a_folder(cli, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    folder = example().write(tmp_path / "estate")
    assert cli("ingest", "estate", folder, "--store", name).code == 0
    assert Path(name).is_dir()


def test_a_file_whose_name_has_a_colon_is_read(cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example().write(tmp_path / "estate-10:00")
    assert cli("ingest", "estate", "estate-10:00", "--store", "store").code == 0


# ---------------------------------------------------------------- input


def test_ingest_of_a_folder(cli, tmp_path):
    folder = example().write(tmp_path / "estate")
    line = ["ingest", "estate", folder, "--json", "--store", tmp_path / "store"]
    first, again = cli(*line).result, cli(*line).result
    assert (first["published"], again["published"]) == (True, False)
    assert first["snapshot"] == again["snapshot"]
    assert first["nodes"] == {
        **{"Agent": 6, "ServiceAccount": 1, "Credential": 1, "Human": 2, "Resource": 2},
    }
    assert first["relationships"] == {
        **{"AUTHENTICATES_AS": 1, "RUNS_AS": 1, "SPAWNS": 1, "CAN_ACCESS": 2, "OWNS": 4},
    }
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


def test_the_instant_that_is_named_holds_for_all_of_a_configuration(cli, tmp_path):
    """It was passed over, and the facts counted as of the time of the files."""
    for scope in ("east", "west"):
        (tmp_path / scope).mkdir()
        (tmp_path / scope / "people.csv").write_text("Employee ID,Name\n1,Ann\n")
    tables = "".join(f'[[source]]\nname = "hr"\npath = "{n}"\n' for n in ("east", "west"))
    (tmp_path / "all.toml").write_text(tables)
    line = ("ingest", "--config", tmp_path / "all.toml", "--taken-at", "2026-08-01")
    done = cli(*line, "--json", "--store", tmp_path / "store").result
    told = [(read["taken_at"], read["taken_at_assumed"]) for read in done["reads"]]
    assert told == [("2026-08-01T00:00:00Z", False)] * 2


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
    kept = {file.name.split(".")[0] for file in store.glob("*")}  # a read that failed is noted
    assert kept <= {"journal"}
    assert bool(kept) == ("nowhere" in said)


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
    done = execute([sys.executable, "-c", code])
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage" in done.stdout


def test_a_question_about_one_thing_loads_no_library_of_another(kept):
    """A process lives for a second: what it loads and does not use is most of that."""
    code = (
        "import sys, trustdebt\n"
        "for name in ('blast-radius', 'show'):\n"
        f"    assert trustdebt.main([name, 'bot', '--store', {str(kept)!r}]) == 0\n"
        "unused = {'scipy.linalg', 'scipy.optimize', 'networkx', 'streamlit', 'duckdb',\n"
        "    'ibis', 'neo4j', 'numpy.f2py', 'typst', 'cedarpy', 'regopy'}\n"
        "sys.exit(', '.join(sorted(unused & set(sys.modules))) or 0)"
    )
    done = execute([sys.executable, "-c", code], TRUSTDEBT_KEPT_ANSWERS="off")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_process_prints_one_document_and_ends_with_the_code(kept):
    done = process("findings", "--json", "--fail-on", "low", "--store", kept)
    assert (done.returncode, done.stderr) == (1, "")
    assert json.loads(done.stdout)["schema"] == "trustdebt/findings/1"
    done = process("identities", "--json", TRUSTDEBT_STORE=str(kept / "CURRENT"))
    assert (done.returncode, done.stderr) == (4, "")
    assert json.loads(done.stdout)["error"]["code"] == "store-unavailable"


@pytest.mark.parametrize("form", ["--json", ""], ids=["json", "tables"])
def test_a_reader_that_goes_away_is_no_fault(kept, form):
    line = f"{sys.executable} trustdebt.py findings {form} --store {kept} | true"
    done = execute(["bash", "-o", "pipefail", "-c", line])
    assert (done.returncode, done.stderr) == (0, "")


def test_names_that_a_narrow_encoding_cannot_write(tmp_path):
    folder = Estate().agent("bot-é-名-🤖").write(tmp_path / "estate")
    env = {"PYTHONIOENCODING": "ascii", "TRUSTDEBT_STORE": str(tmp_path / "store")}
    ingesting = ["ingest", "estate", str(folder), "--json"]
    lines = (["identities", "--json"], ["identities"], ["show", "bot-é-名-x"])
    script = (
        f"import sys, trustdebt\nassert trustdebt.main({ingesting!a}) == 0\n"
        f"sys.exit(max(trustdebt.main(line) for line in {lines!a}))"
    )
    done = execute([sys.executable, "-c", script], **env)
    assert done.returncode in (0, 2), done
    assert "Traceback" not in done.stderr
    assert "bot-" in done.stdout


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
    # nobody owns it; admin on what is restricted, never used, never ending; no scope, no review
    wrong = ("LPR-01", "LPR-03", "OWN-01", "REV-01", "SCP-01", "TIM-01", "TIM-04")
    assert [(r["rule"], r["subject"]) for r in sorted(rows, key=lambda r: r["rule"])] == [
        (rule, "a") for rule in wrong
    ]
    assert not any(cell.startswith("=") for row in rows for cell in row.values())
