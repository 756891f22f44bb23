"""A store in a bucket: several machines, lost rights, damage, and what is said when it fails."""

import json
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import trustdebt
from graph.schema import AGENT, ELEMENTS
from graph.seal import sealing
from graph.seal.key import KeyNeeded, new_key, using
from graph.stores import (
    Lease,
    NoSuchSnapshot,
    StoreBusy,
    StoreDamaged,
    StoreUnavailable,
    open_store,
)
from graph.stores.shared import lease as shared_lease
from graph.stores.shared.bucket import Bucket, Entry, ObjectChanged, Stored
from graph.stores.shared.current import STAYS, leftovers
from graph.stores.shared.store import SharedStore
from ingest.job.run import ingest
from tests.integration import crash
from tests.integration.cli import example
from tests.integration.test_store_contract import assert_same, published
from tests.support import s3_server
from tests.support.estates import worlds
from tests.support.estates.small_estates import AS_OF, Estate

Machine = Callable[[str], SharedStore]


@pytest.fixture
def on(bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """Open the store on a machine of some name, which has a mirror and a journal of its own."""

    def opened(machine: str) -> SharedStore:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / machine / "cache"))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / machine / "state"))
        return SharedStore(bucket)

    return opened


def objects(bucket: str) -> dict[str, str]:
    """Return the tag of each object."""
    reader = Bucket(bucket)
    names = [e.name for folder in ("snapshots", "") for e in reader.list(folder)]
    return {name: reader.get(name).tag for name in names}


def test_what_one_machine_publishes_another_reads(on: Machine, bucket: str):
    first, second = on("a"), on("b")
    published(first, worlds.world())
    assert_same(second.read()[1], worlds.world())
    published(second, worlds.world(1))
    assert_same(first.read()[1], worlds.world(1))
    assert [s.sequence for s in first.snapshots()] == [1, 2]


def test_who_only_reads_writes_nothing(on: Machine, bucket: str):
    published(on("a"), worlds.world())
    before = objects(bucket)
    reader = on("b")
    with_hold = reader.hold(reader.snapshots())
    assert_same(reader.read()[1], worlds.world())
    assert objects(bucket) == before
    del with_hold


def test_only_what_is_read_is_fetched(on: Machine, bucket: str, tmp_path: Path):
    for version in range(3):
        published(on("a"), worlds.world(version))
    facts = on("b").read()[1]
    assert len(facts.frames[AGENT])
    fetched = [p.name for p in (tmp_path / "b").rglob("*.parquet")]
    assert sorted(fetched) == ["Agent.parquet", "nodes.parquet"]  # of one of three snapshots


def test_who_was_silent_for_too_long_cannot_finish(on: Machine, monkeypatch: pytest.MonkeyPatch):
    """A holder stops for so long, in the middle, that another takes over and publishes nothing."""
    slow, other = _overtaken(on, monkeypatch)
    with pytest.raises(StoreBusy, match="was lost to another ingest"):
        slow()
    assert_same(other.read()[1], worlds.world())
    assert_same(on("c").read()[1], worlds.world())


def test_the_twin_without_a_fence_the_lost_right_is_used(
    on: Machine, monkeypatch: pytest.MonkeyPatch
):
    slow, other = _overtaken(on, monkeypatch, fenced=False)
    slow()
    assert other.read()[1].hash == worlds.world(1).hash  # though its right was another's


def _take_without_a_word(store: SharedStore, _: Lease) -> None:
    store._token = 1  # as the object CURRENT has it


def _overtaken(
    on: Machine, monkeypatch: pytest.MonkeyPatch, fenced: bool = True
) -> tuple[Callable[[], object], SharedStore]:
    """Return the last step of a publish that another ingest has overtaken."""
    slow, other = on("a"), on("b")
    published(slow, worlds.world())
    monkeypatch.setattr(shared_lease, "SILENT", 0.4)
    monkeypatch.setattr(shared_lease, "BEAT", 30.0)
    if not fenced:
        monkeypatch.setattr(SharedStore, "_fence", _take_without_a_word)
    lease = slow._leased(10).__enter__()
    if fenced:
        slow._require(lease)
    anchor = slow.anchor()
    assert anchor is not None
    info, manifest = slow._write(worlds.world(1), anchor, lambda _: None, None)
    with other.lease(10):
        pass  # it had nothing new to publish
    return lambda: slow._change(lambda a: a.plus(info.id, manifest, True)), other


