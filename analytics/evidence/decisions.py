"""Decision records indexed so that each use can be matched to one.

A record counts for the agent it names. It counts for the identity it was made with as well, where
more than one agent can be behind that identity: a log then names the identity only.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.coverage import stated_by
from analytics.evidence.deciding import ALLOW, DENY, ESCALATE, FOREVER
from analytics.posture import Posture
from analytics.usage.action_levels import levels_of
from analytics.usage.actors import actors
from graph.access import NEVER, flags, milliseconds
from graph.once import once
from graph.schema import DECISION_RECORD, RESOURCE, TOOL

KINDS = {"allow": ALLOW, "deny": DENY, "escalate": ESCALATE}
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
    """Return a mask of the records whose policy version had been replaced by then.

    Versions that are numbers are ordered as such; of any others the one that decided first is the
    oldest. `frame` must be in the order of time.
    """
    if frame.empty:
        return np.zeros(0, bool)
    policy = frame["engine"].fillna("") + "\x1f" + frame["policy_id"]
    known = policy.notna() & frame["policy_version"].notna()
    versions = pd.DataFrame({"policy": policy[known], "version": frame["policy_version"][known]})
    versions["at"] = milliseconds(frame["at"])[known.to_numpy(bool)]
    distinct = versions.drop_duplicates(["policy", "version"]).copy()
    distinct["order"] = np.arange(len(distinct))
    numbered = distinct["version"].str.fullmatch(r"v?\d+(?:\.\d+)*", case=False)
    for _, rows in distinct[numbered.groupby(distinct["policy"]).transform("all")].groupby(
        "policy"
    ):
        parts = rows["version"].str.lstrip("vV").str.split(".").map(lambda p: [*map(int, p)])
        distinct.loc[parts.sort_values(kind="stable").index, "order"] = np.arange(len(rows))
    ranked = versions.merge(distinct[["policy", "version", "order"]], on=["policy", "version"])
    newest = ranked.groupby("policy")["order"].cummax()
    old = np.zeros(len(frame), bool)
    old[np.flatnonzero(known)] = (ranked["order"] < newest).to_numpy(bool)
    return old


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
