"""Older snapshots are packed: nothing is lost when that ends in the middle, and damage is named."""

import errno
import gc
import json
import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from graph.schema import AGENT, ELEMENTS
from graph.seal.key import new_key, using
from graph.stores import StoreDamaged, StoreError, StoreFull
from graph.stores.history import keeping, opened, packing, writing
from graph.stores.history.catalog import Catalog
from graph.stores.kept_files import kept_files
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration import crash
from tests.integration.packed import compare, files_of, filled, history, named, pack, prune
from tests.integration.test_older_store import unpacked
from tests.support import search
from tests.support.estates.small_estates import AS_OF, Estate

STEPS = 400  # more than a packing has
MOST_FILES = 60  # more than a packing of three small snapshots writes


# ---------------------------------------------------------------- ended in the middle


def pack_and_die(folder: str, calls: int, at_steps: bool) -> None:
    """Pack, and end after a step, or just before a call that touches the folder."""
    packing.MERGED, packing.MOST_DEAD, packing.GROWN = 2, 0.0, 1000.0

    def die(step: int) -> None:
        if step == calls:
            os._exit(crash.KILLED)

    if not at_steps:
        crash._die_before(folder, calls)
    pack(Path(folder), die if at_steps else lambda step: None)


def killed(folder: Path, calls: int, at_steps: bool) -> bool:
    process = crash.in_process(pack_and_die, str(folder), calls, at_steps)
    code = crash.ended(process)
    assert code in (0, crash.KILLED), code
    return code == crash.KILLED


@pytest.mark.parametrize("at_steps", [True, False], ids=["step", "call"])
def test_killed_at_any_step_loses_nothing(tmp_path: Path, at_steps: bool) -> None:
    """Five snapshots, of which two are packed and one is pruned: all kinds of step are in it."""
    kept = filled(tmp_path / "begun", 4)
    pack(tmp_path / "begun")
    gone = prune(tmp_path / "begun", 3)
    kept = {id_: facts for id_, facts in kept.items() if id_ not in gone}
    store = ParquetStore(tmp_path / "begun")
    for facts in filled(tmp_path / "more", 3, seed=2).values():
        with store.lease() as lease:
            kept[store.publish(facts, lease)[0].id] = facts
    each, number = search.worlds(every_day=9 if at_steps else 29, search=1), 1
    while killed(folder := shutil.copytree(store.uri, tmp_path / str(number)), number, at_steps):
        compare(folder, kept)
        pack(folder)
        compare(folder, kept)
        assert set(history(folder)) == named(folder)  # no leftovers
        assert {i for i in kept if files_of(folder, i)} == {list(kept)[-1]}
        shutil.rmtree(folder)
        number += each
    compare(folder, kept)
    assert STEPS > number > 4 * each


