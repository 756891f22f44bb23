"""Every source has examples for the suites that try it, or it is said aloud that it has none."""

from pathlib import Path

import pytest

from ingest.sources import all_sources
from tests.support.exports.small_exports import EXAMPLES

ROOT = Path(__file__).parents[2]
DOCUMENTED = sorted(path.stem for path in (ROOT / "docs" / "sources").glob("*.md"))


@pytest.mark.parametrize("source", all_sources())
def test_a_source_has_examples(source: str) -> None:
    if source not in EXAMPLES and source not in DOCUMENTED:
        pytest.skip(
            f"NO EXAMPLES OF {source}: with tests/support/exports/examples/{source}.py it would be "
            "tried on exports that are cut, hostile, damaged or hold secrets"
        )
    example = EXAMPLES[source]
    assert example.EXPORTS
    assert example.SEVERAL
    assert example.NATIVE is None or all(example.NATIVE)


def test_no_example_is_of_a_source_that_is_gone() -> None:
    assert {*EXAMPLES, *DOCUMENTED} <= {*all_sources()}


def test_what_is_documented_is_found() -> None:
    """Else losing an example would be a skip instead of a failure."""
    assert len(DOCUMENTED) > len(all_sources()) / 2
