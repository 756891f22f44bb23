"""The control that each identity gains through derived CONTROLS edges, target by target."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.actions import REMOVING
from analytics.assumptions.entitlements import listed
from analytics.escalation.aws_permissions import MOST
from analytics.escalation.rule import Derivation
from analytics.posture import Filter, Posture
from analytics.reach.closure import totals
from analytics.reach.kernels.pairs import HolderGrants, Steps
from analytics.usage.idle_access import LONGER, OWNER, SAFE, idle_rows
from graph.element import Relationship
from graph.instants import NEVER, milliseconds
from graph.once import once
from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    LEVELS,
    OWNS,
    RELATIONSHIPS,
    STORED_IN,
    TRUSTS,
)
from graph.values import strict_json

STATED, ALL = Filter("potential", derived=False), Filter("potential")
AS_ITSELF = Filter("potential", derived=False, identity_only=True)
WHOLLY = 1 << LEVELS.index("admin")  # no ceiling: all rights of the node it acts as
EASE = {SAFE: 0, LONGER: 1, OWNER: 2}
NO_ACCESS, IN_USE = 3, 4  # facts that give no access by themselves; facts seen in use
WORDS = {
    CAN_ACCESS: "the access of {} to {}",
    STORED_IN: "the copy of {} in {}",
    TRUSTS: "the trust of {} in {}",
    ASSUMES: "the right of {} to take {}",
    AUTHENTICATES_AS: "the use of {} as {}",
    OWNS: "the ownership of {} of {}",
}


@dataclass(frozen=True)
class Gain:
    """Control over `target` that `identity` (numbers of nodes) can gain by a rule.

    `support` are the facts behind the surest and shortest of its `ways` (a count); `since` is when
    the last of them began. `exposure` is the weight of the heaviest resource that the target
    reaches, times the identity's autonomy. `cheapest` is the fact in `support` that is easiest to
    remove, in words; "" if `support` has no relationship. `cuts` are the easiest of each
    way; `closed`: they can be taken away, and then no path is left.
    """

    identity: int
    target: int
    rule: str
    support: tuple[str, ...]
    ways: int
    doubtful: bool
    since: int
    exposure: float
    cheapest: str
    cuts: tuple[str, ...]
    closed: bool


@once
def gains(posture: Posture) -> list[Gain]:
    """List the gains of all accountable identities, once for a posture, by identity and target."""
    proofs = posture.escalated.proofs
    if not proofs:
        return []
    pairs = _pairs(posture, proofs)
    most = _most(posture, np.unique(pairs["target"]))
    pairs = pairs[most.reindex(pairs["target"]).to_numpy(float) > 0]
    facts = _Facts.of(posture, {f for p in pairs["proof"] for f in proofs[p].support}, proofs)
    by_pair: dict[tuple[int, int], list[Derivation]] = {}
    columns = (pairs[c].tolist() for c in ("identity", "target", "proof"))
    for identity, target, nth in zip(*columns, strict=True):
        by_pair.setdefault((identity, target), []).append(proofs[nth])
    return [
        _gain(posture, facts, pair, sorted(ways, key=_rank), float(most[pair[1]]))
        for pair, ways in sorted(by_pair.items())
    ]


def _gain(
    posture: Posture,
    facts: "_Facts",
    pair: tuple[int, int],
    ways: list[Derivation],
    most: float,
) -> Gain:
    best = ways[0]
    return Gain(
        *pair,
        best.rule,
        best.support,
        len({way.support for way in ways}),
        bool(best.condition or best.assumed),
        facts.since(best.support) if best.support else best.since,
        float(posture.autonomy[pair[0]] * most),
        facts.easiest(best.support),
        *facts.cuts(ways),
    )


def _rank(proof: Derivation) -> tuple[bool, bool, bool, int, str, tuple[str, ...]]:
    """Return the sort key of a derivation: the surest and shortest first."""
    doubt = bool(proof.condition), proof.assumed, proof.eligible
    return (*doubt, len(proof.support), proof.rule, proof.support)


def _pairs(posture: Posture, proofs: list[Derivation]) -> pd.DataFrame:
    """Return pairs of an identity and a derivation by which it gains access and new control."""
    source, target = (np.array([getattr(p, end) for p in proofs]) for end in ("source", "target"))
    place, proof = acting_as(posture, source)
    gained = posture.lost(STATED, ALL).pairs > 0
    goals = np.unique(target)
    own_place, own_goal = acting_as(posture, goals)
    nodes = len(posture.graph.ids)
    already = own_place.astype(np.int64) * nodes + goals[own_goal]
    kept = gained[place] & ~np.isin(place.astype(np.int64) * nodes + target[proof], already)
    place, proof = place[kept], proof[kept]
    identity = posture.accountable[place]
    return pd.DataFrame({"identity": identity, "target": target[proof], "proof": proof})


def acting_as(posture: Posture, where: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the nodes that each accountable identity can act as, itself among them.

    Returns
    -------
    place, item : int32[pairs]
        A position in `accountable`, and one in `where` (numbers of nodes).
    """
    network = posture.network(AS_ITSELF)
    order = np.argsort(where, kind="stable").astype(np.int32)
    first = np.searchsorted(where[order], np.arange(network.nodes + 1))
    eligible = posture.edges.eligible[network.edge]
    steps = Steps(network.indptr, network.target, network.ceiling, eligible)
    count = len(where)
    by_holder = HolderGrants(first, order, np.full(count, WHOLLY, np.uint8), np.ones(count, bool))
    place, item, _, _ = listed(steps, by_holder, posture.accountable.astype(np.int32))
    return place, item


