"""Numbers that have to lie between two others: a score beyond them would make debt negative."""

import pandas as pd
import pytest

from graph.parsing import parse
from graph.schema import AGENT

(SCORE,) = (column for column in AGENT.columns if column.name == "aars")


@pytest.mark.parametrize("score", ["-0.1", "-20", "10.5", "1e300"])
@pytest.mark.parametrize("others", [0, 100])  # few values are parsed one by one, many by column
def test_an_agentic_score_beyond_its_range_is_wrong(score, others):
    _, wrong = parse(pd.Series(["5"] * others + [score], dtype="string"), SCORE)
    assert wrong.to_dict() == {others: "aars: must be from 0 to 10"}


@pytest.mark.parametrize("score", ["0", "10", "3.5"])
def test_a_score_within_its_range_stays(score):
    values, wrong = parse(pd.Series([score], dtype="string"), SCORE)
    assert (values.tolist(), len(wrong)) == ([float(score)], 0)
