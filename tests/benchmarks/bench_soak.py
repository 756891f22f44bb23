"""Two hundred ingests one after the other while others read: memory stays, no answer is wrong."""

import contextlib
import hashlib
import io
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

import trustdebt
from graph.machine.kept_switch import SWITCH
from graph.machine.memory import release, resident
from tests.benchmarks.measure import Figure, Size, Skipped, Topic
from tests.support.estates.small_estates import AS_OF, Estate

ROOT = Path(__file__).parents[2]
INGESTS, AGENTS, RESOURCES, CHANGED = 200, 400, 150, 0.01
SETTLED = 4  # memory counts from when a quarter of the work is done: caches are full then
GROWTH = 1.15  # of the memory of a process over the rest, at most
CHECKED = 12  # snapshots of which every answer is worked out anew at the end
ASKED = (
    ["identities"],
    ["findings"],
    ["debt"],
    ["stale"],
    ["orphans"],
    ["blast-radius", "agent-1"],
    ["plan"],
)
SENSITIVITY = ("public", "internal", "confidential", "restricted")
Noted = list[dict[str, Any]]


def soak(size: Size) -> Iterator[Figure]:
    """Ingest, ask and draw in a process each, for as long as the ingests take."""
    del size
    if not resident():
        raise Skipped("how much a process holds cannot be read here")
    with tempfile.TemporaryDirectory() as folder:
        store = str(Path(folder, "store"))
        ingested(store, 0, [0] * AGENTS)
        readers = {name: started(name, folder) for name in ("asking", "drawing")}
        written = ended(started("ingesting", folder))
        Path(folder, "over").touch()
        read = {name: ended(process) for name, process in readers.items()}
        yield Figure("ingests", len(written), "")
        yield Figure("commands answered meanwhile", len(read["asking"]), "")
        yield Figure("pages drawn meanwhile", len(read["drawing"]), "")
        for name, noted in (("ingesting", written), *read.items()):
            yield from held(name, [note["bytes"] for note in noted])
        yield from compared(store, read["asking"])