def _most(posture: Posture, targets: np.ndarray) -> pd.Series:
    """Return the weight of the heaviest resource that each target reaches."""
    return pd.Series(totals(posture.network(ALL), targets).most, index=targets)


@dataclass(frozen=True)
class _Facts:
    """The facts that support derivations: when each began, its text, how easy it is to remove."""

    began: dict[str, int]
    words: dict[str, str]
    ease: dict[str, int]
    supports: Counter[str]
    removable: frozenset[str]

    @classmethod
    def of(cls, posture: Posture, wanted: set[str], proofs: list[Derivation]) -> "_Facts":
        graph, names = posture.graph, posture.graph.things["name"].to_numpy(object)
        began, words, ease, removable = {}, {}, {}, set()
        for relationship in RELATIONSHIPS:
            frame = graph.frames[relationship]
            at = np.flatnonzero(frame["id"].isin(wanted).to_numpy(bool))
            if not len(at):
                continue
            source, target = (end[at] for end in graph.ends(relationship))
            granted = relationship is CAN_ACCESS
            removable |= set(frame["id"].iloc[at]) if relationship in REMOVING else set()
            since = graph.grant_use[2] if granted else milliseconds(frame["valid_from"])
            given = frame["actions"].iloc[at] if granted else [pd.NA] * len(at)
            columns = (frame["id"].iloc[at], names[source], names[target], given, since[at])
            for fact, source_name, target_name, actions, start in zip(*columns, strict=True):
                began[fact] = int(start)
                words[fact] = _sentence(relationship, source_name, target_name, actions)
                ease[fact] = IN_USE if relationship.control or granted else NO_ACCESS
        idle = idle_rows(posture)
        idle = idle[idle["fact"].isin(wanted)]
        ease |= {f: EASE[v] for f, v in zip(idle["fact"], idle["verdict"], strict=True)}
        supports = Counter(f for p in proofs for f in p.support)
        return cls(began, words, ease, supports, frozenset(removable))

    def since(self, support: tuple[str, ...]) -> int:
        return max((self.began.get(f, NEVER) for f in support), default=NEVER)

    def easiest(self, support: tuple[str, ...]) -> str:
        """Return the text of the least used fact; of equals, the one with most derivations."""
        best = min(support, key=self._order, default="")
        return self.words.get(best, best)

    def cuts(self, ways: list[Derivation]) -> tuple[tuple[str, ...], bool]:
        """Return the easiest fact of each way, and whether no path is left once they are gone."""
        chosen: set[str] = set()
        for way in ways:
            if chosen.isdisjoint(way.support):
                chosen |= {min(way.support, key=self._order)} if way.support else {""}
        closed = chosen <= self.removable and len(ways) < MOST  # of so many, not all may be listed
        return tuple(sorted(chosen - {""})), closed

    def _order(self, fact: str) -> tuple[int, int, str]:
        return self.ease.get(fact, IN_USE), -self.supports[fact], fact


def _sentence(kind: Relationship, source: str, target: str, actions: object) -> str:
    named = strict_json(actions) if isinstance(actions, str) else []
    if isinstance(named, list) and named:
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        return f"{named[0]}{more} of {source} on {target}"
    return WORDS[kind].format(source, target) if kind in WORDS else f"{source} {kind} {target}"
