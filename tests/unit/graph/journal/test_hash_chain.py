"""A chain of records, as it is written."""

from graph.journal.hash_chain import FIRST_HASH, chained
from tests.support.chains import RECORDS, plainly


def test_the_chain_that_is_written_is_that_of_the_definition():
    assert list(chained(RECORDS)) == plainly(RECORDS, escape=False)
    assert next(chained(RECORDS))["prev_hash"] == FIRST_HASH
