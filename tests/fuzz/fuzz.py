"""Mutates the small exports of every source, and reads what comes out: `make fuzz`.

What is read, or refused with its reason, is well; anything else is a finding: a fault, or an input
that takes longer than its time. Findings are written to a folder, as the files that cause them.
All take turns until each source read `ENOUGH` inputs and each parser `ENOUGH_PARSED`; what time
is left is shared evenly. The inputs of a turn are the same for the same seed. Usage:

    python -m tests.fuzz.fuzz [--seconds 600] [--seed 1] [--source NAME] [--out FOLDER]
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from graph.values import WrongValue
from ingest.source import InputRefused, Request, Source
from ingest.sources import all_sources
from tests.fuzz.parsers import OWN, Parser, parsers
from tests.support.exports.example import Export
from tests.support.exports.small_exports import EXPORTS, write
from tests.support.hostile.worker import Hang, bound_memory, peak_memory

ENOUGH, ENOUGH_PARSED = 20_000, 110_000  # runs
TURN = 500  # runs of one turn
PATIENCE = 5.0  # seconds of the processor for one input
TAKEN_AT = pd.Timestamp("2026-08-01", tz="UTC")
TOKENS = [
    *b'null true false 0 -1 1e999 NaN 99999999999999999999 [] {} "" [[]] {"":""}'.split(),
    *(b"\0", b"\n", b"\r\n", b"\\u0000", b"\\ud800", b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\xae"),
    *(b",", b":", b"{", b"}", b"[", b"]", b'"', b"'", b"#"),
    *(b"---\n", b"&a ", b"*a", b"<<: ", b"!!x "),
    *(b"*", b"../", b"%2e", b"${x}", b"arn:aws:iam::*:*", b"/Date(1)/", b"0000-00-00T00:00:00Z"),
    *(b"9999-12-31T23:59:60+99:99", b"https://[", b"a@b", b"[" * 120, b"x" * 5000),
]  # fmt: skip


@dataclass
class Tally:
    """What came of the inputs of one source."""

    runs: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: float = 0.0
    findings: dict[str, str] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Add what came of another turn."""
        self.runs += other.runs
        self.outcomes += other.outcomes
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        self.findings = other.findings | self.findings


def mutated(data: bytes, dice: random.Random, others: list[bytes]) -> bytes:
    """Change some bytes: flip, cut, repeat, put a token in, or splice another file in."""
    changed = bytearray(data)
    for _ in range(1 << dice.randrange(3)):
        at = dice.randrange(len(changed) + 1)
        end = min(len(changed), at + dice.randrange(1, 40))
        way = dice.randrange(8)
        if way == 0 and at < len(changed):
            changed[at] ^= 1 << dice.randrange(8)
        elif way == 1:
            del changed[at:end]
        elif way == 2:
            changed[at:at] = changed[at:end] * dice.choice((1, 2, 50))
        elif way in (3, 4):
            changed[at:at] = dice.choice(TOKENS)
        elif way == 5:
            changed[at:end] = dice.choice(TOKENS)
        elif way == 6:
            other = dice.choice(others)
            start = dice.randrange(len(other) + 1)
            changed[at:end] = other[start : start + dice.randrange(60)]
        else:
            _another_value(changed, dice)
    return bytes(changed)


def _another_value(changed: bytearray, dice: random.Random) -> None:
    """Replace what stands after a colon, so that the text stays a document more often."""
    colons = [at for at in range(len(changed) - 1) if changed[at : at + 2] == b": "]
    if not colons:
        return
    start = dice.choice(colons) + 2
    end = start
    while end < len(changed) and changed[end] not in b",}]\n":
        end += 1
    changed[start:end] = dice.choice(TOKENS)


def once(source: Source, export: Export, dice: random.Random, folder: Path) -> tuple[str, str]:
    """Read one mutated export; return what came of it, and where it failed."""
    name = dice.choice(list(export))
    made = {**export, name: mutated(export[name], dice, list(export.values()))}
    path = write(made, folder)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        reading = source.read(Request((path,), "demo", TAKEN_AT))
    except InputRefused:
        return "refused", ""
    except Hang:
        return "hang", _where(sys.exc_info()[2])
    except Exception as error:
        return "fault", f"{type(error).__name__} at {_where(error.__traceback__)}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ("set aside" if reading.rejected else "read"), ""


def fuzz_parser(
    parse: Parser, seconds: float, runs: int, seed: object, own: Sequence[bytes] = ()
) -> Tally:
    """Parse mutated files of all exports, or of its `own`, one by one."""
    tally, dice = Tally(), random.Random(str(seed))
    signal.signal(signal.SIGPROF, _alarm)
    files = [d for exports in EXPORTS.values() for e in exports for d in e.values()]
    files = [*own, *(data[:2000] for data in files)]
    start = time.monotonic()
    while tally.runs < runs and time.monotonic() - start < seconds:
        data = mutated(dice.choice(own or files), dice, files)
        outcome, where = _parsed(parse, data)
        tally.runs += 1
        tally.outcomes[outcome] += 1
        if where:
            tally.findings.setdefault(where, outcome)
    tally.seconds = time.monotonic() - start
    return tally


