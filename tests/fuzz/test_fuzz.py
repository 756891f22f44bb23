"""A short run of the fuzzer over every source and parser; `make fuzz` runs it for long."""

import json
from pathlib import Path

import pytest

from ingest.source import Reading, Request, Source
from ingest.sources import all_sources
from tests.fuzz.fuzz import fuzz, fuzz_parser, parsers
from tests.small_exports import EXPORTS

SECONDS, RUNS, PARSED = 0.7, 300, 400


@pytest.mark.parametrize("source", sorted(EXPORTS.keys() & all_sources().keys()))
def test_no_mutated_export_is_a_fault(source: str) -> None:
    tally = fuzz(all_sources()[source], SECONDS, RUNS, 7, None)
    assert tally.findings == {}
    assert tally.runs > 0


@pytest.mark.parametrize("name", parsers())
def test_no_mutated_text_is_a_fault(name: str) -> None:
    tally = fuzz_parser(parsers()[name], SECONDS * 10, PARSED, 7)
    assert tally.findings == {}
    assert tally.runs == PARSED


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
