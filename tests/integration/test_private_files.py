"""Files of stores, exports and made-up estates are for their owner only, whatever the umask."""

import ast
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import trustdebt
from app.cli.commands.exports import FORMATS
from graph.files import private
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.search import some

ROOT = Path(__file__).parents[2]
WRITERS = {"write_text", "write_bytes", "mkdir", "makedirs", "touch"}


@pytest.fixture(params=some([0o000, 0o022, 0o077], 1), ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Set an umask for the time of a test."""
    former = os.umask(request.param)
    yield request.param
    os.umask(former)


def _wide(*places: Path) -> list[str]:
    """Name what others than the owner may read, write or enter."""
    every = [each for place in places for each in (place, *place.rglob("*"))]
    return [str(p) for p in every if stat.S_IMODE(p.lstat().st_mode) & 0o077]


def _fill(cli, store: Path, to: Path) -> list[Path]:
    """Use a store for everything that writes: reads that fail too, decisions, all exports."""
    for agents in (1, 2):
        estate = Estate(at=AS_OF.replace(month=agents)).person("ann").agent("bot", wrong="x")
        estate.resource("db", "restricted").can("bot", "admin", "db")
        folder = estate.write(to / f"in-{agents}")
        line = ["ingest", "estate", folder, "--max-bad", 100, "--store", store]
        assert cli(*line).code == 0
    assert cli("ingest", "estate", to / "nowhere", "--store", store).code == 3
    finding = cli("findings", "--json", "--store", store).result["findings"][0]["id"]
    line = ["accept", finding, "--until", "2099-01-01T00:00:00Z", "--by", "ann", "--reason", "ok"]
    assert cli(*line, "--store", store).code == 0
    made = []
    for form in FORMATS:
        made.append(to / f"out-{form}")
        assert cli("export", form, "--out", made[-1], "--store", store).code == 0
    made.append(to / "out-estate")
    assert cli("estate", "--agents", 3, "--out", made[-1]).code == 0
    for form in ("html", "pdf"):
        made.append(to / f"report.{form}")
        assert cli("report", "--out", made[-1], "--store", store).code == 0
    window = ("--since", "2026-01-01", "--until", "2026-02-01", "--store", store)
    for name in ("chain.json", "pack.zip", "pack/"):
        made.append(to / name)
        assert cli("audit", "bot", "--out", f"{to}/{name}", *window).code == 0
    made.append(to / "proof.json")
    claim = ("--at", "2026-01-15", "--resource", "db", "--store", store)
    assert cli("prove", "bot", "--out", made[-1], *claim).code == 0
    return made


def test_every_command_that_writes_where_it_is_told_is_run_here():
    """`_fill` runs these; whoever adds one must add it there."""
    commands = typer.main.get_command(trustdebt.app).commands
    out = {n for n, c in commands.items() if any("--out" in p.opts for p in c.params)}
    assert out == {"export", "estate", "audit", "prove", "report"}


@pytest.fixture
def changes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let no mode be changed afterwards; return those that are asked for."""
    modes: list[int] = []
    for module, name in ((os, "fchmod"), (os, "chmod"), (Path, "chmod")):
        monkeypatch.setattr(module, name, lambda _, mode, **__: modes.append(mode))
    return modes


def test_nobody_else_may_read_a_store_or_an_export_for_a_moment(cli, tmp_path, umask, changes):
    """They are made as narrow, with no way to narrow them afterwards, and nothing widens one."""
    made = _fill(cli, tmp_path / "store", tmp_path)
    assert len(list((tmp_path / "store").rglob("*"))) > 15
    assert _wide(tmp_path / "store", *made) == []
    assert [oct(mode) for mode in changes if mode & 0o077] == []


def test_with_the_modes_of_other_programs_all_could_be_read(cli, tmp_path, monkeypatch):
    """The twin without the defence."""
    monkeypatch.setattr(private, "FILE", 0o666)
    monkeypatch.setattr(private, "FOLDER", 0o777)
    made = _fill(cli, tmp_path / "store", tmp_path)
    wide = _wide(tmp_path / "store", *made)
    assert any(name.endswith("Agent.parquet") for name in wide)
    assert any(name.endswith("labels.json") for name in wide)
    assert {str(place) for place in made} <= set(wide)


def test_an_export_that_replaces_a_readable_file_narrows_it(cli, kept, tmp_path):
    file = tmp_path / "out.json"
    file.write_text("{}")
    file.chmod(0o644)
    assert cli("export", "opengraph", "--out", file, "--store", kept).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_graph_and_app_write_in_this_way_only():
    """Whoever adds a file that is written must come past it."""
    found = []
    for file in [*(ROOT / "graph").rglob("*.py"), *(ROOT / "app").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and file.name != "private.py" and _writes(node):
                found.append(f"{file.relative_to(ROOT)}:{node.lineno}")
    assert found == []


def _writes(call: ast.Call) -> bool:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    if name == "open":
        modes = [
            a.value
            for a in [*call.args, *(k.value for k in call.keywords)]
            if isinstance(a, ast.Constant) and isinstance(a.value, str)
        ]
        return any(set(mode) <= set("rwxab+t") and set(mode) & set("wxa+") for mode in modes)
    return name in WRITERS
