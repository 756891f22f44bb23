"""Activity: when each identity, credential, grant and step was last used, and which fact says so.

Whoever judges by use reads this and nothing else. A fact tells more than it names. A use by a
key is a use of the key, of the account that it authenticates as, and of the one accountable
identity that can hold it. A use of an account is the act of an agent where no other can act as
it, and a use of the step by which it was taken where there is no other. What one of several did
is nobody's act for certain: it is told apart as what each of them may have done, so that none of
them is called idle. Nor is it theirs where their own log covers the time and says otherwise.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.ownership.owners import DAY
from analytics.usage.actors import alone
from analytics.usage.identity_steps import Steps
from analytics.usage.logins import numbers_after
from analytics.usage.sightings import NONE, UNUSED_DAYS, sightings
from analytics.usage.used_ways import used_ways
from graph.access import NEVER, AccessGraph, level_bits
from graph.element import Element, Relationship
from graph.schema import AGENT, CAN_ACCESS, CONTROL, ELEMENTS, GROUP, LEVELS


@dataclass(frozen=True)
class Activity:
    """The last use of everything, as places in `told` (see `sightings`), -1 for none.

    `node` (int32) says who certainly acted, or was used; `step` (int32) is for every row of a
    control relationship, those in the order of `CONTROL`; `grant` (int32[rows, 4]) for every
    row of CAN_ACCESS, by level. `node_latest`, `step_latest` and `grant_latest` are the instants
    (milliseconds) until which it may have been used; before `NEVER` no use is known at all.
    """

    told: pd.DataFrame
    node: np.ndarray
    step: np.ndarray
    grant: np.ndarray
    node_latest: np.ndarray
    step_latest: np.ndarray
    grant_latest: np.ndarray
    steps: Steps

    @cached_property
    def last_active(self) -> np.ndarray:
        """When each node was last seen acting or used (milliseconds), `NEVER` where unknown."""
        return self._at(self.node)

    @cached_property
    def last_granted(self) -> np.ndarray:
        """When each level of each row of CAN_ACCESS was last used (milliseconds)."""
        return self._at(self.grant)

    @cached_property
    def last_taken(self) -> np.ndarray:
        """When each row of a control relationship was last used (milliseconds)."""
        return self._at(self.step)

    def steps_of(self, relationship: Relationship) -> slice:
        """Return where the rows of a control relationship are among the steps."""
        at = CONTROL.index(relationship)
        return slice(int(self.steps.first[at]), int(self.steps.first[at + 1]))

    def left(self, before: AccessGraph, after: AccessGraph) -> "Activity":
        """Return what was seen of what is still there after a removal: it stays seen."""
        number, there = numbers_after(before, after), numbers_after(after, before)
        told = self.told.copy()
        for name in ("who", "key", "what"):
            told[name] = np.append(number, NONE)[told[name]]
        told["row"] = self._rows(told, before, after)
        steps = [_places(before, after, kind) + self.steps_of(kind).start for kind in CONTROL]
        step, grant = np.concatenate(steps), _places(before, after, CAN_ACCESS)
        return Activity(
            told,
            self.node[there],
            self.step[step],
            self.grant[grant],
            self.node_latest[there],
            self.step_latest[step],
            self.grant_latest[grant],
            Steps.of(after),
        )

    def _rows(self, told: pd.DataFrame, before: AccessGraph, after: AccessGraph) -> np.ndarray:
        """Return the row that each fact has after a removal; -1 for one that is gone."""
        row = told["row"].to_numpy(np.int64).copy()
        for element in told["element"].unique().tolist():
            mine = np.flatnonzero((told["element"] == element).to_numpy(bool))
            left = _places(after, before, ELEMENTS[element])
            row[mine] = left[row[mine]]
        return row

    def fact(self, place: int, graph: AccessGraph) -> dict[str, str] | None:
        """Return the kind, the id and the source of a fact of `told`; None for -1."""
        if place < 0:
            return None
        row = self.told.iloc[place]
        element = ELEMENTS[int(row["element"])]
        said = graph.frames[element].iloc[int(row["row"])]
        known = {"kind": element.name, "id": str(said["id"]), "source": str(said["source"])}
        return known | {"scope": str(said["scope"])}

    def _at(self, place: np.ndarray) -> np.ndarray:
        at = np.append(self.told["at"].to_numpy(np.int64), NEVER)  # -1: the last
        return np.asarray(at[place])


def lately(graph: AccessGraph, at: np.ndarray, days: int = UNUSED_DAYS) -> np.ndarray:
    """Return which instants are at most so many days before the moment looked at (bool)."""
    return np.asarray((at != NEVER) & (graph.now - np.where(at == NEVER, 0, at) <= days * DAY))


def _places(into: AccessGraph, of: AccessGraph, element: Element) -> np.ndarray:
    """Return where the rows of an element of one graph are in the other; -1 for none."""
    there = into.frames[element]["id"]
    places = pd.Series(np.arange(len(there)), index=there).groupby(level=0).first()
    return np.asarray(of.frames[element]["id"].map(places).fillna(NONE).to_numpy(np.int64))


def activity(graph: AccessGraph, accountable: np.ndarray) -> Activity:
    """Work out when everything was last used; `accountable` are the identities that act."""
    told, steps = sightings(graph), Steps.of(graph)
    found = _Found(graph, steps, told[~told["later"]])
    grant = found.over_ways()
    found.upstream(accountable)
    found.logins()
    node_latest, step_latest, grant_latest = found.latest(told, grant)
    return Activity(
        told, found.node, found.step, grant, node_latest, step_latest, grant_latest, steps
    )


class _Found:
    """What `told` tells of nodes and steps: directly at first, then of all that it implies."""

    def __init__(self, graph: AccessGraph, steps: Steps, told: pd.DataFrame) -> None:
        self.graph, self.steps, self.told = graph, steps, told
        self.node = np.full(len(graph.ids), NONE, np.int32)
        self.step = np.full(len(steps), NONE, np.int32)
        self.perhaps = self.step.copy()
        rank = told.index.to_numpy(np.int32)
        for name in ("who", "key"):
            self._note(self.node, told[name].to_numpy(), rank)
        own = told["step"].to_numpy()
        self._note(self.step, own, rank)
        taken = (own >= 0) & (told["what"] >= 0).to_numpy()
        self._note(self.node, told["what"].to_numpy()[taken], rank[taken])
        self._note(self.step, *steps.of_keys(told))
        self.entry = np.full(len(self.node), NONE, np.int32)
        self._note(self.entry, _entered(graph, told), rank)

    def _note(self, ranks: np.ndarray, at: np.ndarray, rank: np.ndarray) -> None:
        np.maximum.at(ranks, at[at >= 0], rank[at >= 0])

    def over_ways(self) -> np.ndarray:
        """Return the last use of each grant by level, and note the steps that led to it."""
        frame, (holder, resource) = self.graph.frames[CAN_ACCESS], self.graph.ends(CAN_ACCESS)
        used = np.full((len(frame), len(LEVELS)), NONE, np.int32)
        own = self.told[self.told["grant"] >= 0]
        rank = own.index.to_numpy(np.int32)
        np.maximum.at(used, (own["grant"].to_numpy(), own["level"].to_numpy()), rank)
        seen = self.told[(self.told["grant"] < 0) & (self.told["level"] >= 0)]
        use = ["what", "level", "at"]  # of what a grant itself tells, no other was used
        by_grant = pd.MultiIndex.from_frame(seen[use]).isin(pd.MultiIndex.from_frame(own[use]))
        seen = seen[(seen["what"] >= 0).to_numpy(bool) & ~by_grant]
        by_key = seen[seen["key"] >= 0]
        who = np.concatenate([seen["who"], by_key["key"]]).astype(np.int64)
        seen = pd.concat([seen, by_key])
        order = np.argsort(who, kind="stable")
        nodes, steps = len(self.graph.ids), self.steps
        held = np.argsort(holder, kind="stable").astype(np.int32)
        granted, certain, perhaps, passed = used_ways(
            *steps.by_source(nodes),
            np.searchsorted(holder[held], np.arange(nodes + 1)),
            *(held, resource.astype(np.int32), level_bits(frame["levels"])),
            *(who[order], seen["what"].to_numpy(np.int64)[order]),
            *(seen["level"].to_numpy(np.int64)[order], seen.index.to_numpy(np.int32)[order]),
        )
        watched = steps.watched(self.graph)  # such a step tells for itself
        certain[watched] = perhaps[watched] = NONE
        self.step = np.maximum(self.step, certain)
        self.perhaps, self.node = perhaps, np.maximum(self.node, passed)
        return np.asarray(np.maximum(used, granted))

    def upstream(self, accountable: np.ndarray) -> None:
        """Note who acted, and over which steps, where there is only one who can have.

        A step whose own use would be seen tells for itself, of a group's members people may be
        unknown, and an agent may act without a key.
        """
        agent = self.graph.has_label(AGENT)
        itself = agent.copy()
        itself[accountable] = True
        one = alone(self.graph, self.steps, accountable)
        watched = self.steps.watched(self.graph)
        entered = self.graph.has_label(GROUP)
        entered[self.steps.target[watched]] = True
        named = np.flatnonzero((self.entry >= 0) & (one >= 0) & ~itself & ~entered)
        np.maximum.at(self.node, one[named], self.entry[named])
        came, steps = self.entry.copy(), self.steps
        only = steps.only_way & ~agent[steps.target] & ~watched
        only &= ~self.graph.has_label(GROUP)[steps.target]
        source, target = steps.source[only], steps.target[only]
        while True:
            before = came.copy()
            np.maximum.at(came, source, before[target])
            if np.array_equal(before, came):
                break
        self.step[only] = np.maximum(self.step[only], came[target])
        self.node = np.maximum(self.node, came)

    def logins(self) -> None:
        """Note the login of every key that was used, where it has only one."""
        steps, only = self.steps, self.steps.only_login
        used = self.node[steps.source[only]]
        self.step[only] = np.maximum(self.step[only], used)
        np.maximum.at(self.node, steps.target[only], used)

    def latest(
        self, told: pd.DataFrame, grant: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return until when each node, step and grant may have been used (milliseconds)."""
        at, steps, graph = np.append(told["at"].to_numpy(np.int64), NEVER), self.steps, self.graph
        step = at[np.maximum(self.step, self.perhaps)]
        said = told["at"].to_numpy(np.int64)
        node = np.full(len(self.node), NEVER)
        np.maximum.at(node, _entered(graph, told), said)
        of_step = told["step"].to_numpy()
        np.maximum.at(step, of_step[of_step >= 0], said[of_step >= 0])
        _several_logins(steps, told, node, step)
        told_until = steps.told_until(graph)
        kept = np.flatnonzero(steps.kept)
        source, target, until = steps.source[kept], steps.target[kept], told_until[kept]
        while True:
            before = node.copy()
            may = np.where(before[target] > until, before[target], NEVER)
            np.maximum.at(node, source, may)
            if np.array_equal(before, node):
                break
        step[kept] = np.maximum(step[kept], may)
        own = told[told["grant"] >= 0]
        of_grant = at[grant]
        places = own["grant"].to_numpy(), own["level"].to_numpy()
        np.maximum.at(of_grant, places, own["at"].to_numpy(np.int64))
        return np.maximum(node, at[self.node]), step, of_grant


def _entered(graph: AccessGraph, told: pd.DataFrame) -> np.ndarray:
    """Return where each use came in: by the key, if one is named, unless an agent is."""
    who, key = told["who"].to_numpy(np.int64), told["key"].to_numpy(np.int64)
    return np.where((key >= 0) & ~graph.has_label(AGENT)[who], key, who)


def _several_logins(steps: Steps, told: pd.DataFrame, node: np.ndarray, step: np.ndarray) -> None:
    """Let a use of a key that names no account count for each of its logins."""
    unnamed = told[(told["key"] < 0) & (told["step"] < 0)]
    used = np.full(len(node), NEVER)
    np.maximum.at(used, unnamed["who"].to_numpy(), unnamed["at"].to_numpy(np.int64))
    at = used[steps.source]
    login = steps.login
    step[login] = np.maximum(step[login], at[login])
    np.maximum.at(node, steps.target[login], at[login])
