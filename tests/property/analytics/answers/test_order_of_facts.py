"""Every command answers the same, to the last byte, in whatever order exports state the facts.

A world full of equals is published twice, with all rows in another order, and every command that
reads is asked of both stores, as it is usually asked and of things that are alike.
"""

import json
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from graph.access import AccessGraph
from graph.facts import Facts
from graph.schema import ELEMENTS
from graph.stores.parquet.store import ParquetStore
from tests.support.estates.small_estates import together
from tests.support.questions import asked, lines, states
from tests.support.search import worlds

pytestmark = pytest.mark.usefixtures("opened_once")
SEEDS = range(worlds(1, 6))  # the first is of equals alone, which is quick


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


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_facts_gives_the_same_answers(seed: int, tmp_path: Path) -> None:
    every = [together(state) for state in states(seed)]
    assert differing(every, tmp_path, seed, partial(lines, heavy=seed > 0)) == []


def test_the_twin_that_follows_the_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccessGraph, "sorted_rows", lambda _, __, kept: np.flatnonzero(kept))
    every, followed = (
        [together(state) for state in states(0)],
        [["debt", "--items", "--limit", "0"]],
    )
    assert differing(every, tmp_path, 0, lambda _: followed) == ["debt --items --limit 0"]
