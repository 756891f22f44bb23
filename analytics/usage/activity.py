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

from analytics.usage.actors import alone
from analytics.usage.identity_steps import Steps
from analytics.usage.logins import numbers_after
from analytics.usage.sightings import NONE, UNUSED_DAYS, sightings
from analytics.usage.used_paths import Grants, Uses, used_paths
from graph.access import AccessGraph, flags
from graph.element import Element, Relationship
from graph.instants import DAY, NEVER
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    CONTROL,
    ELEMENTS,
    GROUP,
    LEVELS,
    USE_EVENT,
    USED,
)


@dataclass(frozen=True)
class Activity:
    """The last use of each node, step and grant, as a row of `uses` (see `sightings`), -1 for none.

    `node` (int32) holds certain uses, by or of the node; `step` (int32) has a position for each row
    of a control relationship, in the order of `CONTROL`; `grant` (int32[rows, 4]) one for each row
    of CAN_ACCESS and level. `node_latest`, `step_latest` and `grant_latest` are the latest instants
    (milliseconds) of a certain or possible use, `NEVER` where no use is known at all.
    """

    uses: pd.DataFrame
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
        number, number_before = numbers_after(before, after), numbers_after(after, before)
        uses = self.uses.copy()
        for name in ("principal", "key", "target"):
            uses[name] = np.append(number, NONE)[uses[name]]
        uses["row"] = self._rows(uses, before, after)
        steps = [_places(before, after, kind) + self.steps_of(kind).start for kind in CONTROL]
        step, grant = np.concatenate(steps), _places(before, after, CAN_ACCESS)
        return Activity(
            uses,
            self.node[number_before],
            self.step[step],
            self.grant[grant],
            self.node_latest[number_before],
            self.step_latest[step],
            self.grant_latest[grant],
            Steps.of(after),
        )

    def _rows(self, uses: pd.DataFrame, before: AccessGraph, after: AccessGraph) -> np.ndarray:
        """Return the row of each fact after a removal; -1 for a removed or later one."""
        row = uses["row"].to_numpy(np.int64).copy()
        later = uses["later"].to_numpy(bool)  # these rows are of the frames with what came later
        row[later] = NONE
        for element in uses["element"].unique().tolist():
            places = np.flatnonzero((uses["element"] == element).to_numpy(bool) & ~later)
            left = _places(after, before, ELEMENTS[element])
            row[places] = left[row[places]]
        return row

    def fact(self, place: int, graph: AccessGraph) -> dict[str, str] | None:
        """Return kind, id, source and scope of a fact, given its row in `uses`; None for -1."""
        if place < 0:
            return None
        row = self.uses.iloc[place]
        element = ELEMENTS[int(row["element"])]
        fact = graph.frames[element].iloc[int(row["row"])]
        known = {"kind": element.name, "id": str(fact["id"]), "source": str(fact["source"])}
        return known | {"scope": str(fact["scope"])}

    def _at(self, place: np.ndarray) -> np.ndarray:
        at = np.append(self.uses["at"].to_numpy(np.int64), NEVER)  # -1: the last
        return np.asarray(at[place])


def lately(graph: AccessGraph, at: np.ndarray, days: int = UNUSED_DAYS) -> np.ndarray:
    """Return a mask of the instants at most `days` days before `graph.now`."""
    return np.asarray((at != NEVER) & (graph.now - np.where(at == NEVER, 0, at) <= days * DAY))


def _places(into: AccessGraph, of: AccessGraph, element: Element) -> np.ndarray:
    """Return the row in `into` of each row of `of`, matched by id (int64); -1 for none."""
    ids = into.frames[element]["id"]
    places = pd.Series(np.arange(len(ids)), index=ids).groupby(level=0).first()
    return np.asarray(of.frames[element]["id"].map(places).fillna(NONE).to_numpy(np.int64))