def test_if_files_went_before_the_list_a_kill_would_lose_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin without the order of steps."""

    class Killed(BaseException):
        pass

    def die(step: int) -> None:
        raise Killed

    first, *_ = filled(tmp_path, 2)
    real = keeping.Packer._commit

    def files_first(self: keeping.Packer, catalog: Catalog) -> None:
        for file in files_of(tmp_path, first):
            file.unlink()
        die(0)
        real(self, catalog)

    monkeypatch.setattr(keeping.Packer, "_commit", files_first)
    with pytest.raises(Killed):
        pack(tmp_path)
    with pytest.raises(StoreDamaged):
        ParquetStore(tmp_path).read(first)


# ---------------------------------------------------------------- damage

DAMAGE: dict[str, Callable[[Path], object]] = {
    "flipped": lambda p: p.write_bytes(bytes([p.read_bytes()[0] ^ 0xFF]) + p.read_bytes()[1:]),
    "cut": lambda p: p.write_bytes(p.read_bytes()[:-7]),
    "emptied": lambda p: p.write_bytes(b""),
    "removed": lambda p: p.unlink(),
}


def everything(folder: Path) -> None:
    """Read all that is in a store."""
    for info in ParquetStore(folder).snapshots():
        facts = ParquetStore(folder).read(info.id)[1]
        for element in ELEMENTS:
            assert facts.frames[element] is not None
            assert facts.origins.get(element) is not None


@pytest.mark.parametrize("how", DAMAGE)
def test_each_damaged_file_of_the_history_is_named(tmp_path: Path, how: str) -> None:
    filled(tmp_path / "store", 4)
    pack(tmp_path / "store")
    everything(tmp_path / "store")  # the twin
    for file in history(tmp_path / "store"):
        data = file.read_bytes()
        DAMAGE[how](file)
        with pytest.raises(StoreDamaged) as error:
            everything(tmp_path / "store")
        assert str(file) in str(error.value)
        if how != "flipped":  # its size is compared whatever is asked
            with pytest.raises(StoreDamaged, match=file.name):
                ParquetStore(tmp_path / "store").current()
        file.write_bytes(data)
    everything(tmp_path / "store")


def test_the_doctor_names_a_damaged_file(cli, tmp_path: Path) -> None:
    filled(tmp_path, 3)
    pack(tmp_path)
    *_, file = (path for path in history(tmp_path) if path.suffix == ".parquet")
    file.write_bytes(file.read_bytes()[:-1])
    said = cli("doctor", "--json", "--store", tmp_path)
    row = next(row for row in said.result["checks"] if row["check"] == "store")
    assert row["state"] == "wrong"
    assert file.name in json.dumps(row)


def test_an_ingest_beside_a_damaged_history_goes_on_and_warns(tmp_path: Path) -> None:
    """What is published stays so; what cannot be packed stays as it is, and is named."""
    for day in (1, 2):
        ingest(ParquetStore(tmp_path), [Estate(at=AS_OF.replace(day=day)).agent("bot").job()])
    file = next((tmp_path / "history").rglob("nodes.parquet"))
    file.write_bytes(bytes(file.stat().st_size))
    job = Estate(at=AS_OF.replace(day=3)).agent("bot").agent("more").job()
    done = ingest(ParquetStore(tmp_path), [job])
    assert done.published
    assert [str(file) in warning for warning in done.warnings] == [True]
    second = ParquetStore(tmp_path).snapshots()[1].id
    assert ParquetStore(tmp_path).read(second)[1].frames[AGENT]["id"].tolist() == ["bot"]


@pytest.mark.parametrize("fails", [False, True], ids=["other rows", "a fault"])
def test_a_snapshot_that_would_be_read_otherwise_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    kept = filled(tmp_path, 3)
    real = opened.from_stored

    def wrong(name: str, table: object, *more: object) -> object:
        if fails:
            raise IndexError("a fault of ours")
        read = real(name, table, *more)  # type: ignore[arg-type]
        return read.slice(0, len(read)).take(list(range(len(read)))[::-1])

    with monkeypatch.context() as patch:
        patch.setattr(opened, "from_stored", wrong)
        with pytest.raises(StoreError, match="stays as it was"):
            pack(tmp_path)
    assert all(files_of(tmp_path, id_) for id_ in kept)
    compare(tmp_path, kept)
    assert history(tmp_path) == []


# ---------------------------------------------------------------- room, seal, older stores, pruning


@pytest.mark.parametrize("after", [0, 1, 4, 8, 12, 16, MOST_FILES + 1])
def test_a_full_disk_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    kept, written, real = filled(tmp_path, 4), [], keeping.write

    def full(file: Path, data: bytes) -> None:
        written.append(file)
        if len(written) > after:
            file.write_bytes(data[: len(data) // 2])
            raise OSError(errno.ENOSPC, "No space left on device", str(file))
        real(file, data)

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "write", full)
        patch.setattr(writing, "write", full)
        with nullcontext() if after > MOST_FILES else pytest.raises(StoreFull):
            pack(tmp_path)
    compare(tmp_path, kept)
    if (tmp_path / "history").exists():
        assert set(history(tmp_path)) == named(tmp_path)
    pack(tmp_path)
    compare(tmp_path, kept)


def test_a_sealed_store_stays_sealed(tmp_path: Path) -> None:
    key = new_key(tmp_path / "key").path
    store = tmp_path / "store"
    with using(key):
        kept = filled(store, 3)
        pack(store)
        compare(store, kept)
        said = json.loads((store / "CURRENT").read_text())
        assert said["body"]["history"]
        assert said["seal"]["mark"]
    with using(new_key(tmp_path / "other").path), pytest.raises(StoreDamaged):
        ParquetStore(store).current()


def test_an_older_store_is_packed_by_the_next_ingest(tmp_path: Path) -> None:
    store = unpacked(tmp_path)
    before = {i.id: ParquetStore(store).read(i.id)[1] for i in ParquetStore(store).snapshots()}
    frames = {id_: {e: f.frames[e].copy() for e in ELEMENTS} for id_, f in before.items()}
    assert all(files_of(store, id_) for id_ in before)
    before.clear()
    gc.collect()
    done = ingest(ParquetStore(store), [Estate(at=AS_OF.replace(year=2028)).agent("new").job()])
    assert not [warning for warning in done.warnings if "room" in warning]
    for id_, expected in frames.items():
        assert not files_of(store, id_)
        facts = ParquetStore(store).read(id_)[1]
        for element in ELEMENTS:
            pd.testing.assert_frame_equal(facts.frames[element], expected[element])


def test_pruned_rows_leave_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once from the list; from the files once they are more than a quarter."""
    monkeypatch.setattr(packing, "GROWN", 1000.0)
    for day in range(1, 6):
        e = Estate(at=AS_OF.replace(day=day)).agent("bot").agent(f"secret-{day}")
        ingest(ParquetStore(tmp_path), [e.job()])
    prune(tmp_path, 2)
    ids = [info.id for info in ParquetStore(tmp_path).snapshots()]
    assert len(ids) == 2
    pack(tmp_path)
    names = {
        name
        for file in (tmp_path / "history").rglob("nodes.parquet")
        for name in pq.read_table(file)["id"].to_pylist()
    }
    assert names == {"bot", "secret-4"}
    prune(tmp_path, 1)
    pack(tmp_path)
    assert not (tmp_path / "history").exists()
    assert json.loads((tmp_path / "CURRENT").read_text())["body"]["format"] == 2