def _parsed(parse: Parser, data: bytes) -> tuple[str, str]:
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        parse(data)
    except (InputRefused, WrongValue):
        return "refused", ""
    except Hang:
        return "hang", _where(sys.exc_info()[2])
    except Exception as error:
        return "fault", f"{type(error).__name__} at {_where(error.__traceback__)}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return "read", ""


def _where(trace: object) -> str:
    frames = traceback.extract_tb(trace)  # type: ignore[arg-type]
    ours = [f for f in frames if "/ingest/" in f.filename or "/graph/" in f.filename]
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "elsewhere"


def fuzz(source: Source, seconds: float, runs: int, seed: object, keep: Path | None) -> Tally:
    """Read mutated exports of a source until the time or the number of runs is up."""
    tally, dice = Tally(), random.Random(f"{source.name} {seed}")
    signal.signal(signal.SIGPROF, _alarm)
    shared = Path("/dev/shm")  # in memory, where there is such a place
    home = Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None))
    folders = {number: home / str(number) for number in range(len(EXPORTS[source.name]))}
    try:
        for number, export in enumerate(EXPORTS[source.name]):  # what is loaded late is loaded now
            with suppress(Exception):
                source.read(Request((write(export, folders[number]),), "demo", TAKEN_AT))
        start = time.monotonic()
        while tally.runs < runs and time.monotonic() - start < seconds:
            number = tally.runs % len(folders)
            begun = time.monotonic()
            export = EXPORTS[source.name][number]
            outcome, where = once(source, export, dice, folders[number])
            tally.slowest = max(tally.slowest, time.monotonic() - begun)
            tally.runs += 1
            tally.outcomes[outcome] += 1
            if where and where not in tally.findings:
                tally.findings[where] = outcome
                if keep is not None:
                    kept = keep / source.name / f"{where.replace(' ', '-')}"
                    shutil.copytree(folders[number], kept, dirs_exist_ok=True)
    finally:
        shutil.rmtree(home)
    tally.seconds = time.monotonic() - start
    return tally


def _alarm(*_: object) -> None:
    raise Hang


def in_turn(
    turns: Mapping[str, Callable[[float, str], Tally]],
    enough: Mapping[str, int],
    seconds: float,
    seed: int,
) -> dict[str, Tally]:
    """Let each have a turn: whoever lacks most of what is enough, then whoever had least time."""
    tallies, taken = {name: Tally() for name in turns}, Counter[str]()
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        lacking = {n: t.runs / enough[n] for n, t in tallies.items() if t.runs < enough[n]}
        due = lacking or {n: t.seconds for n, t in tallies.items()}
        name = min(due, key=lambda n: due[n])
        taken[name] += 1
        tallies[name].add(turns[name](left, f"{seed} {taken[name]}"))
    return tallies


def main() -> int:
    """Fuzz all sources and parsers; return 1 where there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600.0, help="in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--source", action="append", help="only this one")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"))
    given = parser.parse_args()
    names = given.source or [name for name in all_sources() if name in EXPORTS]
    turns: dict[str, Callable[[float, str], Tally]] = {
        name: partial(_turn_of_source, all_sources()[name], given.out) for name in names
    }
    if not given.source:
        turns |= {name: partial(_turn_of_parser, name) for name in parsers()}
    enough = {name: ENOUGH if name in names else ENOUGH_PARSED for name in turns}
    for name in names:  # what libraries map is no use of memory by an input: it is mapped now
        fuzz(all_sources()[name], 1.0, 20, given.seed, None)
    bound_memory()
    tallies = in_turn(turns, enough, given.seconds, given.seed)
    for name, tally in tallies.items():
        said = {**tally.outcomes, "runs": tally.runs, "slowest": round(tally.slowest, 2)}
        said["seconds"] = round(tally.seconds, 1)
        print(name, json.dumps(said | {"findings": tally.findings}), flush=True)
    total = sum(tally.runs for tally in tallies.values())
    found = sum(len(tally.findings) for tally in tallies.values())
    peak = peak_memory() >> 20
    print(f"{total} executions, {found} findings, at most {peak} MiB", flush=True)
    return 1 if found else 0


def _turn_of_source(source: Source, keep: Path, left: float, seed: str) -> Tally:
    return fuzz(source, left, TURN, seed, keep)


def _turn_of_parser(name: str, left: float, seed: str) -> Tally:
    return fuzz_parser(parsers()[name], left, TURN * 10, seed, OWN.get(name, ()))


if __name__ == "__main__":
    sys.exit(main())