def test_a_right_that_is_kept_alive_is_not_taken(on: Machine, monkeypatch: pytest.MonkeyPatch):
    first, second = on("a"), on("b")
    monkeypatch.setattr(shared_lease, "SILENT", 3.0)
    monkeypatch.setattr(shared_lease, "BEAT", 0.1)
    with first.lease(5) as lease, pytest.raises(StoreBusy), second.lease(4.5):
        pass
    assert lease.token == 1


def test_ingests_at_once_lose_nothing(bucket: str):
    estates = [Estate(at=AS_OF).agent(f"of-{n}") for n in range(4)]
    ready = crash.FORKS.Barrier(len(estates))
    processes = [
        crash.in_process(crash.ingest_when_all_are_ready, bucket, each, ready) for each in estates
    ]
    assert [crash.ended(process) for process in processes] == [0] * 4
    store = open_store(bucket)
    assert [s.sequence for s in store.snapshots()] == [1, 2, 3, 4]
    assert len({s.hash for s in store.snapshots()}) == 4


def test_a_decision_in_the_middle_of_a_publish_stays_anchored(on: Machine):
    """CURRENT is changed between the moment that a publish reads it and the one that it writes."""
    store, deciding = on("a"), on("a")
    published(store, worlds.world())
    with store.lease(10) as lease:
        seen = []

        def decide(step: int) -> None:
            if not seen:
                seen.append(step)
                thread = threading.Thread(target=deciding.anchor_journal)
                thread.start()
                thread.join()

        store.publish(worlds.world(1), lease, after_step=decide)
    assert seen
    assert_same(store.read()[1], worlds.world(1))


def test_an_answer_that_is_lost_publishes_once(on: Machine, monkeypatch: pytest.MonkeyPatch):
    """CURRENT is written, the answer is lost, and a decision is anchored before it is looked at."""
    store, deciding = on("a"), on("a")
    published(store, worlds.world())
    replace, lost = Bucket.replace, []

    def losing(bucket: Bucket, name: str, data: bytes, known: Stored | None) -> Stored:
        done = replace(bucket, name, data, known)
        if name == "CURRENT" and b'"number":2' in data and not lost:
            lost.append(name)
            replace(bucket, name, data.replace(b"\n", b" \n"), done)
            raise ObjectChanged(name)
        return done

    monkeypatch.setattr(Bucket, "replace", losing)
    published(store, worlds.world(1))
    assert lost
    anchor = deciding.anchor()
    assert anchor is not None
    assert [listed.sequence for listed in anchor.snapshots] == [1, 2]
    assert_same(deciding.read()[1], worlds.world(1))


def test_a_beat_whose_answer_is_lost_keeps_the_right(on: Machine, monkeypatch: pytest.MonkeyPatch):
    store = on("a")
    published(store, worlds.world())
    monkeypatch.setattr(shared_lease, "BEAT", 0.05)
    replace, lost, beats = Bucket.replace, [], []

    def losing(bucket: Bucket, name: str, data: bytes, known: Stored | None) -> Stored:
        done = replace(bucket, name, data, known)
        if name == "LOCK":
            beats.append(data)
            if len(beats) == 2:
                lost.append(data)
                raise StoreUnavailable(name)
        return done

    monkeypatch.setattr(Bucket, "replace", losing)
    with store.lease(10):
        end = time.monotonic() + 20
        while len(set(beats)) < 4 and time.monotonic() < end:
            time.sleep(0.02)
    assert lost
    assert len(set(beats)) >= 4  # it went on


# ------------------------------------------------------------ damage


@pytest.mark.parametrize("name", ["manifest.json", "CAN_ACCESS.parquet"])
@pytest.mark.parametrize("data", [b"", b"something else", None])
def test_damage_in_the_bucket_is_named(on: Machine, bucket: str, name: str, data: bytes | None):
    published(on("a"), worlds.world())
    (object_,) = [n for n in objects(bucket) if n.endswith(f"/{name}")]
    if data is None:
        Bucket(bucket).delete([object_])
    else:
        Bucket(bucket).put(object_, data)
    with pytest.raises(StoreDamaged, match=name):
        _ = [on("b").read()[1].frames[each] for each in ELEMENTS]


