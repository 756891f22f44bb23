"""Every command that reads, taken from the registry, and what it answers of a store.

`equals` is a world of things that are alike, which the lines ask about.
"""

import io
import json
import random
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pandas as pd

import trustdebt
from app.cli.command import QUESTIONS
from graph.element import Relationship
from graph.schema import DECISION_RECORD, USE_EVENT
from tests.integration.cli import words
from tests.support.estates.any_world import estate
from tests.support.estates.small_estates import AS_OF, Estate, ago

ALIKE = 3  # of each kind
IN_THIS_WORLD = {"bot": "t1", "ledger": "tx1", "key": "tk0"}  # for what examples of the help name
ITSELF = {"doctor", "journal", "decide", "gate"}  # say nothing of facts, or of a file
# Made of what others say, or slow: asked of the worlds of a search alone.
HEAVY = {"assurance", "audit", "board", "changes", "compare", "decommission", "diff", "ledger"}
HEAVY |= {"plan", "what-if"}
# What changes from one publishing to the next, or names the file and line of a row.
OTHERWISE = {"recorded_at", "age_days", "timing", "seal", "place", "file", "seconds"}


def equals(e: Estate) -> Estate:
    """State agents, accounts, keys, groups, roles, tools and grants that are alike."""
    for n in range(ALIKE):
        after, beyond = (n + 1) % ALIKE, (n + 2) % ALIKE
        e.agent(f"t{n}", name="twin", created_at=ago(300), env="prod", kind="ai_agent")
        e.account(f"ts{n}", created_at=ago(300)).person(f"p{n}", name="Pat")
        e.thing("Credential", f"tk{n}", type="access_key", created_at=ago(300), storage="code")
        e.thing("Group", f"tg{n}").thing("Role", f"tr{n}").thing("Tool", f"tt{n}", kind="mcp_tool")
        e.resource(f"tx{n}", "restricted", env="prod", type="bucket")
        e.link(f"t{n}", "USES", f"tk{n}").link(f"tk{n}", "AUTHENTICATES_AS", f"ts{n}")
        e.link(f"t{n}", "RUNS_AS", f"ts{after}").link(f"t{n}", "CALLS", f"tt{after}")
        e.link(f"t{n}", "CALLS", f"tt{beyond}").link(f"tt{n}", "RUNS_AS", f"ts{beyond}")
        for other in (after, beyond):
            e.link(f"ts{n}", "MEMBER_OF", f"tg{other}").link(f"ts{n}", "ASSUMES", f"tr{other}")
            e.can(f"tg{n}", "read", f"tx{other}", granted_at=ago(300))
            e.can(
                f"tr{n}", "read write", f"tx{after}", granted_at=ago(300), grant_id=f"G{other}{n}"
            )
            e.link(f"p{other}", "OWNS", f"t{n}", role="business")
        e.link(f"p{n}", "OWNS", f"t{n}", role="technical")
        seen = {"resource": f"tx{after}", "action": "read"}
        for number in range(2):
            use = {"id": f"tu{n}{number}", "principal": f"ts{n}", "level": "read"}
            e.add(USE_EVENT, at=ago(5), outcome="success", **use, **seen)
            decided = {"id": f"td{n}{number}", "subject": f"t{n}", "policy_id": f"p{number}"}
            e.add(DECISION_RECORD, at=ago(5), decision="allow", **decided, **seen)
    return e.link("t0", "SPAWNS", "t1").link("t0", "SPAWNS", "t2")


def states(seed: int) -> Iterator[Estate]:
    """Yield the world two months ago, with less, and today."""
    now = equals(estate(seed) if seed else Estate())
    draw = random.Random(seed)
    before = Estate(AS_OF - pd.Timedelta(days=60), now.declares)
    for element, rows in now.rows.items():
        fewer = isinstance(element, Relationship)
        before.rows[element] = [row for row in rows if not fewer or draw.random() < 0.8]
    yield before
    yield now


def lines(snapshots: list[str], heavy: bool) -> Iterator[list[str]]:
    """Yield what is asked: every command that reads, and more of things that are alike."""
    left_out = ITSELF if heavy else ITSELF | HEAVY
    of_need = {
        "audit": ["t0", "--since", ago(60), "--until", ago(0)],
        "campaign": ["show"],
        "compare": snapshots,
        "cut": ["--from", "all-agents", "--to", "crown-jewels"],
        "diff": snapshots,
        "drill": ["--all", "all-agents"],
        "exposure": ["tx1"],
        "path": ["t0", "tx1", "--count", "4"],
        "plan": ["--budget", "3"],
        "policy": ["t0", "--format", "iam"],
        "prove": ["t0", "--at", ago(5), "--resource", "tx1", "--level", "read"],
        "what-if": ["--remove", "ts1"],
    }
    for name, (answer, its) in QUESTIONS.items():
        if not its.writes and name not in left_out:
            given = of_need.get(name) or words(name, answer)
            yield [name, *(IN_THIS_WORLD.get(word, word) for word in given)]
    yield ["debt", "--items", "--limit", "0"]
    yield ["findings", "--limit", "4"]
    yield ["stale", "--limit", "4"]
    yield ["show", "tx1"]
    yield ["policy", "t1", "--format", "cedar"]
    if heavy:
        yield ["stale", "--as-of", ago(30), "--limit", "0"]


def asked(folder: Path, line: list[str], back: Callable[[str], str] = str) -> tuple[int, Any]:
    """Return the exit code and the answer, without what tells one store from the other.

    `back` gives the text of the answer the words of another store.
    """
    out = io.StringIO()
    with redirect_stdout(out):
        code = trustdebt.main([*line, "--json", "--store", str(folder)])
    return code, plain(json.loads(back(out.getvalue().replace(str(folder), "STORE"))))


def plain(value: Any) -> Any:
    """Return an answer without what changes from one publishing to the next."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in OTHERWISE}
    return [plain(each) for each in value] if isinstance(value, list) else value
