"""Acceptances in force or lapsed at a moment, by the current id of each finding."""

import numpy as np
import pandas as pd

from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.names import Followed
from analytics.posture import Posture
from graph.instants import NEVER, milliseconds
from graph.journal.entries import Acceptance
from graph.schema import FACT_NODES


def in_force(posture: Posture, names: Followed, known: set[str]) -> dict[str, Acceptance]:
    """Return the acceptance in force of each finding, by the current id of the finding.

    If several apply, the one written last counts. `known` are the ids of current findings; an
    acceptance whose id is not among them is matched by another id of the finding at that time.
    """
    acceptances = posture.journal.accepted(posture.graph.as_of) if posture.journal else {}
    return _without_former(posture, _by_finding(list(acceptances.values()), names, known))


def lapsed(posture: Posture, names: Followed, known: set[str]) -> dict[str, Acceptance]:
    """Return the last expired acceptance of each finding, keyed as in `in_force`."""
    as_of = posture.graph.as_of
    acceptances = posture.journal.acceptances() if posture.journal else ()
    over = [
        a
        for a in acceptances
        if a.until <= as_of and (a.withdrawn_at is None or a.withdrawn_at > a.until)
    ]
    return _without_former(posture, _by_finding(over, names, known))


def _by_finding(
    acceptances: list[Acceptance], names: Followed, known: set[str]
) -> dict[str, Acceptance]:
    by_finding: dict[str, Acceptance] = {}
    for entry in sorted(acceptances, key=lambda a: a.number):
        ids = [names.now(i) for i in (entry.finding, *entry.also)]
        by_finding[next((i for i in ids if i in known), ids[0])] = entry
    return by_finding


def _without_former(posture: Posture, by_finding: dict[str, Acceptance]) -> dict[str, Acceptance]:
    """Drop acceptances from before the id of a deleted node was reused for a new one."""
    again = revived(posture) if by_finding else np.zeros(0, np.int64)
    if (again == NEVER).all():
        return by_finding
    rows = find_all(posture)
    rows = rows[rows["id"].isin(by_finding)]
    ends = (rows[c].to_numpy(np.int64) for c in ("subject", "object"))
    subject, other = (np.where(n >= 0, again[n], NEVER) for n in ends)
    since = dict(zip(rows["id"], np.maximum(subject, other).tolist(), strict=True))
    at = milliseconds(pd.Series([a.since for a in by_finding.values()])).tolist()
    return {
        i: by_finding[i]
        for i, when in zip(by_finding, at, strict=True)
        if when >= since.get(i, NEVER)
    }


def revived(posture: Posture) -> np.ndarray:
    """Return when the id of each node was reused (int64 milliseconds), `NEVER` if it was not."""
    graph = posture.graph
    again = np.full(len(graph.ids), NEVER)
    for label in FACT_NODES:
        frame = graph.frames[label]
        if "revived_at" in frame and len(frame):
            again[graph.numbers(frame["id"])] = milliseconds(frame["revived_at"])
    return np.where(again <= graph.now, again, NEVER)
