"""Reads hostile exports, each source in a process of its own, within bounds; one line for each.

Each line is JSON: the case, what came of it (`read`, `set aside`, `passed over`, `refused`,
`fault`, `hang`), what was said, and the seconds. The last line is the peak of memory in bytes.
The lines of a source are in a file of its name, and what else it wrote in one beside it.
"""

import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pandas as pd

from graph.facts import Facts
from ingest.job.run import Ingested, ingest
from ingest.source import InputRefused, Request
from ingest.sources import all_sources
from tests.support.exports.example import Export
from tests.support.exports.small_exports import EXPORTS
from tests.support.hostile.exports import (
    ASIDE,
    CASES,
    OUTSIDE,
    PASSED,
    READ,
    REFUSED,
    Case,
    gzip_bomb,
    zip_bomb,
)
from tests.support.search import some

GIB = 1 << 30
PATIENCE = 60.0  # seconds for one input
LONGEST = 100_000  # characters of a text that may be kept
TAKEN_AT = pd.Timestamp("2026-08-01", tz="UTC")


class Memory:
    """A store that keeps the facts of one ingest, as nothing here is read back from a disk."""

    keeps = 1

    def __init__(self, folder: Path) -> None:
        self.facts: Facts | None = None
        self.uri = str(folder / "store")

    def lease(self) -> AbstractContextManager[None]:
        """Let anyone publish."""
        return nullcontext()

    def current(self) -> None:
        """Say that nothing was published."""

    def publish(self, facts: Facts, _: None, behind: None) -> tuple[None, bool]:
        """Keep the facts; nothing is older than the one read."""
        self.facts = facts
        return None, True

    def snapshots(self) -> list[None]:
        """List nothing: there is nothing to prune."""
        return []

    def prune(self, *_: object) -> None:
        """Keep all."""

    def pack(self, _: object) -> None:
        """Leave all as it is."""


class Hang(BaseException):
    """An input took too long."""


def _alarm(*_: object) -> None:
    raise Hang


def peak_memory() -> int:
    """Return the most memory that this program ever held, in bytes.

    `getrusage` would not do: there, what the parent held when it started this one counts too.
    """
    said = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert said is not None
    return int(said[1]) * 1024


def bound_memory() -> None:
    """Allow a gibibyte beside what the libraries map when they are loaded."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    allowed = pages * resource.getpagesize() + GIB
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))


def attempt(name: str, case: Case, export: Export) -> tuple[str, str] | None:
    """Ingest one hostile export; return what came of it and what was said."""
    folder = Path(tempfile.mkdtemp())
    try:
        path = case.make(export, folder / "export")
        if path is None:
            return None
        store = Memory(folder)
        before = sorted(p for p in folder.parent.glob("slipped*"))
        job = (all_sources()[name], Request((path,), "demo", TAKEN_AT))
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        try:
            done = ingest(store, [job], max_bad=100.0)
        except InputRefused as error:
            return REFUSED, str(error)
        except Hang:
            return "hang", ""
        except BaseException:
            return "fault", traceback.format_exc()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        assert sorted(p for p in folder.parent.glob("slipped*")) == before
        return _outcome(done, store)
    finally:
        shutil.rmtree(folder)


def _outcome(done: Ingested, store: Memory) -> tuple[str, str]:
    assert store.facts is not None
    for frame in store.facts.frames.values():
        for column in frame.select_dtypes("string"):
            if (frame[column].str.len() > LONGEST).any():
                return "fault", f"{column} holds a text that is too long"
            if frame[column].str.contains(OUTSIDE, regex=False).any():
                return "fault", f"{column} holds what stands outside the folder"
    said = [r.reason for r in done.quarantined] + done.warnings
    if done.quarantined:
        return ASIDE, "; ".join(said)
    said_so = ("passed over", "not read", "left out")
    told = any(words in one for one in done.warnings for words in said_so)
    return (PASSED if told else READ), "; ".join(said)


def _say(said: Any) -> None:
    print(json.dumps(said), flush=True)


def try_all(name: str) -> None:
    """Try every case on a small export of a source; on each of them in a search."""
    signal.signal(signal.SIGALRM, _alarm)
    bound_memory()
    for number, export in some(enumerate(EXPORTS[name]), 1):
        for case_name, case in CASES.items():
            start = time.monotonic()
            found = attempt(name, case, export)
            if found is not None:
                outcome, said = found
                seconds = round(time.monotonic() - start, 2)
                _say([f"{case_name} ({number})", case_name, outcome, said[-3000:], seconds])
    _say(peak_memory())


def main(name: str, folder: Path) -> None:
    """Try one source in a copy of this process, which has imported all that it needs."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        (folder / f"{name}.code").write_text(str(os.waitstatus_to_exitcode(status)))
        return
    code = 1
    try:
        for stream, ending in ((sys.stdout, "out"), (sys.stderr, "err")):
            os.dup2(os.open(folder / f"{name}.{ending}", os.O_CREAT | os.O_WRONLY), stream.fileno())
        try_all(name)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(code)


if __name__ == "__main__":
    zip_bomb(), gzip_bomb()
    for each in sys.argv[2:]:
        main(each, Path(sys.argv[1]))
