"""Commands as a shell starts them, imports included."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Figure, Size, Topic, peak, timed

PROGRAM = Path(__file__).parents[2] / "trustdebt.py"


def run(*arguments: str) -> str:
    """Run a command to its end; return what it printed."""
    command = [sys.executable, str(PROGRAM), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def commands(size: Size) -> Iterator[Figure]:
    """Time commands from nothing to their exit."""
    store = ("--store", str(size.store))
    asked = json.loads(run("identities", "--limit", "1", "--json", *store))
    widest = asked["result"]["identities"][0]["id"]
    yield timed("trustdebt --help", lambda: run("--help"))
    yield timed("trustdebt snapshots", lambda: run("snapshots", *store))
    yield timed("trustdebt identities", lambda: run("identities", *store))
    yield timed("trustdebt blast-radius", lambda: run("blast-radius", widest, *store))
    yield timed("trustdebt findings", lambda: run("findings", *store))
    yield peak("largest of them, peak memory", resource.RUSAGE_CHILDREN)


TOPIC = Topic(
    "Commands",
    "A process each, from start to exit, on the embedded store. The compiled code is cached.",
    50,
    (commands,),
)
