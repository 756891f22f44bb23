"""A disk without room: the former snapshot stays, the message says so, and later all is well."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import Estate

ROOT = Path(__file__).parents[2]
ROOM = 2_048  # bytes that any one file may have


def _crowd(agents: int) -> Estate:
    e = Estate().resource("ledger", "restricted")
    for i in range(agents):
        e.agent(f"agent-{i}").can(f"agent-{i}", "read", "ledger")
    return e


def _no_room() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def _ingest(folder: Path, store: Path, crowded: bool) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "trustdebt.py", "ingest", "estate", str(folder), "--json"]
    return subprocess.run(
        [*line, "--store", str(store)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("TRUSTDEBT_")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=_no_room if crowded else None,
    )


def test_a_full_disk_costs_nothing(tmp_path: Path) -> None:
    """Exit code 4 and a clear message; the old snapshot answers; with room again it publishes."""
    store, folder = tmp_path / "store", tmp_path / "estate"
    former = ingest(ParquetStore(store), [_crowd(2).job()]).snapshot
    _crowd(200).write(folder)
    full = _ingest(folder, store, crowded=True)
    assert full.returncode == 4, full.stdout + full.stderr
    error = json.loads(full.stdout)["error"]
    assert error["code"] == "store-full"
    assert str(store) in error["message"]
    assert "Traceback" not in full.stdout + full.stderr
    line = [sys.executable, "trustdebt.py", "identities", "--json", "--store", str(store)]
    asked = subprocess.run(line, cwd=ROOT, capture_output=True, check=False, preexec_fn=_no_room)
    assert asked.returncode == 0, asked.stdout
    info, facts = ParquetStore(store).read()
    assert (info.id, facts.hash) == (former.id, former.hash)
    roomy = _ingest(folder, store, crowded=False)
    assert json.loads(roomy.stdout)["result"]["published"] is True
    assert ParquetStore(store).read()[0].nodes["Agent"] == 200
    assert not [p for p in (store / "snapshots").iterdir() if p.name[0] == "."]


def test_a_first_snapshot_that_finds_no_room_leaves_an_empty_store(tmp_path: Path) -> None:
    """Nothing was ever published: the store is empty, not damaged."""
    _crowd(200).write(tmp_path / "estate")
    assert _ingest(tmp_path / "estate", tmp_path / "store", crowded=True).returncode == 4
    assert ParquetStore(tmp_path / "store").current() is None


def test_the_fault_is_real(tmp_path: Path) -> None:
    """Without the store's care such a limit ends a write with half a file."""
    program = f"open({str(tmp_path / 'half')!r}, 'wb', buffering=0).write(bytes({4 * ROOM}))"
    subprocess.run([sys.executable, "-c", program], check=False, preexec_fn=_no_room)
    assert 0 < (tmp_path / "half").stat().st_size < 4 * ROOM


@pytest.fixture(autouse=True)
def _unlimited() -> None:
    """Say loudly where this process itself is limited already."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
