"""The accepted risks of the board: which count, and until when."""

from pathlib import Path

import pandas as pd
import pytest

from analytics.answers import board as parts
from analytics.answers.board import scope_of
from analytics.answers.table import as_json
from analytics.findings.lifecycle.about import what_it_is_about
from tests.support.estates.rule_findings import found
from tests.support.estates.small_estates import AS_OF, EVERYTHING, Estate
from tests.support.histories.small_history import history_of

DAY = pd.Timedelta(days=1)


@pytest.mark.parametrize("there", [True, False], ids=["still there", "gone"])
def test_a_risk_is_accepted_until_its_end_though_no_source_can_show_it(
    tmp_path: Path, there: bool
) -> None:
    """The next read states no owners any more, or a further source took the agent with it."""
    made = Estate(AS_OF - 10 * DAY).agent("a", "bot").person("ann")
    other = Estate(AS_OF - 10 * DAY, scope="other").agent("own")
    history = history_of([made, other], journal=tmp_path / "journal")
    posture = history.posture(history.infos[0].id)
    (id_,) = (row.id for row in found(posture, "OWN-01") if row.subject == "bot")
    about = what_it_is_about(posture, id_)
    assert posture.journal is not None
    posture.journal.accept(id_, AS_OF + 10 * DAY, "ann", "known", AS_OF - 10 * DAY, about)
    silent = [kind for kind in EVERYTHING if kind != "owners"]
    later = Estate(AS_OF, silent, scope="acme" if there else "new").person("ann").agent("new")
    later = later.agent("bot") if there else later
    kept = Estate(AS_OF - 10 * DAY, scope="other").agent("own")
    fresh = history_of([made, other], [later, kept], journal=tmp_path / "journal")
    now = fresh.posture(fresh.infos[-1].id)
    known = parts.risks(now, scope_of(now))
    assert (known.accepted, known.soon, known.lapsed) == (1, 1, 0)
    (row,) = as_json(known.expiries)
    assert (row["finding"], row["subject"]["id"], row["days"]) == (id_, "bot", 10)
    over = fresh.posture(fresh.infos[-1].id, AS_OF + 11 * DAY)
    known = parts.risks(over, scope_of(over))
    assert (known.accepted, known.lapsed) == (0, 1)
