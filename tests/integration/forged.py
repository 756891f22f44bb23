"""What somebody does who may write a store, knows how it is made, and has not its key.

After each change all hashes that need no key are made anew, by this module's own reckoning.
"""

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.integration.disturbed import folders, journal_file

Forgery = Callable[[Path, random.Random], None]
ZEROS = "0" * 64


def text_of(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(data: str | bytes) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def pointer(store: Path) -> dict[str, Any]:
    return json.loads((store / "CURRENT").read_text())


def point(store: Path, said: dict[str, Any]) -> None:
    said["sha256"] = digest(text_of(said["body"]))
    (store / "CURRENT").write_text(text_of(said) + "\n")


def book(store: Path) -> AbstractContextManager[sqlite3.Connection]:
    """Open the journal of a store past the product."""
    return book_at(store / "journal.sqlite")


@contextmanager
def book_at(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a journal past the product; what makes it only ever grow is put back after."""
    with closing(sqlite3.connect(file)) as db:
        kept = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in kept:
            db.execute(f"DROP TRIGGER {name}")
        yield db
        for _, sql in kept:
            db.execute(sql)
        db.commit()


def made_whole(store: Path) -> None:
    """Make every hash anew that needs no key: of files, manifests, chains, journal and list."""
    said, chain = pointer(store), ZEROS
    for one in said["body"]["snapshots"]:
        folder = store / "snapshots" / one["id"]
        manifest = json.loads((folder / "manifest.json").read_text())
        for name, told in manifest["files"].items():
            if not (folder / f"{name}.parquet").exists():
                continue  # packed: its rows are in the history
            data = (folder / f"{name}.parquet").read_bytes()
            rows = pq.read_metadata(folder / f"{name}.parquet").num_rows
            told |= {"sha256": digest(data), "bytes": len(data), "rows": rows}
        (folder / "manifest.json").write_text(text_of(manifest))
        one["manifest"] = digest(text_of(manifest))
        chain = one["chain"] = digest(f"{chain} {one['id']} {one['manifest']}")
    last = said["body"]["snapshots"][-1]
    said["body"]["published"] = {"number": int(last["id"][:6]), "hash": chain}
    with book(store) as db:
        before = ZEROS
        for number, body in db.execute("SELECT number, body FROM entry ORDER BY number").fetchall():
            text = text_of(json.loads(body) | {"prev_hash": before})
            before = digest(text)
            row = (text, before, number)
            db.execute("UPDATE entry SET body = ?, hash = ? WHERE number = ?", row)
            said["body"]["journal"] = {"number": number, "hash": before}
        row = (said["body"]["store"], int(last["id"][:6]), chain)
        db.execute("DELETE FROM tied")
        db.execute("INSERT INTO tied VALUES (?, ?, ?)", row)
    point(store, said)


def edit_a_fact(store: Path, chance: random.Random) -> None:
    """Give the agents of the current snapshot another name."""
    (file,) = store.glob("snapshots/*/Agent.parquet")
    table = pq.read_table(file)
    names = pa.array([f"forged {chance.random()}"] * len(table), pa.string())
    table = table.drop(["name"]) if "name" in table.column_names else table
    pq.write_table(table.append_column("name", names), file)
    made_whole(store)


def edit_the_history(store: Path, chance: random.Random) -> None:
    """Give the people of all older snapshots another name."""
    said = pointer(store)
    file = store / "history" / f"catalog-{said['body']['history'][:16]}.json"
    catalog = json.loads(file.read_text())
    segment = catalog["volumes"][0]["segments"][0]
    part = store / "history" / segment["name"] / "Human.parquet"
    table = pq.read_table(part)
    names = pa.array([f"forged {chance.random()}"] * len(table), pa.string())
    table = table.set_column(table.column_names.index("name"), "name", names)
    pq.write_table(table, part)
    data = part.read_bytes()
    segment["files"]["Human"] |= {"sha256": digest(data), "bytes": len(data)}
    said["body"]["history"] = digest(text_of(catalog))
    file.with_name(f"catalog-{said['body']['history'][:16]}.json").write_text(text_of(catalog))
    point(store, said)


def drop_a_table(store: Path, chance: random.Random) -> None:
    file = chance.choice(folders(store)) / "manifest.json"
    said = json.loads(file.read_text())
    del said["files"]["Agent"]
    file.write_text(text_of(said))
    made_whole(store)


def forget_a_snapshot(store: Path, chance: random.Random) -> None:
    said = pointer(store)
    others = [s for s in said["body"]["snapshots"] if s["id"] != said["body"]["current"]]
    said["body"]["snapshots"].remove(gone := chance.choice(others))
    shutil.rmtree(store / "snapshots" / gone["id"])
    point(store, said)
    made_whole(store)


def show_another(store: Path, chance: random.Random) -> None:
    said = pointer(store)
    ids = [s["id"] for s in said["body"]["snapshots"] if s["id"] != said["body"]["current"]]
    said["body"]["current"] = chance.choice(ids)
    point(store, said)


def move_the_instant(store: Path, chance: random.Random) -> None:
    file = chance.choice(folders(store)) / "manifest.json"
    said = json.loads(file.read_text())
    said["recorded_at"] = f"2020-01-{chance.randint(1, 28):02d}T00:00:00Z"
    file.write_text(text_of(said))
    made_whole(store)


def rewrite_a_decision(store: Path, chance: random.Random) -> None:
    with book(store) as db:
        number, body = chance.choice(db.execute("SELECT number, body FROM entry").fetchall())
        said = json.loads(body) | {"by": "somebody else"}
        db.execute("UPDATE entry SET body = ? WHERE number = ?", (text_of(said), number))
    made_whole(store)


def drop_decisions(store: Path, chance: random.Random) -> None:
    with book(store) as db:
        db.execute("DELETE FROM entry WHERE number > ?", (chance.randint(1, 3),))
    made_whole(store)


def add_a_decision(store: Path, chance: random.Random) -> None:
    """Write an entry after the last one; the list, which names an earlier one, stays as it is."""
    with book(store) as db:
        asked = "SELECT number, body, hash FROM entry ORDER BY number DESC LIMIT 1"
        number, body, before = db.execute(asked).fetchone()
        more = {"finding": f"F-{chance.random()}", "prev_hash": before}
        text = text_of(json.loads(body) | more)
        db.execute("INSERT INTO entry VALUES (?, ?, ?)", (number + 1, text, digest(text)))


def forge_what_was_seen(store: Path, chance: random.Random) -> None:
    data = b"nothing was ever found"
    with book(store) as db:
        row = (chance.choice(folders(store)).name, "v", data, digest(data))
        db.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", row)


def forge_a_failure(store: Path, chance: random.Random) -> None:
    row = ("estate", f"{chance.random()}", "2026-01-01T00:00:00Z", "f", "", "no")
    with book(store) as db:
        db.execute("INSERT INTO failed VALUES (?, ?, ?, ?, ?, ?)", row)


def plant_a_trigger(store: Path, chance: random.Random) -> None:
    """Let the next decision, which is written with the key, write what we like as well."""
    with book(store) as db:
        what = chance.choice(("INSERT ON entry", "DELETE ON tied", "INSERT ON tied"))
        body = "INSERT OR REPLACE INTO seen VALUES ('s', 'v', x'00', 'h')"
        db.execute(f"CREATE TRIGGER planted AFTER {what} BEGIN {body}; END")


def take_the_seal_off(store: Path, chance: random.Random) -> None:
    said = pointer(store)
    del said["seal"]
    point(store, said)
    if chance.random() < 0.5:
        take_the_journals_off(store, chance)


def take_the_journals_off(store: Path, chance: random.Random) -> None:
    with book(store) as db:
        db.execute("DELETE FROM sealed")


def seal_with_another_key(store: Path, chance: random.Random) -> None:
    """Say that it is the right one."""
    said = pointer(store)
    said["seal"]["mark"] = digest(f"{chance.random()}")
    point(store, said)


def name_another_key(store: Path, chance: random.Random) -> None:
    said = pointer(store)
    said["seal"]["key"] = digest(f"{chance.random()}")[:16]
    point(store, said)


def edit_without_a_seal(store: Path, chance: random.Random) -> None:
    """Edit, and take off both seals, so that it is an ordinary store."""
    edit_a_fact(store, chance)
    said = pointer(store)
    del said["seal"]
    point(store, said)
    take_the_journals_off(store, chance)


def begin_the_journal_anew(store: Path, chance: random.Random) -> None:
    """Put a journal there that holds nothing, and let the list say so."""
    with closing(sqlite3.connect(journal_file(store))) as db:
        db.execute("PRAGMA writable_schema = ON")
        for name in ("entry_stays", "entry_is_kept"):
            db.execute(f"DROP TRIGGER {name}")
        db.execute("DELETE FROM entry")
        db.execute("DELETE FROM sealed")
        db.commit()
    said = pointer(store)
    said["body"]["journal"] = {"number": 0, "hash": ZEROS}
    point(store, said)


FORGERIES: list[Forgery] = [
    *[
        edit_a_fact,
        edit_the_history,
        drop_a_table,
        forget_a_snapshot,
        show_another,
        move_the_instant,
    ],
    *[rewrite_a_decision, drop_decisions, add_a_decision, forge_what_was_seen, forge_a_failure],
    *[plant_a_trigger, take_the_seal_off, take_the_journals_off, seal_with_another_key],
    *[name_another_key, edit_without_a_seal, begin_the_journal_anew],
]
