"""Documents of commands that are shown again: the same bytes, quickly, and never of before."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import trustdebt
from app.cli import commands, kept
from app.cli.command import QUESTIONS
from app.cli.groups import Group
from graph.machine.kept_switch import SWITCH
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import QUESTIONS as ASKED
from tests.integration.cli import ROOT, example

commands.load_all()
SHOWN_AGAIN = [name for name, (_, behaviour) in QUESTIONS.items() if behaviour.kept]
DRAWN = ("show", "findings", "debt", "blast-radius", "kpis")  # in a terminal, too
HEAVY = ("pandas", "numpy", "pyarrow", "scipy", "numba", "duckdb", "streamlit")
LOADED = """
import sys
sys.path.insert(0, "")
import trustdebt
trustdebt.main(sys.argv[1:])
print(*sorted(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Publish the example, and ask of it all that the tests ask."""
    folder = tmp_path_factory.mktemp("documents") / "store"
    ingest(ParquetStore(folder), [example().job()])
    return folder


@pytest.fixture
def shared(made, monkeypatch) -> Path:
    """Return the one store of all tests that change nothing."""
    monkeypatch.setenv("TRUSTDEBT_STORE", str(made))
    return made


@pytest.fixture
def store(made, tmp_path, monkeypatch) -> Path:
    """Return a store of the test's own, without documents."""
    folder = tmp_path / "store"
    shutil.copytree(made, folder)
    shutil.rmtree(folder / "kept" / "commands", ignore_errors=True)
    monkeypatch.setenv("TRUSTDEBT_STORE", str(folder))
    time.sleep(2 * kept.SETTLED)
    return folder


def documents(store: Path) -> list[Path]:
    return sorted((store / "kept" / "commands").glob("*.json"))


@pytest.fixture
def run(capsys):
    """Run a command in this process; return its code and what it printed."""

    def ran(*line: object) -> tuple[int, str]:
        code = trustdebt.main([str(word) for word in line])
        return code, capsys.readouterr().out

    return ran


@pytest.mark.parametrize("name", SHOWN_AGAIN)
def test_a_command_says_the_same_again_without_working_it_out(run, shared, monkeypatch, name):
    line, known = [name, *ASKED[name]], documents(shared)
    first = run(*line, "--json")
    assert first[0] in (0, 1, 2)
    if documents(shared) == known:  # something was touched meanwhile, such as what is installed
        time.sleep(2 * kept.SETTLED)
        assert run(*line, "--json") == first
    drawn = run(*line) if name in DRAWN else None
    monkeypatch.setattr("analytics.history.open_posture", None)  # nobody opens the store
    assert run(*line, "--json") == first
    assert drawn is None or run(*line) == drawn


@pytest.mark.parametrize("name", ["show", "blast-radius", "debt"])
def test_a_command_says_what_is_worked_out_without_what_is_kept(run, shared, monkeypatch, name):
    said = [run(name, *ASKED[name], *form) for form in (["--json"], [])]
    monkeypatch.setenv(SWITCH, "off")
    assert [run(name, *ASKED[name], *form) for form in (["--json"], [])] == said


@pytest.mark.parametrize("form", [["--json"], []], ids=["json", "table"])
def test_what_is_shown_again_loads_nothing_heavy(store, form):
    line = ["findings", *form, "--store", str(store)]
    seen = [process(line), process(line)]
    assert seen[0].stdout == seen[1].stdout
    loaded = [set(each.stderr.split()) for each in seen]
    assert set(HEAVY[:3]) <= loaded[0]
    assert not set(HEAVY) & loaded[1]


def process(line: list[str]) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TRUSTDEBT_")}
    asked = [sys.executable, "-c", LOADED, *line]
    return subprocess.run(
        asked, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120, check=True
    )


def test_what_people_decide_and_what_reads_a_file_is_never_shown_again(run, store):
    deciding = {n for n, (_, b) in QUESTIONS.items() if b.group is Group.PEOPLE and b.kept}
    assert deciding == {"reviews"}
    for name in ("accept", "attest", "review", "export", "report", "seal", "doctor", "sources"):
        assert name not in SHOWN_AGAIN
    change = store.parent / "change.toml"
    change.write_text('remove = ["bot"]\n')
    for _ in range(2):
        assert run("what-if", "--json", "--change", change)[0] == 0
        assert not documents(store)


def test_a_file_beside_the_program_changes_nothing(run, store, monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(tmp_path)
    said = run("show", "bot", "--json")
    (tmp_path / "another.txt").write_text("of somebody else")
    monkeypatch.setattr("analytics.history.open_posture", None)
    assert run("show", "bot", "--json") == said


# ---------------------------------------------------------------- each change in turn


def _decision(store, monkeypatch):
    code = trustdebt.main(
        [*("attest", "child", "--owner", "ann", "--role", "business", "--by", "ann"), "--json"]
    )
    assert code == 0


def _ingest(store, monkeypatch):
    ingest(ParquetStore(store), [example().agent("another").job()])


def _another_store(store, monkeypatch):
    moved = store.rename(store.parent / "moved")
    shutil.copytree(moved, store)


def _program(store, monkeypatch):
    monkeypatch.setattr(kept, "OURS", ("graph",))


def _setting(store, monkeypatch):
    monkeypatch.setenv("TRUSTDEBT_BUDGET", "8GiB,10m")


def _days_later(store, monkeypatch):
    later = time.time() + 2 * kept.DAY
    monkeypatch.setattr(kept.time, "time", lambda: later)


def _days_before(store, monkeypatch):
    monkeypatch.setattr(kept.time, "time", lambda: 1.0)


def _damage(store, monkeypatch):
    for file in documents(store):
        file.write_text(file.read_text().replace("a", "b", 1))


CHANGES = (
    *(_decision, _ingest, _another_store, _program, _setting, _days_later, _days_before, _damage),
)


@pytest.mark.parametrize("change", CHANGES)
def test_after_a_change_a_command_is_worked_out_again(run, store, monkeypatch, change):
    run("findings", "--json")
    change(store, monkeypatch)
    if change not in (_days_later, _days_before):
        time.sleep(2 * kept.SETTLED)
    from analytics import history

    opened, real = [], history.open_posture
    monkeypatch.setattr(history, "open_posture", lambda *a: opened.append(a) or real(*a))
    assert run("findings", "--json")[0] == 0
    assert len(opened) == 1


def test_a_damaged_store_is_refused_though_its_answer_is_kept(run, store):
    assert run("findings", "--json")[0] == 0
    file = next((store / "snapshots").glob("*/Agent.parquet"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(bytes(data))
    time.sleep(2 * kept.SETTLED)
    code, out = run("findings", "--json")
    assert code == 4
    assert json.loads(out)["error"]["code"] == "store-damaged"


def test_just_after_a_write_nothing_is_looked_up(store):
    given = {"store": str(store), "seal_key": None}
    assert kept.place_of("findings", given) is not None
    (store / "journal.sqlite").touch()
    (store / "journal.sqlite").write_bytes(b"x")
    assert kept.place_of("findings", given) is None


def test_a_database_a_key_and_a_file_as_argument_have_no_place(store, monkeypatch):
    assert kept.place_of("findings", {"store": "bolt://127.0.0.1:1", "seal_key": None}) is None
    assert kept.place_of("findings", {"store": str(store), "seal_key": "key"}) is None
    assert kept.place_of("x", {"store": str(store), "seal_key": None, "file": Path("a")}) is None
    monkeypatch.setenv("TRUSTDEBT_SEAL_KEY", "key")
    assert kept.place_of("findings", {"store": str(store), "seal_key": None}) is None
    monkeypatch.delenv("TRUSTDEBT_SEAL_KEY")
    assert kept.place_of("findings", {"store": str(store / "no"), "seal_key": None}) is None


def test_only_so_many_are_kept_and_none_of_another_state(run, store, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 2)
    for thing in ("bot", "child", "ledger", "wiki"):
        run("show", thing)
    assert len(documents(store)) == 2
    _setting(store, monkeypatch)
    run("show", "bot")
    assert len(documents(store)) == 1
