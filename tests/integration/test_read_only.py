"""An installation and a home that cannot be written to are no reason to fail."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from analytics.runtime import compiled
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import QUESTIONS, ROOT, example
from tests.support.search import some

# Root may write anywhere: the program is started without that power.
POWERLESS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
START = "import sys; sys.path.insert(0, {!r}); from analytics.runtime import compiled\n"
NOWHERE = "compiled.PLACES = ()\nfrom analytics.evidence import deciding\n"
# Kernels are compiled for one small estate: to optimise them takes longer than to run them.
PLAINLY = {"NUMBA_OPT": "0"}
ANSWERED = some(("identities", "plan", "stale", "durability"), 1)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a copy that nobody can write to, with such a home beside it."""
    folder = tmp_path_factory.mktemp("installed")
    for name in ("app", "graph", "ingest", "analytics"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "trustdebt.py", folder)
    (folder / "home").mkdir()
    for one in (folder, *folder.rglob("*")):
        one.chmod(0o555 if one.is_dir() else 0o444)
    return folder


def run(installed: Path, code: str) -> subprocess.CompletedProcess[str]:
    if os.geteuid() == 0 and not shutil.which(POWERLESS[0]):
        pytest.skip("setpriv is not installed")
    words = [*(POWERLESS if os.geteuid() == 0 else ()), sys.executable, "-B", "-c"]
    home = str(installed / "home")
    homes = {"HOME": home, "XDG_CACHE_HOME": f"{home}/cache", "XDG_STATE_HOME": home}
    return subprocess.run(
        [*words, START.format(str(installed)) + code],
        cwd=installed,
        env=os.environ | PLAINLY | homes,
        capture_output=True,
        text=True,
        timeout=250,
    )


def test_every_question_is_answered(installed: Path, tmp_path: Path) -> None:
    """And an export is read; a fault of our own would be code 5."""
    store, estate = str(tmp_path / "store"), str(tmp_path / "estate")
    ingest(ParquetStore(store), [example().job()])
    lines = [[name, *QUESTIONS[name], "--store", store] for name in ANSWERED]
    lines.append(["estate", "--agents", "5", "--out", estate])
    lines.append(["ingest", "estate", estate, "--store", store])
    (place := tmp_path / "place").mkdir()
    code = f"compiled.PLACES = {(str(place),)!r}; import trustdebt; lines = {lines!r}\n"
    code += "print('CODES', [trustdebt.main(line) for line in lines])"
    done = run(installed, code)
    said = done.stdout.rpartition("CODES ")[2]
    assert list(place.iterdir()) == [place / f"trustdebt-compiled-{os.getuid()}"]
    assert json.loads(said or "[]") == [0] * len(lines), done.stdout[-500:] + done.stderr


def test_without_any_place_kernels_are_compiled_anew(installed: Path) -> None:
    code = "print(compiled.compiled(lambda n: n + 1)(2), deciding.__name__)"
    done = run(installed, f"{NOWHERE}{code}")
    assert (done.stdout, done.stderr) == ("3 analytics.evidence.deciding\n", "")


def test_without_the_defence_nothing_is_compiled(installed: Path) -> None:
    """What numba does of its own accord."""
    code = "from numba import njit; njit(cache=True)(deciding.decide.py_func)"
    assert "no locator available" in run(installed, f"{NOWHERE}{code}").stderr


def test_a_place_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept there is run: it must be ours, no link, and closed to others."""
    name = f"trustdebt-compiled-{os.getuid()}"
    for place in ("linked", "open", "file", "good"):
        (tmp_path / place).mkdir()
    (tmp_path / "linked" / name).symlink_to(tmp_path)
    (tmp_path / "open" / name).mkdir(mode=0o700)
    (tmp_path / "open" / name).chmod(0o770)
    (tmp_path / "file" / name).touch()
    places = [str(tmp_path / place) for place in ("none", "linked", "open", "file")]
    monkeypatch.setattr(compiled, "PLACES", tuple(places))
    assert compiled.private_folder() is None
    monkeypatch.setattr(compiled, "PLACES", (*places, str(tmp_path / "good")))
    assert compiled.private_folder() == tmp_path / "good" / name
    assert (tmp_path / "good" / name).stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert compiled.private_folder() != tmp_path / "good" / name


def test_only_one_module_speaks_to_numba() -> None:
    """Else its settings in the working folder are obeyed again."""
    found = [p for p in (ROOT / "analytics").rglob("*.py") if "numba import" in p.read_text()]
    assert [p.name for p in found] == ["compiled.py"]
