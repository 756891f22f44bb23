"""What ends with one grant, by the networks as they are, against the estate judged without it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from analytics.posture import Posture
from analytics.remediation.removal.before_and_after import changed
from analytics.remediation.removal.ended_uses import ended, ended_by_grants
from analytics.remediation.removal.what_if import removals
from graph.schema import CAN_ACCESS
from tests.support.estates import any_world
from tests.support.references.reach import estates


def compare(posture: Posture) -> int:
    """Compare for every grant of a posture; return how many uses would end."""
    facts = posture.graph.frames[CAN_ACCESS]["id"].tolist()
    alone = ended_by_grants(posture, np.arange(len(facts)))
    for fact, rows in zip(facts, alone, strict=True):
        gone = removals(posture, [fact])
        pd.testing.assert_frame_equal(rows, ended(posture, changed(posture, gone), gone))
    return sum(map(len, alone))


@settings(max_examples=5)
@given(estates())
def test_on_random_estates(estate):
    compare(estate.quick())


@pytest.mark.parametrize("seed", range(2))
def test_on_worlds_of_every_kind_of_fact(seed):
    assert compare(any_world.estate(seed).quick()) > 0
