"""Every command answers the same, to the last byte, in whatever order exports state the facts.

A world full of equals is published twice, with all rows in another order, and every command that
reads is asked of both stores, as it is usually asked and of things that are alike.
"""

import io
import json
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import trustdebt
from analytics import history
from app.cli.command import QUESTIONS
from graph.access import AccessGraph
from graph.element import Relationship
from graph.facts import Facts
from graph.schema import DECISION_RECORD, ELEMENTS, USE_EVENT
from graph.stores.parquet.store import ParquetStore
from tests.integration.cli import words
from tests.support.estates.any_world import estate
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.search import worlds

SEEDS = range(worlds(1, 6))  # the first is of equals alone, which is quick
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


def states(seed: int) -> Iterator[Facts]:
    """Yield the world two months ago, with less, and today."""
    now = equals(estate(seed) if seed else Estate())
    draw = random.Random(seed)
    before = Estate(AS_OF - pd.Timedelta(days=60), now.declares)
    for element, rows in now.rows.items():
        fewer = isinstance(element, Relationship)
        before.rows[element] = [row for row in rows if not fewer or draw.random() < 0.8]
    yield together(before)
    yield together(now)


def turned(facts: Facts, seed: int) -> Facts:
    """Return the same facts with the rows of every frame in another order."""
    frames = {
        e: facts.frames[e].sample(frac=1, random_state=seed + 1).reset_index(drop=True)
        for e in ELEMENTS
    }
    return Facts.of(frames, facts.coverage)


def published(folder: Path, every: list[Facts]) -> list[str]:
    store = ParquetStore(folder)
    with store.lease() as lease:
        return [store.publish(facts, lease)[0].id for facts in every]


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


def asked(folder: Path, line: list[str]) -> tuple[int, Any]:
    """Return the exit code and the answer, without what tells one store from the other."""
    out = io.StringIO()
    with redirect_stdout(out):
        code = trustdebt.main([*line, "--json", "--store", str(folder)])
    return code, plain(json.loads(out.getvalue().replace(str(folder), "STORE")))


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in OTHERWISE}
    return [plain(each) for each in value] if isinstance(value, list) else value


def differing(
    every: list[Facts], folder: Path, seed: int, ask: Callable[[list[str]], Iterable[list[str]]]
) -> list[str]:
    """Publish facts twice, in two orders; return what is answered otherwise from the second."""
    stores = {
        folder / "one": every,
        folder / "two": [turned(facts, seed) for facts in every],
    }
    snapshots = [published(place, facts) for place, facts in stores.items()]
    assert snapshots[0] == snapshots[1]
    other = []
    for line in ask(snapshots[0]):
        first, second = (asked(place, line) for place in stores)
        assert first[0] in (0, 1), (line, first)
        if json.dumps(first) != json.dumps(second):
            other.append(" ".join(line))
    return other


@pytest.fixture(autouse=True)
def _opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")
    monkeypatch.setattr(history, "open_posture", cache(history.open_posture))


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_facts_gives_the_same_answers(seed: int, tmp_path: Path) -> None:
    every = list(states(seed))
    assert differing(every, tmp_path, seed, partial(lines, heavy=seed > 0)) == []


def test_the_twin_that_follows_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccessGraph, "sorted_rows", lambda _, __, kept: np.flatnonzero(kept))
    every, followed = list(states(0)), [["debt", "--items", "--limit", "0"]]
    assert differing(every, tmp_path, 0, lambda _: followed) == ["debt --items --limit 0"]
