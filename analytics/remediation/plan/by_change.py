"""Plan by changes: those that pay off most debt, or close most findings, one after the other.

Candidates are the changes that findings ask for, and the removal of idle access. They are taken in
the order of what they can pay off at most: what the items owe that their findings are about, or how
many findings they close. Each is then measured by what-if, and kept if it helps. How much any other
set of as many would pay off is not known: a change may close more than was asked of it.
"""

from collections.abc import Iterator

import numpy as np

from analytics.actions import REMOVING, Action
from analytics.posture import Posture
from analytics.remediation.closing.asking import asked
from analytics.remediation.closing.change import Change
from analytics.remediation.closing.owed import owed_by_change
from analytics.remediation.plan.grants_by_debt import GrantsByDebt
from analytics.remediation.plan.greedy import Safety, proposal_of
from analytics.remediation.plan.idle_of import IdleOf
from analytics.remediation.plan.step import LEAST, Plan, Proposal, Trail
from analytics.remediation.plan.taken import taken
from analytics.runtime.progress import tell
from analytics.usage.idle_access import OWNER, Idle
from analytics.usage.unused_levels import narrowing

BECAUSE = "a change may close more than was asked of it"
REMOVALS = frozenset(REMOVING.values()) - {Action.DISABLE_IDENTITY}
TRIES, LEAST_TRIES = 4, 20  # changes measured: for each step that is wanted, and in any case


def make_plan_of_changes(
    posture: Posture, budget: int, objective: str, within: np.ndarray | None = None
) -> Plan:
    """Plan up to `budget` changes against the debt, or the number of findings, of the estate.

    `within` is a mask of the nodes that changes may be on; None for all. A smaller budget gives
    the first of the same steps, up to a budget of `LEAST_TRIES // TRIES`.
    """
    trail, safety = Trail(posture, objective), Safety(posture)
    offers = _Offers(posture, objective, within)
    tried, most = 0, max(TRIES * budget, LEAST_TRIES)
    for proposal, removed in offers:
        tell("changes tried at most", tried, most)
        if len(trail.steps) == budget or tried == most:
            break
        if removed is not None and not safety.allows([removed]):
            continue
        lost = taken(posture, proposal.change)
        if lost.emergency or not safety.keeps_administrators(lost.administering):
            continue
        tried += 1
        if trail.take(proposal) is None:
            continue
        safety.take_administration(lost.administering)
        if removed is not None:
            safety.remove(removed)
    truncated = tried == most and len(trail.steps) < budget
    return Plan(trail.steps, trail.after, len(offers), truncated, None, BECAUSE)


class _Offers:
    """Proposals with what each can pay off at most, in this order, and the access they remove."""

    def __init__(self, posture: Posture, objective: str, within: np.ndarray | None) -> None:
        self.posture, self.within = posture, within
        self.idle = IdleOf(posture)
        self._asked = asked(posture).changes
        bounds = [(bound, number) for number, bound in enumerate(_bounds(posture, objective))]
        if objective == "debt":
            self._grants = GrantsByDebt(posture, within)
            bounds += [(owed, n) for n, owed in enumerate(self._grants.owed.tolist(), len(bounds))]
        self._order = [
            n for bound, n in sorted(bounds, key=lambda b: (-b[0], b[1])) if bound > LEAST
        ]

    def __len__(self) -> int:
        """Count them."""
        return len(self._order)

    def __iter__(self) -> Iterator[tuple[Proposal, Idle | None]]:
        """Yield each proposal once, created on demand, without those that nobody may be given."""
        listed: set[str] = set()
        for number in self._order:
            offer = self._offer(number)
            if offer is not None and offer[0].change.id not in listed:
                listed.add(offer[0].change.id)
                yield offer

    def _offer(self, number: int) -> tuple[Proposal, Idle | None] | None:
        if number >= len(self._asked):
            grant = self._grants[number - len(self._asked)]
            return proposal_of(self.posture, grant), grant
        change = self._asked[number]
        node = _node(self.posture, change)
        if node < 0 or (self.within is not None and not self.within[node]):
            return None
        if change.action in REMOVALS:
            candidate = self.idle.of(change)
            return (proposal_of(self.posture, candidate), candidate) if candidate else None
        return Proposal(change, node, *_safety(self.posture, change)), None


def _bounds(posture: Posture, objective: str) -> np.ndarray:
    """Return what each asked change can pay off at most by what asks for it."""
    every = asked(posture)
    if objective == "debt":
        return owed_by_change(posture, every)
    closing = every.rows["change"][every.rows["closes"]]
    return np.bincount(closing, minlength=len(every.changes)).astype(float)


def _node(posture: Posture, change: Change) -> int:
    """Return the node that a change is on: of relationships, where the first of them begins."""
    graph = posture.graph
    if change.relationship is None:
        return graph.number(change.ids[0])
    frame = graph.frames[change.relationship]
    rows = np.flatnonzero((frame["id"] == change.ids[0]).fillna(False).to_numpy(bool))
    return int(graph.ends(change.relationship)[0][rows[0]]) if len(rows) else -1


def _safety(posture: Posture, change: Change) -> tuple[str, bool | None, float | None]:
    """Return verdict, whether a use would have been seen, and for how long none was (days)."""
    if change.action is Action.NARROW_GRANT:
        return narrowing(posture, change.ids)
    if change.action is Action.DISABLE_IDENTITY:
        return OWNER, "usage" in posture.graph.declared, None
    return OWNER, None, None
