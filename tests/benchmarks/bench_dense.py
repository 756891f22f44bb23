"""Commands on estates with far more pairs of identity and grant than nodes or relationships."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from analytics.assumptions.entitlements import blocks
from analytics.assumptions.model import model
from analytics.posture import assess
from graph.access import AccessGraph
from graph.machine.kept_switch import SWITCH
from graph.stores.parquet.store import ParquetStore
from tests.benchmarks.bench_stores import publish
from tests.benchmarks.estate_of_links import estate_of_links
from tests.benchmarks.measure import Figure, Size, Topic
from tests.benchmarks.workload import workload
from tests.support.estates.hubs import shared_role

ROOT = Path(__file__).parents[2]
ADDED_UP = (["debt"], ["identities"], ["debt", "--items"])
LISTED = ["findings"]  # one for each identity and grant, so they take as much as there are pairs
FEW = 20_000  # nodes up to which they are timed
SHARE = 0.03  # of the nodes: agents that share a role, and its grants


def of_links(size: Size) -> Iterator[Figure]:
    """Judge the synthetic graph W as an estate."""
    commands = [*ADDED_UP, LISTED] if size.nodes <= FEW else ADDED_UP
    yield from _judged("W", size.nodes, commands)


def of_one_role(size: Size) -> Iterator[Figure]:
    """Judge one role that many agents share, with as many grants."""
    yield from _judged("one role", round(size.nodes * SHARE), ADDED_UP)


def _judged(estate: str, size: int, commands: Sequence[list[str]]) -> Iterator[Figure]:
    """Time commands on an estate; none finds what another has kept."""
    with tempfile.TemporaryDirectory() as folder:
        made = [sys.executable, "-m", "tests.benchmarks.bench_dense", estate, str(size), folder]
        done = subprocess.run(made, cwd=ROOT, check=True, capture_output=True, text=True)
        yield Figure(f"{estate}: entitlements", int(done.stdout), "")
        for command in commands:
            cpu, peak = _spent(*command, "--store", folder)
            what = f"{estate}: `{' '.join(command)}`"
            yield Figure(f"{what}, processor time", cpu, "s")
            yield Figure(f"{what}, peak memory", peak / 1e6, "MB")


def _spent(*arguments: str) -> tuple[float, int]:
    """Run a command to its end; return its processor time and the bytes that it held at most."""
    command = [sys.executable, str(ROOT / "trustdebt.py"), *arguments]
    environment = os.environ | {SWITCH: "off"}
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, arguments
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit


def make(estate: str, size: int, folder: Path) -> int:
    """Publish an estate in a store of its own, and count its entitlements."""
    links = estate == "W"
    facts = estate_of_links(workload(size)) if links else shared_role(size).facts()
    publish(ParquetStore(folder), facts)
    posture = assess(AccessGraph.of(facts))
    return sum(len(units) for units in blocks(posture, model()))


TOPIC = Topic(
    "Dense estates",
    "Groups of many members and roles of many grants, as the W of the reach topic stated as an "
    "estate, and one role that 3 % of so many nodes share. Sums are added up by holder, items are "
    "listed in blocks of identities; findings are one for each identity and grant, so they take "
    "memory for each.",
    47,
    (of_links, of_one_role),
    generated=False,
)

if __name__ == "__main__":
    print(make(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
