"""What was asked of a policy set in the past: the recorded uses, and the recorded decisions.

A use is asked by the identity that acted, at the level of the use; the use of a tool is a `call`.
What its context was, beyond the instant, only the decision tells that was made about it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.evidence.deciding import AFTERWARDS
from analytics.evidence.decisions import records
from analytics.evidence.matching import uses
from analytics.posture import Posture
from analytics.usage.action_levels import levels_of
from analytics.usage.actors import actors
from graph.instants import milliseconds
from graph.schema import LEVELS, RESOURCE, TOOL

CALL = "call"
NONE = -1
RECORDED = {  # names in the context of a request, and the fields of records that tell them
    "justification": "justification",
    "purpose": "purpose",
    "task": "task_id",
    "risk": "risk_score",
    "on_behalf_of": "on_behalf_of",
    "env": "env",
    "tool": "tool",
}


@dataclass(frozen=True)
class Asked:
    """Requests of the past, and the records that tell their context.

    `rows` has `principal` and `resource` (numbers of nodes), `action` (text, or None where it is
    not known), `level` (a position in `LEVELS`, -1 for none), `at` (milliseconds), `count`, and
    `record` (a row of `records`, -1 for none). A request without a known principal, resource or
    action cannot be judged.
    """

    rows: pd.DataFrame
    records: pd.DataFrame

    @property
    def askable(self) -> np.ndarray:
        """Mask of the requests that can be judged."""
        rows = self.rows
        known = (rows["principal"] >= 0) & (rows["resource"] >= 0) & rows["action"].notna()
        return known.to_numpy(bool)


def asked_by_uses(posture: Posture) -> Asked:
    """Return the requests of all recorded uses, in the order of `evidence.matching.uses`."""
    frame = uses(posture)
    after = (frame["reason"] == AFTERWARDS).to_numpy(bool)
    record = np.where(after, NONE, frame["record"].to_numpy(np.int64))
    level = frame["level"].to_numpy(np.int64)
    resource = frame["resource"].to_numpy(np.int64)
    rows = pd.DataFrame(
        {
            "principal": frame["identity"].to_numpy(np.int64),
            "resource": resource,
            # An object for each distinct action: as text, each use would have its own.
            "action": pd.Series(actions(posture, resource, level), dtype=object),
            "level": level,
            "at": frame["at"].to_numpy(np.int64),
            "count": frame["count"].to_numpy(np.int64),
            "record": record,
        },
        copy=False,  # of the table of uses
    )
    return Asked(rows, records(posture))


def asked_by_decisions(posture: Posture) -> Asked:
    """Return the requests of all recorded decisions, in the order of `evidence.decisions`."""
    frame, graph = records(posture), posture.graph
    subject, made_with = graph.numbers(frame["subject"]), graph.numbers(frame["identity"])
    behind = actors(posture)
    principal = behind.of(subject)
    principal = np.where(principal >= 0, principal, behind.of(made_with))
    resource = graph.numbers(frame["resource"]).astype(np.int64)
    level = levels_of(frame["action"])
    rows = pd.DataFrame(
        {
            "principal": principal,
            "resource": resource,
            "action": pd.Series(actions(posture, resource, level, frame["action"]), dtype=object),
            "level": level,
            "at": milliseconds(frame["at"]),
            "count": 1,
            "record": np.arange(len(frame)),
        }
    )
    return Asked(rows, frame)


def actions(
    posture: Posture,
    resource: np.ndarray,
    level: np.ndarray,
    named: Sequence[str] | pd.Series | None = None,
) -> np.ndarray:
    """Return the action of each request: its level, `call`, or else as it is named itself.

    Parameters
    ----------
    resource, level : int64[n]
        The number of what is used, and the position in `LEVELS`; -1 for unknown ones.
    """
    action: np.ndarray = np.array([*LEVELS, None], object)[level]
    if named is not None:
        action = np.where(level < 0, np.asarray(named, object), action)
    tool = posture.graph.has_label(TOOL) & ~posture.graph.has_label(RESOURCE)
    action[np.append(tool, False)[resource]] = CALL
    return action
