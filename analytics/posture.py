"""Posture: the analytics of one snapshot at one moment, each part computed on demand."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.escalation import escalate
from analytics.escalation.rule import Escalated
from analytics.ownership.owners import Ownership, in_service, ownership
from analytics.reach.closure import Totals, lost, totals
from analytics.reach.known import KnownReach, known_reach
from analytics.reach.network import Network
from analytics.runtime.faults import Faults
from analytics.usage.activity import Activity, activity, lately
from analytics.usage.logins import FACTS, Logins, Moved, logins, moved, moved_edges, numbers_after
from analytics.usage.sightings import UNUSED_DAYS as UNUSED_DAYS
from analytics.usage.use_of_parts import used_edges, used_grants
from analytics.weights import sensitivities
from graph.access import AccessGraph, Edges, Grants, flags
from graph.edges import joined
from graph.instants import DAY, NEVER, milliseconds
from graph.once import once
from graph.rows.as_of import first_instant
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    CONTROL,
    IDENTITIES,
    LEVELS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    TRUSTS,
)

if TYPE_CHECKING:
    from analytics.history import History
    from graph.journal.journal import Journal

UNKNOWN_AARS = 2.5
WORKLOAD_TRUST = ("service", "oidc_provider")
MODES = ("standing", "potential")
IDENTITY_KINDS = tuple(i for i, r in enumerate(CONTROL) if r.identity)
LOGIN_KINDS = tuple(CONTROL.index(relationship) for relationship in FACTS)


@dataclass(frozen=True)
class Filter:
    """The edges and grants that a network leaves out.

    The mode `standing` leaves out access that must be activated first. `stale` leaves out observed
    edges and grants not used for that many days, unless `stale_logins` keeps those of an agent to
    an account; with `only_stale`, it keeps only those. `unobservable=False` leaves out grant levels
    whose recent use is unknown, `moved=False` access that moved under a removal, and so has no
    login. `identity_only` keeps the edges that stay with one identity; `expired` keeps what an
    expired credential leads to. `kinds` are the names of the relationships that are kept, None for
    all.
    """

    mode: str = "standing"
    derived: bool = True
    conditional: bool = True
    assumed: bool = True
    stale: int | None = None
    unobservable: bool = True
    identity_only: bool = False
    expired: bool = False
    only_stale: bool = False
    moved: bool = True
    stale_logins: bool = False
    kinds: frozenset[str] | None = None


class Posture:
    """The analytics of one `AccessGraph`; each part is computed when first asked for, and kept.

    `history` and `journal` are those of the store it was read from, None without a store;
    `decisions` is the text of `History.decisions` when it was read. What people stated up to
    `stated_until` is among the facts; None for all up to the posture's instant. `before` is the
    posture before a removal, None without one. `faults` are the parts that failed so far.
    """

    def __init__(self, graph: AccessGraph, before: "Posture | None" = None) -> None:
        self.graph, self.before = graph, before
        self.history: History | None = None
        self.journal: Journal | None = None
        self.decisions = ""
        self.stated_until: pd.Timestamp | None = None
        self.faults: Faults = {}
        self._networks: dict[Filter, Network] = {}
        self._totals: dict[Filter, Totals] = {}
        self._lost: dict[tuple[Filter, Filter], Totals] = {}

    @cached_property
    def escalated(self) -> Escalated:
        """All control edges: declared ones, then those that moved, then derived ones."""
        escalated = escalate(self.graph, self.faults)
        if self.before is None:
            return escalated
        return escalated.beside(moved_edges(self.before, self.moved))

    @cached_property
    def activity(self) -> Activity:
        """The last use of every node, step and grant, and the fact that reports it."""
        if self.before is None:
            return activity(self.graph, self.accountable)
        return self.before.activity.left(self.before.graph, self.graph)

    @property
    def edges(self) -> Edges:
        """All control edges; `last_used` is the last certain use."""
        return self._used_edges[0]

    @property
    def grants(self) -> Grants:
        """All grants that give a level on a resource; `last_used` is the last use of each level."""
        return self._used_grants[0]

    @property
    def edges_latest(self) -> np.ndarray:
        """The latest possible use of each edge (milliseconds), `NEVER` without any."""
        return self._used_edges[1]

    @property
    def grants_latest(self) -> np.ndarray:
        """The latest possible use of each level of each grant (milliseconds)."""
        return self._used_grants[1]

    @cached_property
    def _used_edges(self) -> tuple[Edges, np.ndarray]:
        return used_edges(self.graph, self.escalated, self.activity)

    @cached_property
    def _used_grants(self) -> tuple[Grants, np.ndarray]:
        return used_grants(self.escalated, self.activity)

    @cached_property
    def sensitivities(self) -> pd.DataFrame:
        """The sensitivity of each node; see `analytics.weights.sensitivities`."""
        return sensitivities(self.graph)

    @cached_property
    def ownership(self) -> Ownership:
        """The owners of each node."""
        return ownership(self.graph)

    @cached_property
    def owner_states(self) -> np.ndarray:
        """How the owners of each node are known; see `Ownership.states`."""
        return self.ownership.states(self.created_at)

    @cached_property
    def created_at(self) -> np.ndarray:
        """The creation of each identity (milliseconds), `NEVER` where unknown."""
        created = np.full(len(self.graph.ids), NEVER)
        for label in IDENTITIES:
            frame = self.graph.frames[label]
            created[self.graph.numbers(frame["id"])] = milliseconds(frame["created_at"])
        return created

    @cached_property
    def in_service(self) -> np.ndarray:
        """Mask of the nodes in service."""
        return in_service(self.graph)

    def network(self, chosen: Filter = Filter()) -> Network:
        """Return the network of the edges and grants that `chosen` keeps."""
        if chosen not in self._networks:
            grants = self._grants(chosen)
            self._networks[chosen] = Network.of(
                self.edges,
                grants,
                self.sensitivities["weight"].to_numpy(),
                self._kept_edges(chosen),
                _allowed(grants, chosen) & (grants.levels > 0),
            )
        return self._networks[chosen]

    def network_with(self, more: Edges) -> Network:
        """Return the network of standing access with more edges, numbered after the others."""
        grants, chosen = self.grants, Filter()
        return Network.of(
            joined(self.edges, more),
            grants,
            self.sensitivities["weight"].to_numpy(),
            np.concatenate([self._kept_edges(chosen), _allowed(more, chosen)]),
            _allowed(grants, chosen) & (grants.levels > 0),
        )

    def totals(self, chosen: Filter = Filter()) -> Totals:
        """Return the totals of each accountable identity's reach, in the order of `accountable`."""
        if chosen not in self._totals:
            self._totals[chosen] = totals(self.network(chosen), self.accountable)
        return self._totals[chosen]

    def lost(self, remaining: Filter, chosen: Filter = Filter()) -> Totals:
        """Return each accountable identity's totals of reach by `chosen` but not by `remaining`."""
        if (chosen, remaining) not in self._lost:
            self._lost[chosen, remaining] = lost(
                self.network(chosen), self.network(remaining), self.accountable
            )
        return self._lost[chosen, remaining]

    @cached_property
    def first_fact(self) -> pd.Timestamp:
        """The first instant that any fact is about."""
        return first_instant(self.graph.facts)

    @property
    def before_data(self) -> bool:
        """Whether the moment of the graph lies before the first instant that any fact is about."""
        return self.graph.looks_back and self.graph.as_of < self.first_fact

    @property
    def reach_known(self) -> np.ndarray:
        """Mask of the nodes whose reach is known; that of the others is not zero."""
        return self.known(Filter()).known

    @property
    def reach_whole(self) -> np.ndarray:
        """Mask of the nodes whose reach is complete; that of the others is a lower bound."""
        return self.known(Filter()).complete

    @property
    def entitlements_known(self) -> np.ndarray:
        """Mask of the nodes whose own entitlements are known: the access that debt counts.

        What must be activated first and what an expired credential led to is part of it.
        """
        return self.known(Filter("potential", identity_only=True, expired=True)).known

    @once
    def known(self, chosen: Filter) -> KnownReach:
        """Return how well the reach of each node over the edges that `chosen` keeps is known.

        A removal does not change that. Where a rule of escalation failed, all reach is a lower
        bound, and none is known.
        """
        if self.escalated.failed:
            return KnownReach.nothing(len(self.graph.ids))
        if self.before is None:
            return known_reach(self.graph, self.network(chosen), chosen.expired)
        number_before = self.before.graph.numbers(pd.Series(self.graph.ids, dtype="string"))
        known = self.before.known(chosen)
        return KnownReach(known.known[number_before], known.complete[number_before])

    @cached_property
    def autonomy(self) -> np.ndarray:
        """The multiplier alpha of each node (float64): 1 + AARS/10 for agents, else 1.

        An AI agent without a declared AARS is taken to have half of five factors, 2.5.
        """
        alpha = np.ones(len(self.graph.ids))
        agents = self.graph.frames[AGENT]
        intelligent = (agents["kind"].fillna("ai_agent") == "ai_agent").to_numpy(bool)
        assumed = np.where(intelligent, UNKNOWN_AARS, 0.0)
        stated = agents["aars"].to_numpy(float, na_value=np.nan)
        aars = np.where(np.isnan(stated), assumed, stated)
        alpha[self.graph.numbers(agents["id"])] = 1 + aars / 10
        return alpha

    def _kept_edges(self, chosen: Filter) -> np.ndarray:
        edges = self.edges
        keep = _allowed(edges, chosen)
        gone = self.graph.ended if chosen.expired else ~self.graph.live
        keep &= ~gone[edges.target]  # nobody acts as what is gone
        if not chosen.moved:
            keep[self.escalated.moved] = False
        if chosen.identity_only:
            keep &= np.isin(edges.kind, IDENTITY_KINDS)
        if chosen.kinds is not None:
            keep &= np.isin(
                edges.kind, [i for i, r in enumerate(CONTROL) if r.name in chosen.kinds]
            )
        if chosen.stale is not None:
            unused = stale(
                self.edges_latest, edges.telemetry, edges.since, self.graph.now, chosen.stale
            )
            if chosen.stale_logins:
                unused &= ~np.isin(edges.kind, LOGIN_KINDS)
            keep &= unused if chosen.only_stale else ~unused
        return keep

    def _grants(self, chosen: Filter) -> Grants:
        """Return the grants without the levels that `chosen` leaves out."""
        grants, levels = self.grants, self.grants.levels
        if chosen.stale is not None:
            unused = self.stale_levels(chosen.stale)
            levels = unused if chosen.only_stale else levels & ~unused
        if not chosen.unobservable:
            days = UNUSED_DAYS if chosen.stale is None else chosen.stale
            levels = levels & self.observed_levels(days)
        if chosen.kinds is not None and CAN_ACCESS.name not in chosen.kinds:
            levels = np.zeros_like(levels)
        return replace(grants, levels=levels)

    def stale_levels(self, days: int) -> np.ndarray:
        """Return the levels of each grant that were not used for `days` (bits, uint8)."""
        grants, bits = self.grants, np.zeros(len(self.grants), np.uint8)
        for bit in range(len(LEVELS)):
            used = self.grants_latest[:, bit]
            unused = stale(used, grants.telemetry, grants.since, self.graph.now, days)
            bits |= unused.astype(np.uint8) << bit
        return np.asarray(bits & grants.levels)

    def observed_levels(self, days: int) -> np.ndarray:
        """Return the levels of each grant whose recent use is known (bits, uint8).

        Those are all levels where use is observed, and elsewhere those that were used within
        `days`: a use that is not observed is unknown, not absent.
        """
        seen = self.grants.telemetry[:, None] | lately(self.graph, self.grants_latest, days)
        return np.asarray((seen << np.arange(len(LEVELS))).sum(axis=1).astype(np.uint8))

    @cached_property
    def accountable(self) -> np.ndarray:
        """The numbers of the identities that must have an owner.

        They are those in `answering`. After a removal, they are the remaining ones of before, and
        the accounts that have lost their last agent: see `analytics.usage.logins`.
        """
        if self.before is None:
            return np.flatnonzero(self.answering)
        left = numbers_after(self.before.graph, self.graph)[self.before.accountable]
        return np.union1d(left[left >= 0], self.moved.answering)

    @cached_property
    def answering(self) -> np.ndarray:
        """Mask of the nodes that are accountable by the facts of this graph.

        Every agent; every service account that no agent uses or runs as; every role that a workload
        can take and that no agent runs as. Deleted nodes are excluded.
        """
        taken = np.zeros(len(self.graph.ids), bool)
        taken[self.logins.target] = True
        taken &= ~self.graph.has_label(AGENT)
        return np.asarray(self.able_to_answer & ~taken)

    @cached_property
    def able_to_answer(self) -> np.ndarray:
        """Mask of the nodes that are accountable unless an agent acts as them."""
        able = self.graph.has_label(AGENT, SERVICE_ACCOUNT)
        able |= self.graph.has_label(ROLE) & self._workload_roles()
        return np.asarray(able & ~self.deleted)

    @cached_property
    def logins(self) -> Logins:
        """The facts by which existing agents act as accounts, by keys that nobody ended."""
        return logins(self.graph, self.graph.ended)

    @cached_property
    def moved(self) -> Moved:
        """The access that moved under the removal that led to this posture."""
        assert self.before is not None
        return moved(self.before, self)

    def _workload_roles(self) -> np.ndarray:
        graph, workload = self.graph, np.zeros(len(self.graph.ids), bool)
        things = graph.frames[RESOURCE]
        entry = np.zeros(len(graph.ids), bool)
        entry[graph.numbers(things["id"][things["type"].isin(WORKLOAD_TRUST).to_numpy(bool)])] = (
            True
        )
        role, trusted = graph.ends(TRUSTS)
        open_to = entry[trusted] | flags(graph.frames[TRUSTS]["workload"])
        workload[role[open_to & graph.in_force(TRUSTS)]] = True
        return workload

    @property
    def deleted(self) -> np.ndarray:
        """Mask of the nodes that are deleted, or not created yet."""
        return self.graph.deleted


def assess(graph: AccessGraph, before: Posture | None = None) -> Posture:
    """Return the posture of `graph`, which may be that of `before` after a removal.

    Nothing is computed before it is asked for.
    """
    return Posture(graph, before)


def _allowed(parts: Edges | Grants, chosen: Filter) -> np.ndarray:
    keep = np.ones(len(parts), bool)
    if chosen.mode == "standing":
        keep &= ~parts.eligible
    if not chosen.derived:
        keep &= ~parts.derived
    if not chosen.conditional:
        keep &= ~parts.conditional
    if not chosen.assumed:
        keep &= ~parts.assumed
    return keep


def stale(
    last_used: np.ndarray, telemetry: np.ndarray, since: np.ndarray, now: int, days: int
) -> np.ndarray:
    """Return a mask of observed parts that were not used for more than `days`.

    A part that was never used counts from when it was granted; without any date it is stale.
    """
    reference = np.maximum(last_used, since)
    return np.asarray(telemetry & ((reference == NEVER) | (now - reference > days * DAY)))
