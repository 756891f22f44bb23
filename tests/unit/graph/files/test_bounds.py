"""Bounds: each is told on its page, and the environment sets it or is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from graph.files.bounds import BOUNDS, PREFIX, WrongBound, bound

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize("name", BOUNDS)
def test_each_bound_is_told(name):
    told = (ROOT / "docs" / "bounds.md").read_text(encoding="utf-8")
    row = f"| `{PREFIX}{name}` | {BOUNDS[name].usual:,} | {BOUNDS[name].limits} |"
    assert row in told.splitlines()


@pytest.mark.parametrize(("said", "meant"), [("7", 7), ("", 1000), ("900000000000", 900000000000)])
def test_the_environment_sets_a_bound(monkeypatch, said, meant):
    monkeypatch.setenv(f"{PREFIX}COLUMNS", said)
    assert bound("COLUMNS") == meant


@pytest.mark.parametrize("said", ["0", "-1", "1.5", "many", "1e6", "٣", "9" * 30])
def test_what_is_no_bound_is_refused(monkeypatch, said):
    monkeypatch.setenv(f"{PREFIX}COLUMNS", said)
    with pytest.raises(WrongBound, match="TRUSTDEBT_MAX_COLUMNS"):
        bound("COLUMNS")


@pytest.mark.parametrize(
    ("value", "code", "told"),
    [
        ("1", 0, "has more than 1 rows"),  # the table is missed, and said to be
        ("x", 2, "TRUSTDEBT_MAX_ROWS must be a whole number above 0"),
    ],
)
def test_a_command_obeys_it(tmp_path, value, code, told):
    (tmp_path / "nodes").mkdir()
    (tmp_path / "estate.toml").write_text('taken_at = 2026-08-01\nscope = "demo"\n')
    (tmp_path / "nodes" / "Agent.csv").write_text("id\nann\nbot\n")
    done = subprocess.run(
        [sys.executable, "-m", "trustdebt", "ingest", "estate", str(tmp_path), "--json"],
        cwd=ROOT,
        env={f"{PREFIX}ROWS": value, "TRUSTDEBT_STORE": str(tmp_path / "store")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, told in done.stdout) == (code, True), done.stdout
