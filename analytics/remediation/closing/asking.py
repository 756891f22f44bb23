"""Asking findings: which changes the findings that nobody accepted ask for, in order."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.states import FAILING, lives
from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from analytics.remediation.closing.grouped import grouped
from graph.once import once
from graph.values import among


@dataclass(frozen=True, eq=False)
class Asked:
    """The changes of a posture, and a row for each finding of one that nobody accepted.

    `rows` has `change`, `finding` (positions in `changes` and in `find_all`), `id`, `subject` (a
    node), `rank` (0 is critical) and `closes` (that change alone closes that finding). `order` are
    the changes that a row is of: the most severe first, then those with most findings.
    """

    posture: Posture
    changes: tuple[Change, ...]
    rows: pd.DataFrame
    order: np.ndarray

    def by(self, listed: pd.DataFrame) -> np.ndarray:
        """Return the changes (positions) that rows of `listed` findings ask for, in order."""
        ids = listed["id"][is_asking(self.posture, listed)]
        wanted = np.zeros(len(self.changes), bool)
        wanted[self.rows["change"][among(self.rows["id"], ids)]] = True
        return np.asarray(self.order[wanted[self.order]])


@once
def asked(posture: Posture) -> Asked:
    """Pair the changes of a posture with the findings that nobody accepted, once."""
    groups, findings, life = grouped(posture), find_all(posture), lives(posture).rows
    own = findings.iloc[groups.finding]
    rows = pd.DataFrame(
        {
            "change": groups.change,
            "finding": groups.finding,
            "id": own["id"].array,
            "subject": own["subject"].to_numpy(np.int64),
            "rank": own["rank"].to_numpy(np.int64),
            "closes": groups.closes,
        }
    )
    failing = life["id"][life["state"].isin(FAILING)]
    rows = rows[among(rows["id"], failing)].sort_values(["change", "finding"], ignore_index=True)
    return Asked(posture, groups.changes, rows, _order(groups.changes, rows))


def is_seen(posture: Posture, listed: pd.DataFrame) -> pd.Series:
    """Return a mask of the `listed` findings that are there now, and not only in the past."""
    return listed["step"] == len(lives(posture).infos)


def is_asking(posture: Posture, listed: pd.DataFrame) -> pd.Series:
    """Return a mask of the `listed` findings that are there now, and nobody accepted."""
    return listed["state"].isin(FAILING) & is_seen(posture, listed)


def _order(changes: tuple[Change, ...], rows: pd.DataFrame) -> np.ndarray:
    """Return the changes that `rows`, which are sorted by them, are of: see `Asked`."""
    change, first, count = np.unique(
        rows["change"].to_numpy(np.int64), return_index=True, return_counts=True
    )
    rank = np.minimum.reduceat(rows["rank"].to_numpy(np.int64), first) if len(first) else first
    ids = [changes[place].id for place in change.tolist()]
    columns = rank.tolist(), (-count).tolist(), ids, change.tolist()
    return np.array([place for *_, place in sorted(zip(*columns, strict=True))], np.int64)
