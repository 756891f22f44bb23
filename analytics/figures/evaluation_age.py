"""Evaluation age: when a read last covered each identity, and so its posture was evaluated."""

import numpy as np
import pandas as pd

from analytics.posture import Posture
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import IDENTITIES

INSTANT = "datetime64[ms, UTC]"
POSTURE_KINDS = frozenset(("grants", "owners", "scope", "reviews", "credentials"))


@once
def evaluated_at(posture: Posture) -> np.ndarray:
    """Return when a read last covered each identity (int64, milliseconds), `NEVER` if none did.

    A read covers an identity if it states it and declares facts that a posture rests on; a log that
    only names one does not. What a read of a part did not mention counts from the read that did.
    Before that read it is not known when there was one.
    """
    graph = posture.graph
    at = np.full(len(graph.ids), NEVER)
    taken = {c.key: c.taken_at for c in graph.coverage if POSTURE_KINDS & set(c.declares)}
    for label in IDENTITIES:
        frame = graph.facts.frames[label]
        codes, scopes = pd.MultiIndex.from_frame(frame[["source", "scope"]]).factorize()
        instants = pd.Series([taken.get(key, pd.NaT) for key in scopes], dtype=INSTANT)
        read_at = pd.Series(instants.array.take(codes), index=frame.index)
        seen = frame["last_seen"].where(read_at.notna(), pd.NaT).fillna(read_at)
        numbers = graph.numbers(frame["id"])
        known = numbers >= 0
        np.maximum.at(at, numbers[known], milliseconds(seen)[known])
    return np.where(at <= graph.now, at, NEVER)
