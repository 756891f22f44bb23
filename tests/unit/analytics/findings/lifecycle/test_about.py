"""Accepted findings: what an acceptance is about, and from when on it counts."""

from pathlib import Path

import pandas as pd
import pytest

from analytics.findings.lifecycle.about import accepted_findings
from analytics.posture import Posture
from graph.journal.journal import Journal
from tests.support.estates.small_estates import AS_OF, Estate

DAY, SECOND = pd.Timedelta(days=1), pd.Timedelta(seconds=1)
PARTS = ("OWN-01", "bot", "")


def accepting(folder: Path, since: pd.Timestamp) -> Posture:
    """Judge an agent without an owner at `AS_OF`, beside an acceptance of that."""
    posture = Estate().agent("bot").posture()
    posture.journal = Journal(folder / "journal.sqlite")
    posture.journal.accept("F-1", since + 30 * DAY, "ann", "known", since, about=PARTS)
    return posture


@pytest.mark.parametrize("since", [AS_OF - DAY, AS_OF])
def test_an_acceptance_counts_from_its_own_instant_on(tmp_path: Path, since: pd.Timestamp) -> None:
    (accepted,) = accepted_findings(accepting(tmp_path, since))
    assert (accepted.rule, accepted.subject, accepted.object) == PARTS
    ((begin, end),) = accepted.spans
    assert end - begin == 30 * DAY // pd.Timedelta(milliseconds=1)


def test_one_of_later_does_not_count_at_an_earlier_instant(tmp_path: Path) -> None:
    """What was accepted tomorrow was not accepted today: its interest was not paused."""
    assert accepted_findings(accepting(tmp_path, AS_OF + SECOND)) == []
