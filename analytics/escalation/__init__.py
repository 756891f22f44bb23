"""Derived control edges: what an identity can make itself able to do, one family of rules per file.

A rule fires only if all the facts it names hold, and never because a fact is absent. So the removal
of any fact can only remove edges. Rules run until they conclude nothing new. A module with `RULES`
here adds its rules.
"""

from collections.abc import Iterable
from dataclasses import fields, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import numpy as np

from analytics.escalation.rule import Derivation, Escalated, EscalationRule, Known
from analytics.escalation.support import Support, minimal
from analytics.runtime.faults import Faults, guarded
from graph.access import AccessGraph, Edges, Grants
from graph.instants import NEVER
from graph.schema import CONTROL, CONTROLS, LEVELS, RESOURCE

ALL_LEVELS = (1 << len(LEVELS)) - 1


@cache
def all_escalations() -> dict[str, EscalationRule]:
    """List the rules by id."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    rules = [rule for module in modules for rule in getattr(module, "RULES", ())]
    return {rule.id: rule for rule in rules}


def escalate(graph: AccessGraph, faults: Faults | None = None) -> Escalated:
    """Add to the declared control edges and grants those that the rules derive.

    In each round all rules use the same knowledge, so their order does not matter. A rule that
    fails derives nothing and is noted in `faults`: the reach is then not known.
    """
    failed: Faults = {}
    known = Known(graph, Escalated(graph.edges, graph.grants, [], len(graph.edges)))
    rules = list(all_escalations().values())
    concluded: dict[tuple[object, ...], Derivation] = {}
    while rules:
        before = len(concluded)
        for new in [d for rule in rules for d in _derived(rule, known, failed)]:
            key = (new.source, new.target, frozenset(new.support), new.condition, *new.by.doubt)
            concluded.setdefault(key, new)
        if len(concluded) == before:
            break
        known.learn(_joined(graph, _least(concluded.values())))
        rules = [rule for rule in rules if rule.again and rule.id not in failed]
    if faults is not None:
        faults |= failed
    return replace(known.so_far, failed=tuple(failed))


def _derived(rule: EscalationRule, known: Known, faults: Faults) -> list[Derivation]:
    return guarded(faults, rule.id, lambda: list(rule.derive(known)), list)


def _least(derivations: Iterable[Derivation]) -> list[Derivation]:
    """Keep the minimal derivations: drop one if the same edge needs fewer of the same facts."""
    by_ends: dict[tuple[int, int], dict[Support, Derivation]] = {}
    for derivation in derivations:
        ends = derivation.source, derivation.target
        by_ends.setdefault(ends, {}).setdefault(derivation.by, derivation)
    return [
        by_support[support] for by_support in by_ends.values() for support in minimal(by_support)
    ]


def _joined(graph: AccessGraph, proofs: list[Derivation]) -> Escalated:
    edges = _with(graph.edges, _edges(proofs))
    return Escalated(edges, _administered(graph, proofs), proofs, len(graph.edges))


def _edges(proofs: list[Derivation]) -> Edges:
    count = len(proofs)
    return Edges(
        source=np.array([p.source for p in proofs], np.int32),
        target=np.array([p.target for p in proofs], np.int32),
        kind=np.full(count, CONTROL.index(CONTROLS), np.int8),
        row=np.full(count, -1, np.int32),
        ceiling=np.full(count, len(LEVELS) - 1, np.int8),
        eligible=np.array([p.eligible for p in proofs], bool),
        conditional=np.array([bool(p.condition) for p in proofs], bool),
        derived=np.ones(count, bool),
        assumed=np.array([p.assumed for p in proofs], bool),
        telemetry=np.array([p.telemetry for p in proofs], bool),
        last_used=np.array([p.last_used for p in proofs], np.int64),
        since=np.array([p.since for p in proofs], np.int64),
    )


def _administered(graph: AccessGraph, proofs: list[Derivation]) -> Grants:
    """Return the grants, plus those of accounts that can be taken over, on all they contain."""
    things = graph.has_label(RESOURCE)
    accounts = sorted({p.target for p in proofs if things[p.target]})
    if not accounts:
        return graph.grants
    frame = graph.frames[RESOURCE]
    number, parent = graph.numbers(frame["id"]), graph.numbers(frame["parent_id"].fillna(""))
    pairs = [(a, r) for a in accounts for r in (a, *number[parent == a])]
    count = len(pairs)
    off = np.zeros(count, bool)
    added: Grants = _with(
        graph.grants,
        Grants(
            holder=np.array([holder for holder, _ in pairs], np.int32),
            resource=np.array([resource for _, resource in pairs], np.int32),
            row=np.full(count, -1, np.int32),
            levels=np.full(count, ALL_LEVELS, np.uint8),
            eligible=off,
            conditional=off,
            derived=~off,
            assumed=off,
            telemetry=off,
            last_used=np.full((count, len(LEVELS)), NEVER, np.int64),
            since=np.full(count, NEVER, np.int64),
        ),
    )
    return added


def _with(stated: Any, more: Any) -> Any:
    """Concatenate the arrays of two `Edges`, or two `Grants`."""
    names = [f.name for f in fields(stated)]
    joined = {n: np.concatenate([getattr(stated, n), getattr(more, n)]) for n in names}
    return replace(stated, **joined)
