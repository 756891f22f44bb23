"""Embedded stores whose parts are swapped, copied, lost, older or another store's."""

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd

from graph.journal.journal import journal_of
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.small_estates import AS_OF, Estate

COUNT = 4  # snapshots of a store
Stores = tuple[Path, Path, Path]
Disturbance = Callable[[Path, Path, Path, random.Random], None]
LATER = pd.Timestamp("2099-01-01", tz="UTC")
ABOUT = ("OWN-01", "bot", "")  # what an accepted finding is about


def decide(store: Path, finding: str) -> None:
    journal_of(str(store)).accept(finding, LATER, "ann", "known", None, ABOUT)


def filled(folder: Path, scope: str = "acme") -> Path:
    """Publish four snapshots, the n-th of which has n agents, with three decisions among them."""
    for number in range(1, COUNT + 1):
        e = Estate(scope=scope, at=AS_OF.replace(month=number)).person("ann")
        for one in range(number):
            e.agent(f"{scope}-{one}")
        ingest(ParquetStore(folder), [e.job()])
        if number > 1:
            decide(folder, f"F-{number}")
    return folder


def three(folder: Path) -> Stores:
    """Return a store, the same as it was a snapshot and a decision before, and another one."""
    store = filled(folder / "store")
    older = shutil.copytree(store, folder / "older")
    ingest(ParquetStore(store), [Estate(at=AS_OF).agent("last").job()])
    decide(store, "F-last")
    return store, older, filled(folder / "other", "other")


def folders(store: Path) -> list[Path]:
    return sorted(p for p in (store / "snapshots").iterdir() if p.is_dir())


def pair(store: Path, chance: random.Random) -> list[Path]:
    return chance.sample(folders(store), 2)


def swap(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one, two = pair(store, chance)
    one.rename(store / "aside")
    two.rename(one)
    (store / "aside").rename(two)


def copy_over(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one, two = pair(store, chance)
    shutil.rmtree(two)
    shutil.copytree(one, two)


def copy_as_next(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one = chance.choice(folders(store))
    shutil.copytree(one, one.with_name(f"{chance.randint(6, 999_999):06d}-{one.name[7:]}"))


def foreign_beside(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one = chance.choice(folders(other))
    shutil.copytree(one, store / "snapshots" / one.name)


def foreign_over(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    one = chance.choice(folders(store))
    shutil.rmtree(one)
    shutil.copytree(chance.choice(folders(other)), one)


def no_snapshot(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    (store / "snapshots" / "notes").mkdir()


def lose_a_snapshot(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.rmtree(chance.choice(folders(store)))


def lose_a_part(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    chance.choice(list(chance.choice(folders(store)).iterdir())).unlink()


def cut_a_part(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    part = chance.choice(list(chance.choice(folders(store)).iterdir()))
    part.write_bytes(part.read_bytes()[: chance.randrange(part.stat().st_size)])


def rewrite_a_manifest(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    """Leave a table out, as somebody would who makes the manifest whole again."""
    file = chance.choice(folders(store)) / "manifest.json"
    body = json.loads(file.read_bytes())
    del body["files"]["Agent"]
    file.write_text(json.dumps(body, sort_keys=True, separators=(",", ":")))


def older_pointer(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(older / "CURRENT", store / "CURRENT")


def foreign_pointer(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(other / "CURRENT", store / "CURRENT")


def lose_the_pointer(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    (store / "CURRENT").unlink()


def flip_in_the_pointer(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    data = bytearray((store / "CURRENT").read_bytes())
    data[chance.randrange(len(data) - 1)] ^= 1 << chance.randrange(7)  # the last is a line's end
    (store / "CURRENT").write_bytes(data)


def journal_file(store: Path) -> Path:
    for side in ("-wal", "-shm"):
        (store / f"journal.sqlite{side}").unlink(missing_ok=True)
    return store / "journal.sqlite"


def lose_the_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    journal_file(store).unlink()


def empty_the_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    journal_file(store).write_bytes(b"")


def older_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(journal_file(older), journal_file(store))


def foreign_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    shutil.copy(journal_file(other), journal_file(store))


def cut_the_journal(store: Path, older: Path, other: Path, chance: random.Random) -> None:
    with closing(sqlite3.connect(journal_file(store))) as db:
        db.execute("DROP TRIGGER entry_is_kept")
        db.execute("DELETE FROM entry WHERE number > ?", (chance.randrange(COUNT),))
        db.commit()


DISTURBANCES: list[Disturbance] = [
    *[swap, copy_over, copy_as_next, foreign_beside, foreign_over, no_snapshot],
    *[lose_a_snapshot, lose_a_part, cut_a_part, rewrite_a_manifest],
    *[older_pointer, foreign_pointer, lose_the_pointer, flip_in_the_pointer],
    *[lose_the_journal, empty_the_journal, older_journal, foreign_journal, cut_the_journal],
]


def disturbed(stores: Stores, to: Path, how: Disturbance, seed: int = 0) -> Path:
    """Copy three stores, disturb the first of them, and return it."""
    mine = [shutil.copytree(one, to / one.name) for one in stores]
    how(mine[0], mine[1], mine[2], random.Random(seed))
    return mine[0]
