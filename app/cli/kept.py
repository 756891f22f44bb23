"""Documents of earlier runs of a command, kept beside the store, for as long as nothing changed.

Nothing of the store, of the program or of its environment may have been touched since, and no day
may have been added to the age of a source. That is seen without a library that takes long to load.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli.options.usual import ENGINE
from graph.files.private import private_folder, private_text
from graph.machine.addresses import DEFAULT, JOURNAL, names_a_database, names_a_server
from graph.machine.kept_switch import keeping

if TYPE_CHECKING:
    from analytics.posture import Posture

FOLDER = ("kept", "commands")
OURS = ("analytics", "app", "graph")
SETTLED = 0.05  # seconds: a second write may bear the same times until then
MOST, LONGEST = 512, 16 << 20  # documents, and characters of one
DAY = 86_400
PLAIN = (str, int, float, bool, type(None))
PASSING = ("LOCK", "kept", "__pycache__")  # no part of what a store or the program says
PACKAGES = ("site-packages", "dist-packages")  # what is installed changes the time of its folder
ROOT = Path(__file__).parents[2]
Stat = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Place:
    """Where the document of one command is kept.

    `state` is that of all it depends on, `facts` that without the decisions of people.
    """

    folder: Path
    facts: str
    state: str
    asked: str

    @property
    def file(self) -> Path:
        """The file of the document."""
        return self.folder / f"{self.state}-{self.asked}.json"

    def load(self) -> dict[str, Any] | None:
        """Return what was saved, or None if it is not there, damaged, or of another day."""
        try:
            text, digest = self.file.read_text(encoding="utf-8").rsplit("\n", 1)
            kept = json.loads(text)
        except (OSError, ValueError, RecursionError):
            return None
        fits = digest == _sha256(text) and kept["from"] <= time.time() < kept["until"]
        return kept["of"] if fits else None

    def save(self, of: dict[str, Any]) -> None:
        """Save a document with all that is needed to show it, and drop those of another state."""
        try:
            text = json.dumps({**_lasts(of["document"]), "of": of}, allow_nan=False)
        except (TypeError, ValueError, KeyError, RecursionError):
            return
        if len(text) > LONGEST:
            return
        with suppress(OSError):
            private_folder(self.folder)
            work = self.folder / f".{os.getpid()}"
            with private_text(work) as file:
                file.write(f"{text}\n{_sha256(text)}")
            work.replace(self.file)
            others = sorted(self.folder.iterdir(), key=lambda each: each.stat().st_mtime_ns)
            stale = [each for each in others if not each.name.startswith(self.state)]
            for each in (*stale, *[each for each in others if each not in stale][:-MOST]):
                each.unlink(missing_ok=True)


def place_of(name: str, given: dict[str, Any]) -> Place | None:
    """Return where the document of a command and its arguments would be kept.

    None for a database, with a key of the seal or a journal on a server, and where an argument is a
    file.
    """
    store = given["store"] or os.environ.get("TRUSTDEBT_STORE") or DEFAULT
    sealed = given["seal_key"] or os.environ.get("TRUSTDEBT_SEAL_KEY")
    elsewhere = names_a_server(os.environ.get("TRUSTDEBT_JOURNAL"))
    if not keeping() or sealed or elsewhere or names_a_database(store):
        return None
    if not all(_plain(value) for value in given.values()):
        return None
    states = _states(Path(store))
    if states is None:
        return None
    asked = {k: v for k, v in given.items() if k not in ("store", "as_json", *ENGINE)}
    text = json.dumps([name, asked], sort_keys=True)
    return Place(Path(store, *FOLDER), *states, _sha256(text)[:32])


def keep(
    name: str, given: dict[str, Any], before: Place, posture: "Posture", of: dict[str, Any]
) -> None:
    """Keep the document that a command has just made, unless what it rests on changed meanwhile.

    What the command itself wrote into the file of the journal changes the state, so that is told
    from a decision.
    """
    place = place_of(name, given)
    if place is None:
        time.sleep(SETTLED)
        place = place_of(name, given)
    if place is None or place.facts != before.facts or posture.history is None:
        return
    if place.state == before.state or posture.history.decisions() == posture.decisions:
        place.save(of)


def _plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_plain(each) for each in value)
    return type(value) in PLAIN


def _states(store: Path) -> tuple[str, str] | None:
    """Return texts that change with the facts, program and settings, and with decisions, too.

    None if there is no store (a name may be none of a file at all, as one with a NUL byte), or if
    one was written so lately that a further write may not be seen.
    """
    journal = Path(os.environ.get("TRUSTDEBT_JOURNAL") or store / JOURNAL)
    try:
        (store / "CURRENT").stat()
        decisions = list(_stats(journal.parent, journal.name))
        facts = [each for each in _stats(store, "") if each not in decisions]
        code = [each for part in OURS for each in _stats(ROOT / part, "")]
        packages = [
            place.stat().st_mtime_ns for place in map(Path, sys.path) if place.name in PACKAGES
        ]
    except (OSError, ValueError):
        return None
    latest = max(max(mtime, ctime) for *_, mtime, ctime in (*facts, *decisions))
    if time.time_ns() - latest < SETTLED * 1e9:
        return None
    program = [each[:4] for each in code if each[0].endswith((".py", ".toml"))]
    settings = {k: v for k, v in os.environ.items() if k.startswith("TRUSTDEBT_")}
    fixed = [facts, program, packages, sys.version, settings]
    return _state(fixed), _state([*fixed, decisions])


def _state(of: list[Any]) -> str:
    return _sha256(json.dumps(of, sort_keys=True))[:16]


def _stats(folder: Path, begins: str) -> Iterator[Stat]:
    """Yield path, size, inode and times of the files in a folder; an empty one counts as none."""
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.name in PASSING or not entry.name.startswith(begins):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _stats(Path(entry.path), "")
            elif (stat := entry.stat()).st_size and not entry.name.endswith("-shm"):
                times = stat.st_mtime_ns, stat.st_ctime_ns
                yield entry.path, stat.st_size, stat.st_ino, *times


def _lasts(document: dict[str, Any]) -> dict[str, float]:
    """Return from when until when the ages of the sources in a document are those in days."""
    now, ends = time.time(), [float("1e12")]
    for row in document["coverage"]["sources"]:
        taken = datetime.fromisoformat(row["taken_at"]).timestamp()
        ends.append(taken + (row["age_days"] + 1) * DAY)
    return {"from": now, "until": min(ends)}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
