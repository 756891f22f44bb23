"""The debt items that accepted findings are about, and how long each was accepted.

An item of several accepted findings was accepted while any of them was.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.items import Debt
from analytics.debt.items_of_findings import items_of_findings, subjects_of
from analytics.findings.lifecycle.about import Accepted, accepted_findings
from analytics.findings.rules import rule_of
from analytics.posture import Posture
from graph.values import UNIT_SEPARATOR


@dataclass(frozen=True)
class Pauses:
    """The time that interest on each item was paused, and whether it is paused now.

    `time` (int64) is in milliseconds, counted since the item broke; `now` is a mask.
    """

    time: np.ndarray
    now: np.ndarray


def pauses(posture: Posture, owed: Debt) -> Pauses | None:
    """Return the pauses of interest on the items of a debt; None if nothing was accepted.

    After a removal, acceptances from before it still apply to what is left.
    """
    findings = _accepted(posture)
    return _pauses(posture, owed, findings) if findings else None


def accepted_nodes(posture: Posture) -> np.ndarray:
    """Return the nodes of which, or by whose grants, items were accepted (int64, numbers)."""
    rows = subjects_of(posture, _frame(posture, _accepted(posture)))
    return np.asarray(rows["subject"].unique())


def _accepted(posture: Posture) -> list[Accepted]:
    """Return the accepted findings that are about debt; after a removal, those before it."""
    before = posture
    while before.before is not None:
        before = before.before
    return [f for f in accepted_findings(before) if rule_of(f.rule).feeds.assumptions]


def _pauses(posture: Posture, owed: Debt, findings: list[Accepted]) -> Pauses:
    pairs = items_of_findings(posture, owed, _frame(posture, findings))
    spans = [(at, *span) for at, finding in enumerate(findings) for span in finding.spans]
    paused = pairs.merge(pd.DataFrame(spans, columns=["finding", "begun", "over"]), on="finding")
    place, begun, over = (paused[c].to_numpy(np.int64) for c in ("item", "begun", "over"))
    now = np.zeros(len(owed.rows), bool)
    now[place[(begun <= owed.now) & (owed.now < over)]] = True
    begun = np.maximum(begun, owed.rows.since[place])
    return Pauses(_together(place, begun, np.minimum(over, owed.now), len(now)), now)


def _frame(posture: Posture, findings: list[Accepted]) -> pd.DataFrame:
    columns = {
        "rule": [finding.rule for finding in findings],
        "object": [finding.object for finding in findings],
        "key": [UNIT_SEPARATOR.join(finding.key) for finding in findings],
    }
    subject = [posture.graph.number(finding.subject) for finding in findings]
    return pd.DataFrame(columns, dtype="string").assign(subject=np.array(subject, np.int64))


def _together(place: np.ndarray, begun: np.ndarray, over: np.ndarray, count: int) -> np.ndarray:
    """Return the length of the union of the time spans at each place (int64[count])."""
    some = np.flatnonzero(begun < over)
    some = some[np.lexsort((begun[some], place[some]))]
    place, begun, over = place[some], begun[some], over[some]
    covered = np.zeros(count, np.int64)
    if not len(place):
        return covered
    rank = np.cumsum(np.diff(place, prepend=place[0]) != 0)
    apart = rank * (over.max() - begun.min() + 1)  # so that no place reaches into the next
    begun, over = begun + apart, over + apart
    until = np.concatenate([begun[:1], np.maximum.accumulate(over)[:-1]])
    np.add.at(covered, place, np.maximum(over - np.maximum(begun, until), 0))
    return covered
