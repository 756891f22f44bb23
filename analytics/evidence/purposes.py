"""Purposes of decisions, compared with the declared purpose of the agent and with its tasks."""

import re

import numpy as np
import pandas as pd

from analytics.evidence.decisions import records
from analytics.evidence.reconciled import decided
from analytics.posture import Posture
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import CAN_ACCESS, IDENTITIES

WORD = re.compile(r"[^\W\d_]+")
SHORT = STEM = 4  # words of fewer letters say little; of longer ones the first letters count


@once
def purpose_of(posture: Posture) -> np.ndarray:
    """Return the declared purpose of each node (dtype object), None where none is (cached)."""
    graph, purpose = posture.graph, np.full(len(posture.graph.ids), None, object)
    for label in IDENTITIES:
        frame = graph.frames[label]
        given = frame["purpose"].notna().to_numpy(bool)
        purpose[graph.numbers(frame["id"][given])] = frame["purpose"][given].to_numpy(object)
    return purpose


def stems(text: str) -> frozenset[str]:
    """Return the beginnings of the words of a purpose, without short words.

    >>> sorted(stems("Closing the monthly books")), sorted(stems("Monthly close"))
    (['book', 'clos', 'mont'], ['clos', 'mont'])
    """
    return frozenset(word[:STEM] for word in WORD.findall(text.casefold()) if len(word) >= SHORT)


def share_a_word(first: str, second: str) -> bool | None:
    """Return whether two purposes share a word; None where one has no word to compare.

    >>> share_a_word("monthly close", "Monthly books"), share_a_word("route tickets", "close")
    (True, False)
    """
    left, right = stems(first), stems(second)
    return not left.isdisjoint(right) if left and right else None


@once
def tasks_ended(posture: Posture) -> np.ndarray:
    """Return when the task of each record ended (int64, milliseconds; cached).

    `NEVER` where no grant states the end of it. Of several grants for a task the last end counts.
    """
    if records(posture).empty:
        return np.zeros(0, np.int64)
    frame = posture.graph.frames[CAN_ACCESS]
    grants = pd.DataFrame({"task": frame["task_id"], "at": milliseconds(frame["task_ended_at"])})
    last = grants[grants["task"].notna() & (grants["at"] != NEVER)].groupby("task")["at"].max()
    place = last.index.get_indexer(pd.Index(records(posture)["task_id"]))
    return np.append(last.to_numpy(np.int64), NEVER)[place]  # -1, for any other task: the last


def compared_purposes(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return masks of the records whose purpose could be compared, and of those that differ."""
    frame, identity = records(posture), decided(posture)["identity"].to_numpy(np.int64)
    if frame.empty:
        return np.zeros(0, bool), np.zeros(0, bool)
    declared = np.append(purpose_of(posture), [None])[identity]  # -1: the last
    pairs = pd.DataFrame({"given": frame["purpose"].to_numpy(object), "declared": declared})
    stated = (pairs["given"].notna() & pairs["declared"].notna()).to_numpy(bool)
    distinct = pairs[stated].drop_duplicates()
    pairs_shared = zip(distinct["given"], distinct["declared"], strict=True)
    shared = pd.array([share_a_word(a, b) for a, b in pairs_shared], dtype="boolean")
    result = pairs.merge(distinct.assign(shared=shared), on=["given", "declared"], how="left")
    known = stated & result["shared"].notna().to_numpy(bool)
    return known, known & ~result["shared"].fillna(True).to_numpy(bool)
