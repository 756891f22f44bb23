"""Activity: when each identity, credential, grant and step was last used, and by which fact.

Everything that judges by use reads this module only. A reported use implies others. A use by a
credential is a use of the credential, of the account that it authenticates as, and of the one
accountable identity that can hold it. A use of an account is an act of an agent where no other can
act as it, and a use of the step into the account where there is only one. A use that one of several
identities may have made is attributed to none of them; it is kept apart as a possible use of each,
so that none of them counts as idle, unless its own log covers that time.
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
from analytics.usage.used_ways import Grants, Uses, used_ways
from graph.access import NEVER, AccessGraph
from graph.element import Element, Relationship
from graph.schema import AGENT, CAN_ACCESS, CONTROL, ELEMENTS, GROUP, LEVELS


@dataclass(frozen=True)
class Activity:
    """The last use of each node, step and grant, as a row of `told` (see `sightings`), -1 for none.

    `node` (int32) holds certain uses, by or of the node; `step` (int32) has a position for each row
    of a control relationship, in the order of `CONTROL`; `grant` (int32[rows, 4]) one for each row
    of CAN_ACCESS and level. `node_latest`, `step_latest` and `grant_latest` are the latest instants
    (milliseconds) of a certain or possible use, `NEVER` where no use is known at all.
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
        """The instant of the last use by or of each node (milliseconds), `NEVER` where unknown."""
        return self._at(self.node)

    @cached_property
    def last_granted(self) -> np.ndarray:
        """The instant of the last use of each level of each row of CAN_ACCESS (milliseconds)."""
        return self._at(self.grant)

    @cached_property
    def last_taken(self) -> np.ndarray:
        """The instant of the last use of each row of a control relationship (milliseconds)."""
        return self._at(self.step)

    def steps_of(self, relationship: Relationship) -> slice:
        """Return the slice of the steps that holds the rows of a control relationship."""
        at = CONTROL.index(relationship)
        return slice(int(self.steps.first[at]), int(self.steps.first[at + 1]))

    def left(self, before: AccessGraph, after: AccessGraph) -> "Activity":
        """Return the activity of what remains after a removal; its last uses stay."""
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
        """Return the row of each fact after a removal; -1 for a removed one."""
        row = told["row"].to_numpy(np.int64).copy()
        for element in told["element"].unique().tolist():
            mine = np.flatnonzero((told["element"] == element).to_numpy(bool))
            left = _places(after, before, ELEMENTS[element])
            row[mine] = left[row[mine]]
        return row

    def fact(self, place: int, graph: AccessGraph) -> dict[str, str] | None:
        """Return kind, id, source and scope of a fact, given its row in `told`; None for -1."""
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
    """Return a mask of the instants at most `days` days before `graph.now`."""
    return np.asarray((at != NEVER) & (graph.now - np.where(at == NEVER, 0, at) <= days * DAY))


def _places(into: AccessGraph, of: AccessGraph, element: Element) -> np.ndarray:
    """Return the row in `into` of each row of `of`, matched by id (int64); -1 for none."""
    there = into.frames[element]["id"]
    places = pd.Series(np.arange(len(there)), index=there).groupby(level=0).first()
    return np.asarray(of.frames[element]["id"].map(places).fillna(NONE).to_numpy(np.int64))


def activity(graph: AccessGraph, accountable: np.ndarray) -> Activity:
    """Compute the last use of every node, step and grant; `accountable` are those that act."""
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
    """The last uses of nodes and steps: those that `told` names, then those that they imply."""

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
        use = ["what", "level", "at"]  # a use that a grant reports belongs to no other
        by_grant = pd.MultiIndex.from_frame(seen[use]).isin(pd.MultiIndex.from_frame(own[use]))
        seen = seen[(seen["what"] >= 0).to_numpy(bool) & ~by_grant]
        by_key = seen[seen["key"] >= 0]
        who = np.concatenate([seen["who"], by_key["key"]]).astype(np.int64)
        seen = pd.concat([seen, by_key])
        order = np.argsort(who, kind="stable")
        nodes, steps = len(self.graph.ids), self.steps
        held = np.argsort(holder, kind="stable").astype(np.int32)
        first = np.searchsorted(holder[held], np.arange(nodes + 1))
        grants = Grants(first, held, resource.astype(np.int32), self.graph.levels)
        uses = Uses(
            who=who[order],
            what=seen["what"].to_numpy(np.int64)[order],
            level=seen["level"].to_numpy(np.int64)[order],
            rank=seen.index.to_numpy(np.int32)[order],
        )
        granted, certain, perhaps, passed = used_ways(steps.by_source(nodes), grants, uses)
        watched = steps.watched(self.graph)  # their own log reports their use
        certain[watched] = perhaps[watched] = NONE
        self.step = np.maximum(self.step, certain)
        self.perhaps, self.node = perhaps, np.maximum(self.node, passed)
        return np.asarray(np.maximum(used, granted))

    def upstream(self, accountable: np.ndarray) -> None:
        """Attribute uses to the only identity, and the only steps, that can be behind them.

        Left out are watched steps (their own log reports their use), groups (people among their
        members may be unknown), and agents (one may act without a key).
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
        """Mark the only login of each used credential as used; skip those with several logins."""
        steps, only = self.steps, self.steps.only_login
        used = self.node[steps.source[only]]
        self.step[only] = np.maximum(self.step[only], used)
        np.maximum.at(self.node, steps.target[only], used)

    def latest(
        self, told: pd.DataFrame, grant: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the latest possible use (milliseconds) of each node, step and grant."""
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
    """Return where each use entered: at the credential, if one is named and `who` is no agent."""
    who, key = told["who"].to_numpy(np.int64), told["key"].to_numpy(np.int64)
    return np.where((key >= 0) & ~graph.has_label(AGENT)[who], key, who)


def _several_logins(steps: Steps, told: pd.DataFrame, node: np.ndarray, step: np.ndarray) -> None:
    """Count a use of a credential that names no account as a possible use of each of its logins."""
    unnamed = told[(told["key"] < 0) & (told["step"] < 0)]
    used = np.full(len(node), NEVER)
    np.maximum.at(used, unnamed["who"].to_numpy(), unnamed["at"].to_numpy(np.int64))
    at = used[steps.source]
    login = steps.login
    step[login] = np.maximum(step[login], at[login])
    np.maximum.at(node, steps.target[login], at[login])
