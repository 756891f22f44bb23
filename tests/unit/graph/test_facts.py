"""The hash of facts: what it is of, and what leaves it as it was."""

import hashlib

import numpy as np
import pandas as pd

from graph.facts import Facts
from graph.schema import ELEMENTS
from graph.values import canonical
from tests.support.estates.small_estates import Estate, ago

LATER = "status_by"  # a property that stores of before do not have


def hash_of_before(facts: Facts) -> str:
    """Hash facts as was done before there was the property."""
    digest = hashlib.sha256(canonical([c.record() for c in facts.coverage]).encode())
    for element in ELEMENTS:
        frame = facts.frames[element].drop(columns=LATER, errors="ignore")
        if len(frame):
            rows = np.sort(pd.util.hash_pandas_object(frame, index=False).to_numpy())
            digest.update(f"{element.name}:{len(rows)}:".encode() + rows.tobytes())
    return digest.hexdigest()


def estate(**facts: str) -> Facts:
    e = Estate().agent("a", status="disabled", status_at=ago(3), **facts).resource("r")
    return e.can("a", "read", "r").facts()


def test_a_property_that_came_later_leaves_the_hash_of_a_store_as_it_was():
    assert estate().hash == hash_of_before(estate())


def test_it_counts_where_it_is_stated():
    told = estate(status_by="admin")
    assert told.hash != hash_of_before(told)
    assert told.hash != estate(status_by="user").hash
