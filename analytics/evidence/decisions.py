"""Decision records indexed so that each use can be matched to one.

A record counts for the agent it names. It counts for the identity it was made with as well, where
more than one agent can be behind that identity: a log then names the identity only.
"""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.coverage import stated_by
from analytics.evidence.deciding import ALLOW, DENY, ESCALATE, FOREVER
from analytics.posture import Posture
from analytics.usage.action_levels import levels_of
from analytics.usage.actors import actors
from graph.access import flags
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import DECISION_RECORD, RESOURCE, TOOL
from graph.values import UNIT_SEPARATOR

KINDS = {"allow": ALLOW, "deny": DENY, "escalate": ESCALATE}
NUMBER = re.compile(r"v?[0-9]{1,18}(?:\.[0-9]{1,18})*", re.IGNORECASE)  # a version that is one
IDENTIFYING = ["id", "at", "subject", "resource", "action", "decision"]


@dataclass(frozen=True)
class Decisions:
    """Decisions up to the moment of the graph, one position in each array for each actor it is for.

    `frame` holds the records, in the order of time; `record` (int64) is the row of each decision in
    it. `actor` and `resource` are numbers of nodes. `at` and `expires` are milliseconds. `level`,
    `kind` and `old` are as in `analytics.evidence.deciding`; `action` is in lower case,
    `correlation` as given.
    """

    frame: pd.DataFrame
    record: np.ndarray
    actor: np.ndarray
    resource: np.ndarray
    at: np.ndarray
    level: np.ndarray
    kind: np.ndarray
    expires: np.ndarray
    old: np.ndarray
    single: np.ndarray
    action: pd.Series
    correlation: pd.Series

    def __len__(self) -> int:
        """Count the decisions."""
        return len(self.record)


@once
def records(posture: Posture) -> pd.DataFrame:
    """Return the decision records up to the moment of the graph, each once, in the order of time.

    A refusal follows a permission of the same instant.
    """
    frame = posture.graph.frames[DECISION_RECORD]
    frame = frame[milliseconds(frame["at"]) <= posture.graph.now]
    if frame.empty:
        return frame.reset_index(drop=True)
    kind = frame["decision"].map(KINDS).astype(float)
    ordered = frame.assign(_kind=kind % ESCALATE).sort_values(["at", "_kind", "id"], kind="stable")
    return ordered.drop_duplicates(IDENTIFYING).drop(columns="_kind").reset_index(drop=True)


def decisions(posture: Posture) -> Decisions:
    """Return the decisions about known actors and resources; see `Decisions`."""
    frame, graph, behind = records(posture), posture.graph, actors(posture)
    subject, made_with = graph.numbers(frame["subject"]), graph.numbers(frame["identity"])
    actor, other = behind.of(subject), behind.of(made_with)
    actor = np.where(actor >= 0, actor, other)
    open_to_several = (made_with >= 0) & (other == made_with) & (other != actor)
    record = np.arange(len(frame))
    record = np.concatenate([record, record[open_to_several]])
    actor = np.concatenate([actor, other[open_to_several]])
    resource = graph.numbers(frame["resource"])[record]
    known = (actor >= 0) & (resource >= 0)
    record = record[known]
    rows = frame.iloc[record]
    until = milliseconds(rows["justification_expires_at"])
    return Decisions(
        frame,
        record,
        actor[known],
        resource[known],
        milliseconds(rows["at"]),
        levels_of(rows["action"]),
        rows["decision"].map(KINDS).to_numpy(np.int64),
        np.where(until == NEVER, FOREVER, until),
        out_of_date(frame)[record],
        flags(rows["single_use"]),
        rows["action"].str.lower(),
        rows["correlation_id"],
    )


def out_of_date(frame: pd.DataFrame) -> np.ndarray:
    """Return a mask of the records whose policy version had been replaced before them.

    Versions that are numbers are ordered as such; of any others the one that decided first is the
    oldest. One of the very instant of its successor was current. `frame` must be in the order of
    time.
    """
    if frame.empty:
        return np.zeros(0, bool)
    policy = frame["engine"].fillna("") + UNIT_SEPARATOR + frame["policy_id"]
    rows = np.flatnonzero(policy.notna() & frame["policy_version"].notna())
    of_policy, _ = pd.factorize(policy.iloc[rows])
    of_version, versions = pd.factorize(frame["policy_version"].iloc[rows])
    order = _ages(of_policy, of_version, list(map(str, versions)))
    dated = pd.DataFrame({"policy": of_policy, "at": milliseconds(frame["at"])[rows]})
    newest = pd.Series(order).groupby(of_policy).cummax().groupby(of_policy).shift(fill_value=-1)
    before = newest.groupby([dated["policy"], dated["at"]]).transform("first")
    old = np.zeros(len(frame), bool)
    old[rows] = order < before.to_numpy(np.int64)
    return old


def _ages(of_policy: np.ndarray, of_version: np.ndarray, versions: list[str]) -> np.ndarray:
    """Return for each record a number (int64) that is larger for a later version of its policy."""
    numbers = [_number(version) for version in versions]
    known = {number: at for at, number in enumerate(sorted({n for n in numbers if n is not None}))}
    rank = np.array([-1 if n is None else known[n] for n in numbers], np.int64)
    named = np.ones(of_policy.max(initial=-1) + 1, bool)
    named[of_policy[rank[of_version] < 0]] = False
    first, _ = pd.factorize(of_policy.astype(np.int64) * max(len(versions), 1) + of_version)
    return np.asarray(np.where(named[of_policy], rank[of_version], first), np.int64)


def _number(version: str) -> tuple[int, ...] | None:
    """Return the parts of a version that is a number, without zeros at its end."""
    if not NUMBER.fullmatch(version):
        return None
    parts = [int(part) for part in version.lstrip("vV").split(".")]
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return tuple(parts)


def watched(posture: Posture, resource: np.ndarray, actor: np.ndarray) -> np.ndarray:
    """Return a mask of the uses whose decision would have been recorded.

    That is so where a scope that states the actor declares decisions, and where any record names
    the actor, the resource or its parent. Elsewhere the decisions are unknown.
    """
    graph, frame = posture.graph, records(posture)
    if "decisions" not in graph.declared:
        return np.zeros(len(resource), bool)
    known = stated_by(graph, "decisions")
    named = np.zeros(len(graph.ids), bool)
    behind = actors(posture)
    for column in ("subject", "identity"):
        number = graph.numbers(frame[column])
        named[behind.of(number)[number >= 0]] = True
    guarded = np.zeros(len(graph.ids), bool)
    number = graph.numbers(frame["resource"])
    guarded[number[number >= 0]] = True
    above = parents(posture)[resource]
    return np.asarray(
        known[actor] | named[actor] | guarded[resource] | ((above >= 0) & guarded[above])
    )


def parents(posture: Posture) -> np.ndarray:
    """Return for each node the number of the resource that contains it, -1 for none."""
    graph = posture.graph
    above = np.full(len(graph.ids), -1, np.int64)
    frame = graph.frames[RESOURCE]
    inner, outer = graph.numbers(frame["id"]), graph.numbers(frame["parent_id"])
    above[inner] = np.where(outer == inner, -1, outer)
    return above


def usable(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes that can be used."""
    return posture.graph.has_label(RESOURCE, TOOL)