def held(name: str, sizes: list[int]) -> Iterator[Figure]:
    """Compare what a process held once it had settled with what it held at the end."""
    tenth = max(len(sizes) // 10, 1)
    before = statistics.median(sizes[len(sizes) // SETTLED :][:tenth])
    after = statistics.median(sizes[-tenth:])
    yield Figure(f"{name}: memory once settled", before / 1e6, "MB")
    yield Figure(f"{name}: memory at the end", after / 1e6, "MB")
    yield Figure(f"{name}: the end against settled", after / before, "x", 1, GROWTH)


def compared(store: str, noted: Noted) -> Iterator[Figure]:
    """Ask again of some snapshots, in a process that takes nothing that is kept."""
    os.environ[SWITCH] = "off"
    ids = list(dict.fromkeys(note["snapshot"] for note in noted))
    some = {ids[at * (len(ids) - 1) // (CHECKED - 1)] for at in range(CHECKED)}
    wrong, anew = 0, {}
    for note in (note for note in noted if note["snapshot"] in some):
        asked = (*note["words"], "--snapshot", note["snapshot"])
        if asked not in anew:
            anew[asked] = answer(store, asked)["digest"]
        wrong += anew[asked] != note["digest"]
    yield Figure("snapshots that were answered about", len(ids), "")
    yield Figure("answers compared with those worked out anew", len(anew), "")
    yield Figure("answers that differ", wrong, "", 1, 0.0)


def answer(store: str, words: tuple[str, ...] | list[str]) -> dict[str, Any]:
    """Return of which snapshot a command spoke, and a digest of its answer."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = trustdebt.main([*words, "--store", store, "--json"])
    if code not in (0, 3):
        raise SystemExit(f"{' '.join(words)} ended with {code}")
    document = json.loads(out.getvalue())
    document["result"].pop("timing", None)  # how long it took, not what is so
    text = json.dumps(document["result"], sort_keys=True)
    return {
        "words": [word for word in words if word not in ("--snapshot", document["snapshot"])],
        "snapshot": document["snapshot"],
        "digest": hashlib.sha256(text.encode()).hexdigest(),
    }


def started(part: str, folder: str) -> subprocess.Popen[str]:
    """Start a part of this module as a process."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_soak", part, folder]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> Noted:
    """Return what a process noted, one document a line."""
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"{process.args} ended with {process.returncode}")
    return [json.loads(line) for line in out.splitlines() if line.startswith("{")]


# -- what runs in the processes -------------------------------------------------------------


def ingesting(folder: Path) -> Iterator[dict[str, Any]]:
    """Ingest day after day; each day a hundredth of the agents has other access and owners."""
    rng, versions = random.Random(7), [0] * AGENTS
    for day in range(1, INGESTS + 1):
        for agent in rng.sample(range(AGENTS), round(AGENTS * CHANGED)):
            versions[agent] += 1
        ingested(str(folder / "store"), day, versions)
        yield {}


def asking(folder: Path) -> Iterator[dict[str, Any]]:
    """Ask one command after the other of what is current."""
    while not (folder / "over").exists():
        for words in ASKED:
            yield answer(str(folder / "store"), words)


def drawing(folder: Path) -> Iterator[dict[str, Any]]:
    """Draw one page after the other of what is current, each in a session of its own."""
    from app.web.views import all_views
    from tests.benchmarks.bench_page import run, visit

    os.environ["TRUSTDEBT_STORE"] = str(folder / "store")
    while not (folder / "over").exists():
        for name in all_views():
            run(visit(name))
            yield {"page": name}


def ingested(store: str, day: int, versions: list[int]) -> None:
    """Write the estate of a day as files, and have the command read them."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        estate(day, versions).write(Path(folder))
        code = trustdebt.main(["ingest", "estate", folder, "--store", store])
    if code:
        raise SystemExit(f"an ingest ended with {code}")


def estate(day: int, versions: list[int]) -> Estate:
    """State an estate in which what an agent has follows from its number and version."""
    made = Estate(at=AS_OF + pd.Timedelta(days=day))
    for n in range(RESOURCES):
        made.resource(f"db-{n}", SENSITIVITY[n % len(SENSITIVITY)])
    for n in range(AGENTS // 20):
        made.person(f"person-{n}", left="2026-05-01T00:00:00Z" if n % 7 == 0 else None)
    for n in range(AGENTS // 10):
        made.thing("Role", f"role-{n}").can(f"role-{n}", "read", f"db-{n % RESOURCES}")
    for n, version in enumerate(versions):
        rng = random.Random(f"{n} {version}")
        agent, account = f"agent-{n}", f"account-{n}"
        made.agent(agent).account(account).link(agent, "RUNS_AS", account)
        made.owned(agent, rng.choice([None, f"person-{rng.randrange(AGENTS // 20)}"]))
        made.link(account, "ASSUMES", f"role-{rng.randrange(AGENTS // 10)}")
        for target in rng.sample(range(RESOURCES), rng.randrange(1, 7)):
            levels = rng.choice(["list", "read", "read write", "read write admin"])
            made.can(account, levels, f"db-{target}")
    return made


PARTS = {"ingesting": ingesting, "asking": asking, "drawing": drawing}
TOPIC = Topic(
    "A soak",
    f"An estate of {AGENTS} agents is ingested {INGESTS} times, a day apart and with everything "
    "kept; each day a hundredth of the agents has other grants, another role and another owner. "
    "Beside it one process asks commands without end and another draws every page, each in a new "
    "session. What a process holds is compared between the time when a quarter of its work is "
    "done and the end. In the end a process that takes nothing kept answers anew what was asked "
    f"of {CHECKED} of the snapshots.",
    23,
    (soak,),
    sizes=("10k",),
    generated=False,
)

if __name__ == "__main__":
    for noted in PARTS[sys.argv[1]](Path(sys.argv[2])):
        release()
        print(json.dumps(noted | {"bytes": resident()}), flush=True)
