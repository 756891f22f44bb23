"""Derived control edges: what an identity can make itself able to do, one family of rules a file.

A rule fires only if all the facts it names hold, and never because a fact is absent. So taking
away any fact can only take away edges. Adding a module here adds its rules.
"""

from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import numpy as np

from analytics.escalation.rule import Derivation, EscalationRule
from graph.access import AccessGraph, Edges
from graph.schema import CONTROL, CONTROLS, LEVELS


@cache
def all_escalations() -> dict[str, EscalationRule]:
    """List the rules by id."""
    names = [m.name for m in iter_modules(__path__) if m.name != "rule"]
    rules = [r for name in names for r in import_module(f"{__name__}.{name}").RULES]
    return {r.id: r for r in rules}


@dataclass(frozen=True)
class Escalated:
    """The stated edges followed by the derived ones; `proofs` belong to the latter, in order."""

    edges: Edges
    proofs: list[Derivation]
    stated: int

    def proof(self, edge: int) -> Derivation | None:
        """Return why a derived edge holds; None for an edge that a source states."""
        return self.proofs[edge - self.stated] if edge >= self.stated else None


def escalate(graph: AccessGraph) -> Escalated:
    """Add to the stated control edges those that the rules conclude from them."""
    stated = graph.edges
    proofs = [d for rule in all_escalations().values() for d in rule.derive(graph)]
    return Escalated(_append(stated, proofs), proofs, len(stated))


def _append(stated: Edges, proofs: list[Derivation]) -> Edges:
    count = len(proofs)
    if not count:
        return stated
    new = Edges(
        source=np.array([p.source for p in proofs], np.int32),
        target=np.array([p.target for p in proofs], np.int32),
        kind=np.full(count, CONTROL.index(CONTROLS), np.int8),
        row=np.full(count, -1, np.int32),
        ceiling=np.full(count, len(LEVELS) - 1, np.int8),
        eligible=np.array([p.eligible for p in proofs]),
        conditional=np.array([bool(p.condition) for p in proofs]),
        derived=np.ones(count, bool),
        assumed=np.array([p.assumed for p in proofs]),
        telemetry=np.array([p.telemetry for p in proofs]),
        last_used=np.array([p.last_used for p in proofs], np.int64),
        since=np.array([p.since for p in proofs], np.int64),
    )
    joined = {
        name: np.concatenate([getattr(stated, name), getattr(new, name)])
        for name in stated.__dataclass_fields__
    }
    return replace(stated, **joined)
