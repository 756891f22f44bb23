"""The two ends of a comparison: one numbering of the nodes of both, and what both could show."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.answers.board.scope import Scope, scope_of
from analytics.changes.common_ground import common_ground
from analytics.debt.groups import NONE, team_of_nodes
from analytics.findings.evaluation import failed
from analytics.posture import Posture, assess
from analytics.runtime.faults import Faults
from analytics.selectors import crown_jewels
from graph.access import AccessGraph
from graph.identity.renamed_ids import RenamedIds
from graph.schema import AGENT


@dataclass(frozen=True)
class Sides:
    """The postures at the two ends, the earlier first.

    Every node of either end has one place: the nodes of the later end first, in their order, then
    those that only the earlier end has. A node with another id than before has one place.
    """

    before: Posture
    after: Posture

    @property
    def ends(self) -> tuple[Posture, Posture]:
        """Both postures."""
        return self.before, self.after

    @cached_property
    def renamed(self) -> RenamedIds:
        """The ids of the earlier end in the later one."""
        return RenamedIds(self.before.graph, self.after.graph)

    @cached_property
    def _ids(self) -> pd.Index:
        own = np.array(self.after.graph.ids.to_pylist(), object)
        ids: pd.Index = pd.Index(np.append(own, self._earlier[self._only_before]))
        return ids

    @cached_property
    def _earlier(self) -> np.ndarray:
        return self.renamed.called(np.array(self.before.graph.ids.to_pylist(), object))

    @cached_property
    def _only_before(self) -> np.ndarray:
        """The numbers of the nodes that only the earlier end has, each id once."""
        gone = self.after.graph.numbers(pd.Series(self._earlier, dtype="string")) < 0
        _, first = np.unique(self._earlier[gone].astype(str), return_index=True)
        return np.asarray(np.flatnonzero(gone)[first])

    @cached_property
    def things(self) -> pd.DataFrame:
        """The `id`, `label` and `name` of the node at each place."""
        gone = self.before.graph.things.iloc[self._only_before]
        return pd.concat([self.after.graph.things, gone], ignore_index=True)

    @cached_property
    def _places(self) -> dict[int, np.ndarray]:
        return {}

    def places(self, posture: Posture) -> np.ndarray:
        """Return the place of each node of an end, or of what an end has in common."""
        if posture is self.after:
            return np.arange(len(posture.graph.ids))
        if id(posture) not in self._places:
            named = posture is self.before
            ids = self._earlier if named else np.array(posture.graph.ids.to_pylist(), object)
            self._places[id(posture)] = self._ids.get_indexer(pd.Index(ids))
        return self._places[id(posture)]

    @cached_property
    def common(self) -> tuple[Posture, Posture] | None:
        """Both ends, reduced to what the sources of both declare; None if that is all."""
        renamed = self.renamed
        shared = common_ground(renamed.graph, self.after.graph, not renamed.same)
        if shared is None:
            return None
        instants = self.before.graph.as_of, self.after.graph.as_of
        first, last = (
            assess(AccessGraph.of(facts, at)) for facts, at in zip(shared, instants, strict=True)
        )
        return first, last

    @property
    def postures(self) -> tuple[Posture, ...]:
        """The two ends, and the same two reduced to what both could show, if that is less."""
        return (self.before, self.after, *(self.common or ()))

    @cached_property
    def agents(self) -> bool:
        """Whether agents are compared; without any, all accountable identities are."""
        return any(self._agents(end).any() for end in (self.before, self.after))

    def starts(self, posture: Posture) -> np.ndarray:
        """Return the numbers of the agents of an end, or of all identities without any agent."""
        return np.flatnonzero(self._agents(posture)) if self.agents else posture.accountable

    @staticmethod
    def _agents(posture: Posture) -> np.ndarray:
        return np.asarray(posture.graph.has_label(AGENT) & ~posture.deleted)

    @cached_property
    def team(self) -> np.ndarray:
        """The place of the team of the node at each place: of the later end if it is there.

        An identity that is judged at one end only has the team of that end.
        """
        team = np.full(len(self.things), NONE, np.int64)
        ends = [(self.places(p), self._team_of_nodes(p), p.accountable) for p in self.ends]
        for places, of_node, _ in ends:
            team[places] = of_node
        for places, of_node, judged in ends:
            team[places[judged]] = of_node[judged]
        return team

    def _team_of_nodes(self, posture: Posture) -> np.ndarray:
        """Return the place of the team of each node of an end."""
        number = team_of_nodes(posture)
        return np.where(number >= 0, self.places(posture)[number], NONE)

    @cached_property
    def failed(self) -> Faults:
        """The rules that failed at either end: what they would find is unknown."""
        return {rule: how for end in self.postures for rule, how in failed(end).items()}

    def scope(self, posture: Posture, team: int | None) -> Scope:
        """Return the identities of an end, or of the team at a place (-1: of no team).

        Paths are counted as of `starts`: of a team without agents there are none, where agents are
        compared.
        """
        if team is None or team < 0:
            return scope_of(posture, team, self.agents)
        number = np.flatnonzero(self.places(posture) == team)
        if len(number):
            return scope_of(posture, int(number[0]), self.agents)
        nothing = np.zeros(0, np.int64)
        return Scope(team, nothing, nothing, self.agents, np.flatnonzero(crown_jewels(posture)))