@pytest.mark.parametrize("text", ["", "{}", "[1]", "-", '{"body":{},"sha256":"x"}'])
def test_a_damaged_list_is_named(on: Machine, bucket: str, text: str):
    published(on("a"), worlds.world())
    Bucket(bucket).put("CURRENT", text.encode())
    with pytest.raises(StoreDamaged, match="CURRENT cannot be read"):
        on("b").read()


def test_a_lost_list_is_no_empty_store(on: Machine, bucket: str):
    published(on("a"), worlds.world())
    Bucket(bucket).delete(["CURRENT"])
    with pytest.raises(StoreDamaged, match="CURRENT is not there"):
        on("b").current()


def test_a_damaged_mirror_is_mended(on: Machine, tmp_path: Path):
    store = on("a")
    published(store, worlds.world())
    for file in (tmp_path / "a").rglob("*"):
        if file.is_file() and file.suffix in (".parquet", ".json"):
            file.write_bytes(b"damaged")
    assert_same(store.read()[1], worlds.world())
    assert not any(f.read_bytes() == b"damaged" for f in (tmp_path / "a").rglob("CAN_*.parquet"))


def test_a_damaged_lock_is_named_and_may_be_deleted(on: Machine, bucket: str):
    store = on("a")
    published(store, worlds.world())
    Bucket(bucket).put("LOCK", b"{")
    with pytest.raises(StoreDamaged, match="delete it while nothing is ingested"):
        published(store, worlds.world(1))
    Bucket(bucket).delete(["LOCK"])
    assert published(store, worlds.world(1)).sequence == 2


# ------------------------------------------------------------ pruning


def test_what_is_pruned_can_be_read_on_by_whoever_holds_it(on: Machine, bucket: str):
    writer, reader = on("a"), on("b")
    infos = [published(writer, worlds.world(version)) for version in range(2)]
    held = reader.hold(reader.snapshots())
    with writer.lease(10) as lease:
        assert writer.prune(1, lease) == [infos[0].id]
    assert reader.snapshots() == infos[1:]
    assert_same(reader.read(infos[0].id)[1], worlds.world(0))
    with pytest.raises(NoSuchSnapshot):
        on("c").read(infos[0].id)
    published(writer, worlds.world(2))  # which clears what nobody needs
    assert any(f"-{infos[0].id}/" in name for name in objects(bucket))
    del held


def test_what_was_pruned_long_ago_is_deleted(
    on: Machine, bucket: str, monkeypatch: pytest.MonkeyPatch
):
    writer = on("a")
    infos = [published(writer, worlds.world(version)) for version in range(2)]
    early = on("b").read(infos[0].id)[1]
    with writer.lease(10) as lease:
        writer.prune(1, lease)
    monkeypatch.setattr("graph.stores.shared.current.STAYS", timedelta())
    published(writer, worlds.world(2))
    assert not any(infos[0].id in name for name in objects(bucket))
    with pytest.raises(NoSuchSnapshot, match="was pruned meanwhile"):
        _ = early.frames[AGENT]


def test_a_mirror_keeps_what_is_listed_or_held(on: Machine, tmp_path: Path):
    writer, reader = on("a"), on("b")
    infos = [published(writer, worlds.world(version)) for version in range(3)]
    held = reader.hold(reader.snapshots()[:1])
    mirror = next((tmp_path / "b").rglob("snapshots"))
    (mirror / "000009-0123456789abcdef").mkdir()  # being published by another process
    with writer.lease(10) as lease:
        writer.prune(1, lease)
    assert reader.current() == infos[2]
    assert {p.name[:6] for p in mirror.iterdir()} == {"000001", "000003", "000009"}
    del held
    published(writer, worlds.world(3))
    assert reader.snapshots()[-1].sequence == 4
    assert {p.name[:6] for p in mirror.iterdir()} == {"000003", "000004", "000009"}