def activity(graph: AccessGraph, accountable: np.ndarray) -> Activity:
    """Compute the last use of every node, step and grant; `accountable` are those that act."""
    uses, steps = sightings(graph), Steps.of(graph)
    last = _LastUses(graph, steps, uses[~uses["later"]])
    grant, perhaps = last.over_paths(), last.of_any_level()
    last.upstream(accountable)
    last.logins()
    node_latest, step_latest, grant_latest = last.latest(uses, grant, perhaps)
    return Activity(
        uses, last.node, last.step, grant, node_latest, step_latest, grant_latest, steps
    )


class _LastUses:
    """The last uses of nodes and steps: those in `uses`, then those that they imply."""

    def __init__(self, graph: AccessGraph, steps: Steps, uses: pd.DataFrame) -> None:
        self.graph, self.steps, self.uses = graph, steps, uses
        self.node = np.full(len(graph.ids), NONE, np.int32)
        self.step = np.full(len(steps), NONE, np.int32)
        self.perhaps = self.step.copy()
        rank = uses.index.to_numpy(np.int32)
        for name in ("principal", "key"):
            self._note(self.node, uses[name].to_numpy(), rank)
        own = uses["step"].to_numpy()
        self._note(self.step, own, rank)
        taken = (own >= 0) & (uses["target"] >= 0).to_numpy()
        self._note(self.node, uses["target"].to_numpy()[taken], rank[taken])
        self._note(self.step, *steps.of_keys(uses))
        self.entry = np.full(len(self.node), NONE, np.int32)
        self._note(self.entry, _entered(graph, uses), rank)

    def _note(self, ranks: np.ndarray, at: np.ndarray, rank: np.ndarray) -> None:
        np.maximum.at(ranks, at[at >= 0], rank[at >= 0])

    def over_paths(self) -> np.ndarray:
        """Return the last use of each grant by level, and note the steps that led to it."""
        used = np.full((len(self.graph.frames[CAN_ACCESS]), len(LEVELS)), NONE, np.int32)
        own = self.uses[self.uses["grant"] >= 0]
        rank = own.index.to_numpy(np.int32)
        np.maximum.at(used, (own["grant"].to_numpy(), own["level"].to_numpy()), rank)
        seen = self.uses[(self.uses["grant"] < 0) & (self.uses["level"] >= 0)]
        use = ["target", "level", "at"]  # a use that a grant reports belongs to no other
        by_grant = pd.MultiIndex.from_frame(seen[use]).isin(pd.MultiIndex.from_frame(own[use]))
        seen = seen[(seen["target"] >= 0).to_numpy(bool) & ~by_grant]
        granted, certain, perhaps, passed = self._paths(seen)
        self.step = np.maximum(self.step, certain)
        self.perhaps, self.node = perhaps, np.maximum(self.node, passed)
        return np.asarray(np.maximum(used, granted))

    def of_any_level(self) -> np.ndarray:
        """Return the last possible use of each grant by level, by logs that state no level.

        It may have been a use of each level, and so of the steps that lead to it; not of a grant
        whose own row states that its use is observed.
        """
        logged = self.uses["element"].isin([ELEMENTS.index(USED), ELEMENTS.index(USE_EVENT)])
        unknown = logged & (self.uses["level"] < 0) & (self.uses["target"] >= 0)
        if not unknown.any():
            return np.full((len(self.graph.frames[CAN_ACCESS]), len(LEVELS)), NONE, np.int32)
        seen = self.uses[unknown]
        every = [seen.assign(level=np.int8(level)) for level in range(len(LEVELS))]
        granted, certain, perhaps, _ = self._paths(pd.concat(every))
        granted[flags(self.graph.frames[CAN_ACCESS]["telemetry"])] = NONE
        self.perhaps = np.maximum(self.perhaps, np.maximum(certain, perhaps))
        return granted

    def _paths(self, seen: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the grants, steps and nodes that uses rest on; see `used_paths`."""
        holder, resource = self.graph.ends(CAN_ACCESS)
        by_key = seen[seen["key"] >= 0]
        principal = np.concatenate([seen["principal"], by_key["key"]]).astype(np.int64)
        seen = pd.concat([seen, by_key])
        order = np.argsort(principal, kind="stable")
        nodes, steps = len(self.graph.ids), self.steps
        by_holder = np.argsort(holder, kind="stable").astype(np.int32)
        first = np.searchsorted(holder[by_holder], np.arange(nodes + 1))
        grants = Grants(first, by_holder, resource.astype(np.int32), self.graph.levels)
        uses = Uses(
            actor=principal[order],
            used=seen["target"].to_numpy(np.int64)[order],
            level=seen["level"].to_numpy(np.int64)[order],
            rank=seen.index.to_numpy(np.int32)[order],
        )
        granted, certain, perhaps, passed = used_paths(steps.by_source(nodes), grants, uses)
        watched = steps.watched(self.graph)  # their own log reports their use
        certain[watched] = perhaps[watched] = NONE
        return granted, certain, perhaps, passed

    def upstream(self, accountable: np.ndarray) -> None:
        """Attribute uses to the only identity, and the only steps, that can be behind them.

        Left out are watched steps (their own log reports their use), groups (people among their
        members may be unknown), and agents (one may act without a key).
        """
        agent = self.graph.has_label(AGENT)
        itself = agent.copy()
        itself[accountable] = True
        identity = alone(self.graph, self.steps, accountable)
        watched = self.steps.watched(self.graph)
        entered = self.graph.has_label(GROUP)
        entered[self.steps.target[watched]] = True
        named = np.flatnonzero((self.entry >= 0) & (identity >= 0) & ~itself & ~entered)
        np.maximum.at(self.node, identity[named], self.entry[named])
        came, steps = self.entry.copy(), self.steps
        only = steps.is_only & ~agent[steps.target] & ~watched
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
        self, uses: pd.DataFrame, grant: np.ndarray, perhaps: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the latest possible use (milliseconds) of each node, step and grant."""
        at, steps, graph = np.append(uses["at"].to_numpy(np.int64), NEVER), self.steps, self.graph
        step = at[np.maximum(self.step, self.perhaps)]
        used_at = uses["at"].to_numpy(np.int64)
        node = np.full(len(self.node), NEVER)
        np.maximum.at(node, _entered(graph, uses), used_at)
        of_step = uses["step"].to_numpy()
        np.maximum.at(step, of_step[of_step >= 0], used_at[of_step >= 0])
        _several_logins(steps, uses, node, step)
        reported_until = steps.reported_until(graph)
        kept = np.flatnonzero(steps.kept)
        source, target, until = steps.source[kept], steps.target[kept], reported_until[kept]
        while True:
            before = node.copy()
            may = np.where(before[target] > until, before[target], NEVER)
            np.maximum.at(node, source, may)
            if np.array_equal(before, node):
                break
        step[kept] = np.maximum(step[kept], may)
        own = uses[uses["grant"] >= 0]
        of_grant = np.maximum(at[grant], at[perhaps])
        places = own["grant"].to_numpy(), own["level"].to_numpy()
        np.maximum.at(of_grant, places, own["at"].to_numpy(np.int64))
        return np.maximum(node, at[self.node]), step, of_grant


def _entered(graph: AccessGraph, uses: pd.DataFrame) -> np.ndarray:
    """Return where each use entered: at its key, except uses by agents or without a key."""
    principal, key = uses["principal"].to_numpy(np.int64), uses["key"].to_numpy(np.int64)
    return np.where((key >= 0) & ~graph.has_label(AGENT)[principal], key, principal)


def _several_logins(steps: Steps, uses: pd.DataFrame, node: np.ndarray, step: np.ndarray) -> None:
    """Count a use of a credential that names no account as a possible use of each of its logins."""
    unnamed = uses[(uses["key"] < 0) & (uses["step"] < 0)]
    used = np.full(len(node), NEVER)
    np.maximum.at(used, unnamed["principal"].to_numpy(), unnamed["at"].to_numpy(np.int64))
    at = used[steps.source]
    login = steps.login
    step[login] = np.maximum(step[login], at[login])
    np.maximum.at(node, steps.target[login], at[login])
