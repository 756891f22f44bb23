"""Every question of the command line on estates of two sizes, to see how its cost grows."""

import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from math import log
from pathlib import Path
from typing import Any

from app.cli import commands
from app.cli.command import QUESTIONS
from app.cli.groups import Group
from graph.machine.kept_switch import SWITCH
from graph.stores import open_store
from ingest.generator import generate, reading
from ingest.job.run import ingest_reading
from ingest.sources import all_sources
from tests.benchmarks.measure import Figure, Size, Skipped, Topic

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "trustdebt.py"
SEED = 7
TENTH = 10
GROWTH = 1.1  # exponent of the processor time in the size, at most
WRITES = ("seal",)
ASKED = """
import contextlib, io, json, sys, time
import trustdebt
from analytics.reach.running.warm import warm
warm()
begun = time.process_time()
with contextlib.redirect_stdout(io.StringIO()):
    code = trustdebt.main(sys.argv[1:])
seconds = time.process_time() - begun
with open("/proc/self/status") as status:  # `getrusage` counts what its parent held, too
    (most,) = [line.split()[1] for line in status if line.startswith("VmHWM:")]
print(json.dumps([code, seconds, int(most)]))
"""


def growth(size: Size) -> Iterator[Figure]:
    """Ask everything of two estates of which one has a tenth of the other's agents."""
    if not sys.platform.startswith("linux"):
        raise Skipped("the memory of a process is read as Linux tells it")
    small, large = (published(size, agents) for agents in (size.agents // TENTH, size.agents))
    for name in questions():
        of_small, of_large = asked(name, small), asked(name, large)
        if of_small is None or of_large is None:
            continue
        yield Figure(f"`{name}`, processor time", of_large[0], "s")
        yield Figure(f"`{name}`, peak memory", of_large[1], "MB")
        exponent = log(of_large[0] / of_small[0], TENTH)
        yield Figure(f"`{name}`, exponent of its time", exponent, "power", 1, GROWTH)


def published(size: Size, agents: int) -> Path:
    """Publish an estate of so many agents, with its history; nothing of it is judged."""
    store = size.folder / f"growth-{agents}"
    with closing(open_store(str(store))) as opened:
        for state in generate(agents, SEED).history:
            ingest_reading(opened, all_sources()["estate"], reading(state))
    return store


def questions() -> list[str]:
    """Return the questions that write nothing."""
    commands.load_all()
    return sorted(
        name
        for name, (_, behaviour) in QUESTIONS.items()
        if behaviour.group != Group.PEOPLE and name not in WRITES
    )


def asked(name: str, store: Path) -> tuple[float, float] | None:
    """Ask a question of a store; return its seconds and its most memory in MB.

    None where it needs what an estate does not have, such as a file of policies.
    """
    needed = list(inspect.signature(QUESTIONS[name][0]).parameters.values())[1:]
    known = things(store)
    words = [known.get(p.name) for p in needed if p.default is p.empty]
    if None in words:
        return None
    code, seconds, most = json.loads(_run("-c", ASKED, name, *map(str, words), store=store))
    return None if code > 1 else (seconds, most * 1024 / 1e6)


@cache
def things(store: Path) -> dict[str, str]:
    """Return what stands for the arguments of questions: ends of a long way, and two snapshots."""
    start = _answer(store, "identities", "--limit", "1")["identities"][0]["id"]
    end = _answer(store, "blast-radius", start)["resources"][0]["id"]
    taken = sorted(each["id"] for each in _answer(store, "snapshots")["snapshots"])
    return {"thing": start, "start": start, "end": end, "before": taken[0], "after": taken[-1]}


def _answer(store: Path, *words: str) -> Any:
    return json.loads(_run(str(PROGRAM), *words, "--json", store=store))["result"]


def _run(*words: str, store: Path) -> str:
    command = [sys.executable, *words, "--store", str(store)]
    own = os.environ | {SWITCH: "off"}
    done = subprocess.run(command, cwd=ROOT, env=own, check=True, capture_output=True, text=True)
    return done.stdout


TOPIC = Topic(
    "Growth of every question",
    "Every question of the command line that an estate can answer without a file beside it, and "
    "that writes nothing, in a process of its own and with nothing kept: all is read and judged "
    "anew. The estate has 15,000 agents and six snapshots; the exponent compares it with one of a "
    "tenth of them: 1 is in proportion, 2 is quadratic. Imports are not counted; what else does "
    "not grow, about half a second, makes the exponents smaller.",
    52,
    (growth,),
    sizes=("100k",),
    generated=False,
)