def test_a_sealed_store_stays_sealed(on: Machine, bucket: str, key: Path, tmp_path: Path):
    """Also where another takes the right to publish, which rewrites CURRENT."""
    published(on("a"), worlds.world())
    sealing.seal(bucket, key)
    with pytest.raises(KeyNeeded), on("a").lease(5):
        pass
    with using(key):
        published(on("a"), worlds.world(1))
        assert_same(on("b").read()[1], worlds.world(1))
    sealing.seal(bucket, new_key(tmp_path / "another").path, again=True)
    with using(key), pytest.raises(StoreDamaged):
        on("c").current()


def test_leftovers_are_those_of_the_dead():
    now = datetime(2026, 11, 1, 12, tzinfo=UTC)

    def entry(name: str, age: timedelta = timedelta()) -> Entry:
        return Entry(name, now - age)

    listed = "snapshots/00000002-000001-aa"
    entries = [
        entry(f"{listed}/nodes.parquet"),
        entry(f"{listed}/gone"),  # a prune that broke off
        entry("snapshots/00000001-000001-aa/nodes.parquet"),  # a publish that did
        entry("snapshots/00000003-000002-bb/nodes.parquet", timedelta(days=9)),
        entry("snapshots/00000003-000002-bb/gone", timedelta(minutes=59)),
        entry("snapshots/00000003-000003-cc/nodes.parquet"),
        entry("snapshots/00000003-000003-cc/gone", timedelta(minutes=61)),
        entry("snapshots/00000005-000004-dd/nodes.parquet"),  # of one who has the right now
        entry("snapshots/not-ours"),
    ]
    assert leftovers(entries, {listed}, 4, now) == [
        ["snapshots/00000001-000001-aa/nodes.parquet"],
        ["snapshots/00000003-000003-cc/nodes.parquet", "snapshots/00000003-000003-cc/gone"],
    ]
    assert timedelta(hours=1) == STAYS


# ------------------------------------------------------------ what is said


def test_commands_answer_as_of_a_folder(
    bucket: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    folder = str(tmp_path / "folder")
    answers = []
    for uri in (folder, bucket):
        ingest(open_store(uri), [example().job()])
        results = []
        for command in ("identities", "findings", "debt", "orphans"):
            line = [command, "--limit", "0"] if command != "orphans" else [command]
            assert trustdebt.main([*line, "--store", uri, "--json"]) == 0
            result = json.loads(capsys.readouterr().out)["result"]
            result.pop("timing", None)
            results.append(result)
        answers.append(results)
    assert answers[0] == answers[1]
    assert len(answers[0][0]["identities"]) > 1


def said(capsys: pytest.CaptureFixture[str], uri: str) -> str:
    assert trustdebt.main(["findings", "--store", uri]) == 4
    out, err = capsys.readouterr()
    assert "canary" not in out + err
    return err


def test_what_cannot_be_reached_is_said_without_secrets(
    bucket: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    assert "there is no such bucket" in said(capsys, "s3://no-such-bucket/x")
    assert "not rightly" in said(capsys, "s3://canary-key:canary-secret@bucket/x")
    assert "not rightly" in said(capsys, "S3://Bucket")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_server.free_port()}")
    monkeypatch.setattr("graph.stores.shared.bucket.RETRIES", 0)
    assert "the service does not answer" in said(capsys, bucket)
    monkeypatch.setenv("AWS_ALLOW_HTTP", "false")
    assert "cannot be used" in said(capsys, bucket)


def test_another_service_has_another_mirror_and_journal(
    on: Machine, bucket: str, monkeypatch: pytest.MonkeyPatch
):
    published(on("a"), worlds.world())
    with s3_server.running() as elsewhere:
        monkeypatch.setenv("AWS_ENDPOINT_URL", elsewhere)
        name = bucket.split("/")[2]
        request = urllib.request.Request(f"{elsewhere}/{name}", method="PUT")
        urllib.request.urlopen(request).close()
        other = on("a")
        assert other.current() is None
        published(other, worlds.world(1))
        assert_same(other.read()[1], worlds.world(1))


def test_without_the_package_it_is_said(monkeypatch: pytest.MonkeyPatch, bucket: str):
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(StoreUnavailable, match=r"trustdebt\[s3\]"):
        open_store(bucket)
