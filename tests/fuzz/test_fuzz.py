"""A short run of the fuzzer over every source and parser; `make fuzz` runs it for long."""

import json
import time
from functools import partial
from pathlib import Path

import pytest

from ingest.source import Reading, Request, Source
from ingest.sources import all_sources
from tests.fuzz.fuzz import Tally, fuzz, fuzz_parser, in_turn
from tests.fuzz.parsers import OWN, parsers
from tests.support.exports.small_exports import EXPORTS

SECONDS, RUNS, PARSED = 0.4, 150, 200


@pytest.mark.parametrize("source", sorted(EXPORTS.keys() & all_sources().keys()))
def test_no_mutated_export_is_a_fault(source: str) -> None:
    tally = fuzz(all_sources()[source], SECONDS, RUNS, 7, None)
    assert tally.findings == {}
    assert tally.runs > 0


@pytest.mark.parametrize("name", parsers())
def test_no_mutated_text_is_a_fault(name: str) -> None:
    tally = fuzz_parser(parsers()[name], SECONDS * 10, PARSED, 7, OWN.get(name, ()))
    assert tally.findings == {}
    assert tally.runs == PARSED


def test_slow_and_quick_ones_come_as_far() -> None:
    """Turns go to whoever lacks most of its runs, and when all have enough, to the least time."""

    def turn(cost: float, left: float, seed: str) -> Tally:
        clock[0] += cost
        return Tally(runs=10, seconds=cost, findings={seed: ""})

    clock = [0.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: clock[0])
        turns = {name: partial(turn, cost) for name, cost in (("slow", 9.0), ("quick", 1.0))}
        short = in_turn(turns, {"slow": 100, "quick": 100}, 60.0, 7)
        long = in_turn(turns, {"slow": 100, "quick": 100}, 1000.0, 7)
    assert [t.runs for t in short.values()] == [60, 60]
    assert all(t.runs >= 100 for t in long.values())
    assert abs(long["slow"].seconds - long["quick"].seconds) <= 90
    assert len(long["slow"].findings) * 10 == long["slow"].runs, "each turn has inputs of its own"


def test_a_careless_source_is_found_out(tmp_path: Path) -> None:
    """The fuzzer sees a reader that trusts what it reads, and keeps the input that shows it."""

    def read(request: Request) -> Reading:
        path = request.paths[0]
        raise KeyError(len(json.loads(path.read_bytes())["graph"]["nodes"]))

    careless = Source("opengraph", "", "", (), read)
    tally = fuzz(careless, 20.0, 50, 7, tmp_path)
    assert set(tally.outcomes) == {"fault"}
    assert tally.findings
    assert list(tmp_path.rglob("*.json"))
