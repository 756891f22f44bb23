"""Estates that cost the square of their size: every command ends within its budget.

Three shapes: a role that many agents share, a group of groups that holds many grants, and many
grants on the two sides of a duty. Each is small to state and large to judge.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from graph.schema import SOD_RULE
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.support.estates.hubs import shared_role
from tests.support.estates.small_estates import Estate
from tests.support.search import some

ROOT = Path(__file__).parents[2]
ALLOWED = 200  # MiB beyond what the program holds before it judges
OVER = 120  # MiB that are taken between two looks, and by saying so
COMMANDS = some(
    (
        ["identities"],
        ["ledger"],
        ["findings", "--limit", "5"],
        ["kpis"],
        ["plan", "--budget", "2"],
        ["show", "agent-0"],
    ),
    3,
)
WORKER = """
import json, os, sys
import trustdebt
from graph.machine.memory import resident
store, allowed, lines = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
from analytics.reach.running.warm import warm
warm()
for line in lines:
    pid = os.fork()
    if not pid:
        null = os.open(os.devnull, os.O_WRONLY)
        kept = os.dup(1)
        os.dup2(null, 1)
        base = resident()
        said = f"{(base >> 20) + allowed}MiB" if allowed else "unlimited"
        code = trustdebt.main([*line, "--store", store, "--judging-budget", said])
        high = next(x for x in open("/proc/self/status") if x.startswith("VmHWM"))
        high = int(high.split()[1]) // 1024 - (base >> 20)
        os.write(kept, f"{line[0]} {code} {high}\\n".encode())
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if status:
        os.write(1, f"{line[0]} ended {status}\\n".encode())
"""


def nested_groups(n: int) -> Estate:
    e = Estate().thing("Group", "outer", "middle", "inner")
    e.link("outer", "MEMBER_OF", "middle").link("middle", "MEMBER_OF", "inner")
    for i in range(n // 2):
        e.agent(f"agent-{i}").account(f"s{i}").resource(f"r{i}", "confidential")
        e.link(f"agent-{i}", "RUNS_AS", f"s{i}").link(f"s{i}", "MEMBER_OF", "outer")
        e.can("inner", "read write admin", f"r{i}")
    return e


def both_duties(n: int) -> Estate:
    e = Estate().agent("agent-0").resource("left", "restricted").resource("right", "restricted")
    e.add(SOD_RULE, id="apart", rule="apart", left_resource="left", right_resource="right")
    for i in range(2 * n):
        e.can("agent-0", "read", "left", grant_id=f"l{i}").can(
            "agent-0", "read", "right", grant_id=f"r{i}"
        )
    return e


def judged(
    estate: Estate, folder: Path, allowed: int, commands: Sequence[list[str]]
) -> dict[str, tuple[str, int]]:
    """Return for each command how it ended, and how many MiB it took at most."""
    published = ingest(ParquetStore(folder), [estate.job()])
    assert not published.quarantined
    done = subprocess.run(
        [sys.executable, "-c", WORKER, str(folder), str(allowed), json.dumps(commands)],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("TRUSTDEBT_")},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    assert len(rows) == len(commands), done
    told = [line for line in done.stderr.splitlines() if not re.search("budget|allows", line)]
    assert not told, done.stderr
    return {name: (code, int(high)) for name, code, high in rows}


@pytest.mark.parametrize(
    ("shape", "size", "refused"),
    some([(shared_role, 350, "findings"), (nested_groups, 500, "findings"),
          (both_duties, 320, "identities")], 2),
)  # fmt: skip
def test_every_command_ends_within_its_budget(shape, size, refused, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """What is only added up is judged in blocks, and fits; what lists too much is refused.

    The twin is the same estate without a budget: what was refused takes more.
    """
    estate = shape(size)
    bounded = judged(estate, tmp_path / "bounded", ALLOWED, COMMANDS)
    assert {code for code, _ in bounded.values()} <= {"0", "3"}, bounded
    assert bounded[refused][0] == "3", bounded
    assert bounded["identities"][0] == ("0" if refused == "findings" else "3"), bounded
    assert max(high for _, high in bounded.values()) < ALLOWED + OVER, bounded
    again = [command for command in COMMANDS if command[0] == refused]
    code, high = judged(estate, tmp_path / "free", 0, again)[refused]
    assert (code, high > ALLOWED) == ("0", True), (bounded, high)
