"""Instants as records write them."""

import pytest

from graph.receipts.dates import instant_of


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_an_instant_that_lies_beyond_all_years_elsewhere_is_none(text):
    assert instant_of(text) is None
