"""The pace of reviewers: the time that a decision takes, and approvals in batches.

Only decisions with a time of day tell anything of it: those of the journal, by the clock of when
they were written, and those of sources that date them to less than a day.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.reviews import APPROVE
from analytics.posture import Posture
from graph.coverage import JOURNAL
from graph.instants import DAY, NEVER, milliseconds
from graph.once import once
from graph.schema import REVIEW

SECOND = 1_000  # milliseconds
PAUSE = 30 * 60 * SECOND  # a longer gap is no time that a decision took
BATCH_GAP, BATCH_SIZE = 10 * SECOND, 3  # approvals that follow each other as fast, and as many
LEAST = 5  # gaps from which a time is taken to be known


@dataclass(frozen=True)
class Pace:
    """The decisions of which the time of day is known, and their sequences.

    `events` has `by` (an id), `at` (milliseconds), `decision`, `gap` (milliseconds since the
    decision of the same person before; NaN for the first, and after a pause) and `batch` (the
    number of a batch of approvals, -1 for none), by person and time. `undated` counts the
    decisions of which it is not known.
    """

    events: pd.DataFrame
    undated: int

    def seconds(self, by: str | None = None) -> float | None:
        """Return the median time of a decision, by a person or all; None if too few are known."""
        rows = self.events if by is None else self.events[self.events["by"] == by]
        gaps = rows["gap"].dropna()
        return float(gaps.median()) / SECOND if len(gaps) >= LEAST else None


@once
def pace(posture: Posture) -> Pace:
    """Return the pace of the decisions up to the moment of a posture (cached)."""
    by_source, undated = _of_sources(posture)
    events = pd.concat([by_source, _of_journal(posture)], ignore_index=True)
    events = events.sort_values(["by", "at"], kind="stable", ignore_index=True)
    gap = events.groupby("by")["at"].diff().astype(float)
    events["gap"] = gap.where(gap <= PAUSE)
    events["batch"] = _batches(events)
    return Pace(events, undated)


def _of_sources(posture: Posture) -> tuple[pd.DataFrame, int]:
    graph = posture.graph
    frame = graph.frames[REVIEW]
    at = milliseconds(frame["decided_at"])
    kept = (at != NEVER) & (at <= graph.now) & (frame["source"] != JOURNAL).to_numpy(bool)
    dated = kept & (at % DAY != 0) & frame["decided_by"].notna().to_numpy(bool)
    columns = {"by": frame["decided_by"].astype(object), "at": at, "decision": frame["decision"]}
    return pd.DataFrame(columns)[dated], int((kept & ~dated).sum())


def _of_journal(posture: Posture) -> pd.DataFrame:
    entries = posture.journal.reviews() if posture.journal is not None else ()
    stated = [entry for entry in entries if entry.holds(posture.graph.as_of)]
    at = milliseconds(pd.Series([entry.at for entry in stated], dtype="datetime64[ms, UTC]"))
    by, decision = [entry.by for entry in stated], [entry.decision for entry in stated]
    return pd.DataFrame({"by": by, "at": at, "decision": decision})


def _batches(events: pd.DataFrame) -> np.ndarray:
    """Return the number of the batch of each decision; -1 for none."""
    approves = (events["decision"] == APPROVE).to_numpy(bool)
    follows = (events["gap"] <= BATCH_GAP).to_numpy(bool) & approves
    follows &= np.append([False], approves[:-1]) if len(events) else follows
    run = np.cumsum(~follows)
    large = np.bincount(run, minlength=1)[run] >= BATCH_SIZE
    return np.where(approves & large, run, -1)


def batches(of: Pace) -> pd.DataFrame:
    """Return the batches of approvals, the fastest first.

    Returns
    -------
    DataFrame
        `by` (an id), `since` and `until` (milliseconds), `decisions` (a count) and
        `seconds_per_item`.
    """
    rows = of.events[of.events["batch"] >= 0].groupby("batch", sort=True)
    frame = pd.DataFrame(
        {
            "by": rows["by"].first(),
            "since": rows["at"].min(),
            "until": rows["at"].max(),
            "decisions": rows.size(),
        }
    )
    span = (frame["until"] - frame["since"]) / SECOND
    frame["seconds_per_item"] = span / (frame["decisions"] - 1)
    return frame.sort_values(["seconds_per_item", "by"], kind="stable", ignore_index=True)
