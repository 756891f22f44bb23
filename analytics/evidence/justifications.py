"""Justifications: which permissions have one, and which share their words with others."""

import numpy as np
import pandas as pd

from analytics.evidence.decisions import records
from analytics.posture import Posture
from graph.once import once
from graph.values import UNIT_SEPARATOR

ALIKE = 3  # so many occasions of equal words make a template: twice may be chance
NO_LETTER = r"[\W\d_]+"


@once
def templates(posture: Posture) -> np.ndarray:
    """Return a mask of the records whose justification has the words of others (cached).

    Words are compared without numbers, signs and case. Records of one task are one occasion, and a
    justification that names the record's own task is about that task, whatever its other words.
    """
    frame = records(posture)
    if frame.empty:
        return np.zeros(0, bool)
    words = (
        frame["justification"].str.casefold().str.replace(NO_LETTER, " ", regex=True).str.strip()
    )
    words = words.mask(_names_task(frame))
    own = UNIT_SEPARATOR + pd.Series(np.arange(len(frame)), index=frame.index).astype("string")
    occasion = frame["task_id"].fillna(own)
    distinct = pd.DataFrame({"words": words, "occasion": occasion}).dropna().drop_duplicates()
    counts = distinct["words"].value_counts()
    return np.asarray((words.map(counts).fillna(0) >= ALIKE).to_numpy(bool))


def _names_task(frame: pd.DataFrame) -> np.ndarray:
    """Return a mask of the records whose justification holds their own task id."""
    mask = (frame["task_id"].notna() & frame["justification"].notna()).to_numpy(bool, copy=True)
    texts, tasks = frame["justification"][mask], frame["task_id"][mask]
    mask[mask] = [bool(task) and task in text for text, task in zip(texts, tasks, strict=True)]
    return np.asarray(mask)
