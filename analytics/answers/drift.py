"""Drift: access beyond what identities were approved for, with cause and time."""

from typing import Any

import numpy as np

from analytics.answers.shape import cut, edge_step, grant_step, when
from analytics.changes.drift import CAUSES, Baseline, Drift, Excess
from analytics.changes.drift import drift as compare
from analytics.findings.growth import Growth, growths
from analytics.posture import Posture
from graph.schema import LEVELS
from graph.values import iso


def drift(posture: Posture, about: int | None = None, limit: int = 0) -> dict[str, Any]:
    """Return the drift of all accountable identities, or of one (a number), heaviest first.

    All access that a grown policy gives an identity is one row, of the heaviest access: `policy`
    names it, with the additional access (`growth`, the number of resources and levels) and the
    number of identities. `shrink` is approved but unreached access; it is no drift. Neither is an
    excess whose `why` is coverage: it is listed, but not in the sums. `change_points` are the steps
    up in exposure, from a history of ten snapshots or more. `not_known` counts the identities whose
    reach is unknown.
    """
    identities = posture.accountable if about is None else np.array([about])
    dark = int(np.count_nonzero(~posture.reach_known[identities]))
    drifts = compare(posture, None if about is None else [about])
    pairs = [(each, excess) for each in drifts for excess in each.excess]
    pairs.sort(key=lambda p: (-p[1].exposure, p[1].identity, p[1].resource, -p[1].level))
    grown = _grown([excess for _, excess in pairs])
    shown, left = cut(_once_for_a_policy(pairs), limit)
    less = [(each, *pair) for each in drifts for pair in each.shrink]
    shrunk, more = cut(less, limit)
    return {
        "exposure": sum(each.exposure for each in drifts) if dark < len(identities) else None,
        "drifted": sum(any(not e.seen for e in each.excess) for each in drifts)
        if dark < len(identities)
        else None,
        "not_known": dark,
        "by_cause": _by_cause([excess for _, excess in pairs if not excess.seen]),
        "by_baseline": _by_baseline(drifts),
        "drift": [
            _row(posture, each, excess) | {"policy": _policy(posture, grown, excess)}
            for each, excess in shown
        ],
        "shrink": [
            _of(posture, each, resource, level, "shrink") for each, resource, level in shrunk
        ],
        "change_points": [
            _growth(posture, g) for g in growths(posture) if about in (None, g.identity)
        ],
        "left_out": left + more,
    }


def _grown(excess: list[Excess]) -> dict[tuple[str, int], list[Excess]]:
    """Return the additional access of each identity by each grown policy."""
    grown: dict[tuple[str, int], list[Excess]] = {}
    for access in excess:
        if access.policy is not None:
            grown.setdefault((access.policy, access.identity), []).append(access)
    return grown


def _once_for_a_policy(pairs: list[tuple[Drift, Excess]]) -> list[tuple[Drift, Excess]]:
    """Keep the first excess of each policy and identity."""
    met: set[tuple[str, int]] = set()
    kept = []
    for each, excess in pairs:
        key = (excess.policy or "", excess.identity)
        if excess.policy is None or key not in met:
            met.add(key)
            kept.append((each, excess))
    return kept


def _policy(
    posture: Posture, grown: dict[tuple[str, int], list[Excess]], excess: Excess
) -> dict[str, Any] | None:
    if excess.policy is None:
        return None
    added = grown[excess.policy, excess.identity]
    gained = sorted({(e.resource, e.level) for e in added})
    name = excess.policy.rpartition("/")[2] or excess.policy
    return {
        "id": excess.policy,
        "name": name,
        "identities": sum(policy == excess.policy for policy, _ in grown),
        "growth": len(gained),
        "exposure": sum(e.exposure for e in added),
        "gained": [
            {"resource": posture.graph.thing(resource), "level": LEVELS[level]}
            for resource, level in gained
        ],
    }


def _growth(posture: Posture, of: Growth) -> dict[str, Any]:
    """Describe a step up in the exposure of an identity."""
    return {
        "identity": posture.graph.thing(of.identity),
        "at": iso(of.info.taken_at),
        "snapshot": of.info.id,
        "before": of.before,
        "after": of.after,
        "grants": list(of.grants),
    }


def _by_cause(excess: list[Excess]) -> list[dict[str, Any]]:
    rows = []
    for cause in CAUSES:
        exposures = [e.exposure for e in excess if e.cause == cause]
        if exposures:
            rows.append({"cause": cause, "count": len(exposures), "exposure": sum(exposures)})
    return rows


def _by_baseline(drifts: list[Drift]) -> dict[str, int]:
    kinds = [each.baseline.kind for each in drifts]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def _of(posture: Posture, of: Drift, resource: int, level: int, kind: str) -> dict[str, Any]:
    graph = posture.graph
    entitlement = {"resource": graph.thing(resource), "level": LEVELS[level]}
    return {
        "identity": graph.thing(of.identity),
        kind: entitlement,
        "baseline": _baseline(of.baseline),
    }


def _baseline(of: Baseline) -> dict[str, Any]:
    return {"kind": of.kind, "by": of.by or None, "at": when(of.at)}


def _row(posture: Posture, of: Drift, excess: Excess) -> dict[str, Any]:
    steps = [edge_step(posture, edge) for edge in excess.edges]
    steps.append(grant_step(posture, excess.grant, 1 << excess.level))
    names = [steps[0]["from"]["name"], *(step["to"]["name"] for step in steps)]
    marks = {m: any(s[m] for s in steps) for m in ("derived", "conditional", "assumed")}
    return (
        _of(posture, of, excess.resource, excess.level, "excess")
        | {
            "cause": excess.cause,
            "why": "coverage" if excess.seen else "changed",
            "since": when(excess.since),
            "exposure": excess.exposure,
            "steps": steps,
            "sentence": " → ".join(names),
        }
        | marks
    )
