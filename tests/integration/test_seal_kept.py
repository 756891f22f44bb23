"""The key of a seal, the head that somebody noted, and who is killed between two writes."""

import os
import shutil
from pathlib import Path

import pytest

from graph.schema import AGENT
from graph.seal import sealing
from graph.seal.key import VARIABLE, key_of, new_key, using
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration import crash
from tests.integration.disturbed import (
    COUNT,
    decide,
    three,
)
from tests.integration.sealed import all_asked, copied
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.search import worlds

EACH = worlds(every_day=4, search=1)  # of so many writes, one is where a process is killed

# ---------------------------------------------------------------- the file of the key


def _bad_keys(folder: Path) -> dict[str, Path]:
    good = new_key(folder / "good")
    text = good.path.read_text()
    made = {"none": folder / "none", "folder": folder, "no name": folder / "a\0b"}
    for name, said in (("short", text[:20]), ("long", text * 2), ("words", "x" * 64), ("", "")):
        (folder / f"k{name}").write_text(said)
        (folder / f"k{name}").chmod(0o600)
        made[name or "empty"] = folder / f"k{name}"
    os.mkfifo(folder / "pipe", 0o600)
    made["pipe"] = folder / "pipe"
    for mode in (0o640, 0o604, 0o620, 0o602):
        made[oct(mode)] = Path(shutil.copy(good.path, folder / f"k{mode}"))
        made[oct(mode)].chmod(mode)
    return made


def test_a_file_that_is_no_key_is_refused(cli, sealed, tmp_path):
    (tmp_path / "keys").mkdir()
    for what, path in _bad_keys(tmp_path / "keys").items():
        error = cli("findings", "--json", "--store", sealed[0], "--seal-key", path).refused(2)
        assert error["code"] == "seal-key", what


def test_a_key_is_not_written_over_and_not_kept_in_the_store(cli, sealed, tmp_path, key):
    store = copied(sealed, tmp_path)
    before = key.read_text()
    cli("seal", "--new", "--json", "--store", store, "--seal-key", key).refused(2)
    assert key.read_text() == before
    inside = shutil.copy2(key, store / "snapshots" / "key")
    for line in (["seal", "--again"], ["findings"]):
        error = cli(*line, "--json", "--store", store, "--seal-key", inside).refused(2)
        assert "lies in the store" in error["message"]
    for path in (store / "new", tmp_path / "x" / ".." / "store" / "new"):
        cli("seal", "--new", "--json", "--store", store, "--seal-key", path).refused(2)
        assert not (store / "new").exists()


def test_two_keys_are_two(tmp_path):
    keys = {new_key(tmp_path / str(n)).id for n in range(20)}
    assert len(keys) == 20
    assert "secret" not in repr(key_of(tmp_path / "0"))


# ---------------------------------------------------------------- what somebody noted


def test_an_older_store_fits_its_own_seal_and_no_later_head(cli, sealed, tmp_path, key):
    """The twin is the first line: the key alone says nothing of a whole older store."""
    store, older, other = sealed
    given = ["--json", "--seal-key", key]
    assert cli("findings", *given, "--store", older).code == 0
    then, now = (
        cli("sources", *given, "--store", s).result["seal"]["head"] for s in (older, store)
    )
    for at, head in ((older, then), (store, now), (store, then)):
        said = cli("seal", *given, "--store", at, "--expect", head)
        assert said.result["state"] == "sealed, verified"
    for at, head, why in (
        (older, now, "is older than that head: it has no snapshot 5"),
        (other, then, "does not come from that head"),
        (store, now.split(".")[0] + ".9-" + "a" * 16, "no entry of the journal 9"),
        (store, now[:-1] + ("0" if now[-1] != "0" else "1"), "entry of the journal 4 differs"),
    ):
        error = cli("seal", *given, "--store", at, "--expect", head).refused(4)
        assert why in error["message"]
    for wrong in ("", "x", now + "0", now[:-1]):
        assert cli("seal", *given, "--store", store, "--expect", wrong).refused(2)


def test_a_head_whose_snapshot_was_pruned_cannot_be_compared(sealed, tmp_path, with_key):
    store = copied(sealed, tmp_path)
    noted = sealing.how_sealed(str(tmp_path / "older"))["head"]
    opened = ParquetStore(store)
    with opened.lease() as lease:
        opened.prune(1, lease)
    with pytest.raises(sealing.HeadRefused, match="000004 of that head was pruned"):
        sealing.compare(str(store), noted)


# ---------------------------------------------------------------- killed in between


def _killed(what: str, folder: Path, calls: int) -> bool:
    process = crash.FORKS.Process(
        target=crash.act_and_die, args=(what, str(folder), calls, os.environ[VARIABLE])
    )
    process.start()
    code = crash.ended(process)
    assert code in (0, crash.KILLED), code
    return code == crash.KILLED


@pytest.mark.parametrize("what", ["ingest", "decide"])
def test_who_is_killed_between_two_writes_leaves_a_seal_that_fits(sealed, tmp_path, with_key, what):
    calls = 1 - EACH
    while True:
        calls += EACH
        store = copied(sealed, tmp_path / str(calls))
        died = _killed(what, store, calls)
        entries = all_asked(store)
        assert len(entries) in (COUNT, COUNT + 1), calls
        ingest(ParquetStore(store), [Estate(at=AS_OF).agent("next").job()])
        decide(store, "F-next")
        assert len(all_asked(store)) == len(entries) + 1
        if not died:
            break
    assert calls > 5


def test_a_first_sealed_ingest_that_was_killed_is_begun_again(tmp_path, with_key):
    calls, died = 1 - EACH, True
    while died:
        calls += EACH
        store = tmp_path / str(calls) / "store"
        died = _killed("ingest", store, calls)
        assert ParquetStore(store).current() is None or len(ParquetStore(store).snapshots()) == 1
        with using(None):
            ParquetStore(store).current()  # and who has no key leaves nothing that breaks it
        ingest(ParquetStore(store), [Estate(at=AS_OF).agent("next").job()])
        assert "next" in set(ParquetStore(store).read()[1].frames[AGENT]["id"])
    assert calls > 25


def test_who_is_killed_while_sealing_leaves_a_store_that_is_read_and_sealed(tmp_path, key):
    plain = three(tmp_path / "plain")[0]
    calls, died = 1 - EACH, True
    while died:
        calls += EACH
        store = shutil.copytree(plain, tmp_path / str(calls))
        with using(key):
            died = _killed("seal", store, calls)
        assert len(all_asked(store)) == COUNT
        sealing.seal(str(store), key, again=True)
        with using(key):
            assert len(all_asked(store)) == COUNT
    assert calls > 5
