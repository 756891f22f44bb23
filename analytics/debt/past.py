"""The trust debt of earlier snapshots, from the journal if stored there, else computed again."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from analytics.debt.owed import sums_of
from analytics.debt.totals import caps_of, rated, total
from analytics.history import History
from analytics.past import versions
from analytics.posture import Posture
from graph.stores import SnapshotInfo
from graph.values import canonical

KEPT_AS = "debt"


@dataclass(frozen=True)
class Owed:
    """The debt of a whole estate at one moment.

    `debt` and `most` are trust points; `ratio`, `high` (the ratio if all unverified exposure were
    broken) and `coverage` are shares. All are NaN if no identity's access is known; `not_known`
    counts the identities whose access is unknown.
    """

    debt: float
    most: float
    ratio: float
    high: float
    coverage: float
    grade: str
    not_known: int = 0

    @classmethod
    def of(cls, posture: Posture) -> "Owed":
        """Compute the debt of a posture."""
        owed, caps = sums_of(posture), caps_of(posture)
        estate = total(owed)
        capped = bool(caps.alarm.any()), bool(caps.orphan.any())
        grade, _ = rated(estate, owed.model, *capped, caps)
        figures = [estate.debt, estate.most, *estate.range, estate.coverage]
        known = figures if estate.known else [np.nan] * len(figures)
        debt, most, ratio, high, covered = known
        return cls(debt, most, ratio, high, covered, grade, estate.not_known)


def past_debt(posture: Posture, infos: Sequence[SnapshotInfo]) -> list[Owed]:
    """Return the debt at each of the snapshots `infos` of a posture's history."""
    journal, history = posture.journal, posture.history
    if history is None or not infos:
        return []
    known, debts, fresh = _versions(history, infos), [], {}
    for info in infos:
        data = journal.seen(info.id, known[info.id], KEPT_AS) if journal is not None else None
        owed = Owed.of(history.posture(info.id)) if data is None else Owed(**json.loads(data))
        if data is None:
            fresh[info.id] = known[info.id], json.dumps(asdict(owed)).encode()
        debts.append(owed)
    if fresh and journal is not None:
        journal.keep_seen(fresh, [info.id for info in history.infos], KEPT_AS)
    return debts


def _versions(history: History, infos: Sequence[SnapshotInfo]) -> dict[str, str]:
    """Return for each snapshot a hash of everything its debt depends on: facts, code, acceptances.

    It depends on the earlier snapshots, too, which show since when nobody owns something, and when
    an accepted finding was resolved. An export that is read late may add one.
    """
    known = versions(history.journal, infos)
    every = history.journal.acceptances() if history.journal is not None else ()
    for info in infos:
        records = [a.record() for a in every if a.since <= info.taken_at]
        text = known[info.id] + canonical([records, [i.id for i in history.until(info)]])
        known[info.id] = hashlib.sha256(text.encode()).hexdigest()
    return known