# ---------------------------------------------------------------- kept answers


def test_answers_that_are_kept_stay_valid_until_the_history_is_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are kept under a stamp of the files that their snapshot was read from."""
    monkeypatch.setattr(packing, "GROWN", 1000.0)
    monkeypatch.setattr(packing, "MERGED", 3)
    first, second, *_ = filled(tmp_path, 6)
    stamp = kept_files(str(tmp_path)).stamp
    before = stamp([first, second])
    assert len(before) == 2
    pack(tmp_path)
    assert kept_files(str(tmp_path)).stamp([first, second]) == before  # in another process
    assert stamp([first, second]) == before
    for file in (tmp_path / "history").rglob("Agent.parquet"):
        assert file.stat().st_size
        os.utime(file, ns=(1, 1))
    assert stamp([first])[0] != before[0]


@pytest.mark.parametrize("kept_stamp", [True, False])
def test_what_was_judged_before_a_packing_is_not_judged_again(
    cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_stamp: bool
) -> None:
    """With its twin: a packed snapshot with another stamp is judged anew."""
    with monkeypatch.context() as patch:
        patch.setattr(ParquetStore, "pack", lambda *_: None)
        for day in (1, 2):
            e = Estate(at=AS_OF.replace(day=day)).agent("bot").agent(f"more-{day}")
            ingest(ParquetStore(tmp_path), [e.job()])
    monkeypatch.setattr("analytics.kept.answers.WORTH", 0.0)
    oldest = ParquetStore(tmp_path).snapshots()[0].id
    line = ["findings", "--json", "--store", tmp_path, "--snapshot", oldest, "--limit", 0]
    first = cli(*line).result
    kept = {path.parent: path.stat().st_mtime_ns for path in tmp_path.rglob("answer.json")}
    assert kept
    pack(tmp_path)
    if not kept_stamp:
        monkeypatch.setattr("graph.stores.history.stamps.stamp_of_packed", lambda *_: "other")
    assert cli(*line).result == first
    again = {path.parent: path.stat().st_mtime_ns for path in tmp_path.rglob("answer.json")}
    assert (again.keys() == kept.keys()) is kept_stamp
