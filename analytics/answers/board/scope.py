"""The identities that an answer for leadership is about: all accountable ones, or one team's."""

from dataclasses import dataclass

import numpy as np

from analytics.debt.groups import keys
from analytics.debt.ledger.moments import Moment, moments
from analytics.kept.of_snapshots import merged_in
from analytics.posture import Posture
from analytics.residue import alive
from analytics.selectors import ALL_AGENTS, crown_jewels, select
from graph.identity.renamed_ids import RenamedIds
from graph.schema import AGENT


@dataclass(frozen=True)
class Scope:
    """The identities of an answer.

    `team` is the number of a team, -1 for the identities of no team, and None for all. `places`
    (positions in `accountable`) are the identities; `starts` (numbers) those whose paths are
    counted: the agents among them, or all of them where there is no agent, without those that
    ended with nothing left. `agents` tells which. `targets` are the crown jewels.
    """

    team: int | None
    places: np.ndarray
    starts: np.ndarray
    agents: bool
    targets: np.ndarray


def scope_of(posture: Posture, team: int | None = None, agents: bool | None = None) -> Scope:
    """Return the identities of a team (a node's number, or -1), or all of them.

    `agents` says whether only paths of agents are counted; by default so if there is an agent.
    """
    every = posture.accountable
    places = np.arange(len(every))
    if team is not None:
        places = np.flatnonzero(keys(posture, "team") == team)
    chosen = select(posture, [ALL_AGENTS]) if team is None else every[places]
    chosen = chosen[(posture.graph.has_label(AGENT) & alive(posture))[chosen]]
    counted = len(chosen) > 0 if agents is None else agents
    starts = chosen if counted else every[places][alive(posture)[every[places]]]
    return Scope(team, places, starts, counted, np.flatnonzero(crown_jewels(posture)))


def same_scope(earlier: Posture, posture: Posture, scope: Scope) -> Scope:
    """Return the same scope in another posture of the same store; empty if it lacks the team.

    Paths are counted of agents, or of all identities, as in `scope`.
    """
    if scope.team is None or scope.team < 0:
        return scope_of(earlier, scope.team, scope.agents)
    number = _number_then(earlier, posture, posture.graph.thing(scope.team)["id"])
    nothing = np.zeros(0, np.int64)
    if number < 0:
        return Scope(number, nothing, nothing, scope.agents, np.flatnonzero(crown_jewels(earlier)))
    return scope_of(earlier, number, scope.agents)


def _number_then(earlier: Posture, posture: Posture, team: str) -> int:
    """Return the number that a team had earlier, also under another id; -1 for none."""
    number = earlier.graph.number(team)
    ends = earlier.graph.snapshot, posture.graph.snapshot
    if number >= 0 or posture.history is None or ends[0] is None or ends[1] is None:
        return number
    first, last = Moment(ends[0], earlier.graph.as_of), Moment(ends[1], posture.graph.as_of)
    _, *between, _ = moments(posture.history, first, last)
    merged = [merged_in(moment.of(posture.history)) for moment in between]
    numbers = RenamedIds(earlier.graph, posture.graph, merged).numbers(team)
    return numbers[0] if numbers else -1
