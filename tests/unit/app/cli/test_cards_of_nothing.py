"""Answers for a person where there is nothing to owe for: no ratio, and no range of one."""

import pandas as pd
import pytest

from analytics.answers.board import board
from analytics.answers.debt import debt
from analytics.answers.table import as_json
from app.cli.output.columns import Shown
from app.cli.output.tables import draw
from app.envelope import envelope
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.histories.small_history import history_of


@pytest.mark.parametrize("name", ["board", "debt"])
def test_of_what_may_use_nothing_there_is_no_ratio(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    posture = history_of(Estate().agent("bot")).at(AS_OF)
    today = AS_OF + pd.Timedelta(days=1)
    answer = board(posture, today) if name == "board" else debt(posture)
    draw(envelope(name, as_json(answer), posture), Shown())
    shown = " ".join(capsys.readouterr().out.split())
    words = {
        "board": "trust debt ratio nothing to owe for",
        "debt": "0 tp are owed for 1 identity; not rated: there is nothing to owe for.",
    }
    assert words[name] in shown
    assert "between 0" not in shown
