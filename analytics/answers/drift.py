"""Drift: access beyond what identities were approved for, with cause and time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, edge_step, grant_step
from analytics.answers.table import INSTANT, Kind, Table, instants, objects
from analytics.changes.drift import CAUSES, Excess
from analytics.changes.drift import Drift as OfIdentity
from analytics.changes.drift import drift as compare
from analytics.findings.growth import Growth, growths
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.schema import LEVELS

MARKS = ("derived", "conditional", "assumed")  # of a path, if any step has it


@dataclass(frozen=True)
class Drift:
    """Access beyond what was approved, its sums, and approved access that is not there.

    `drift` has `identity` (a node), `excess.resource` (a node), `excess.level`, `baseline.kind`,
    `baseline.by`, `baseline.at`, `cause`, `why`, `since`, `exposure`, `steps` (a list), `sentence`,
    `derived`, `conditional`, `assumed` and `policy` (a dict, or null). `shrink` has `identity`,
    `shrink.resource`, `shrink.level` and the baseline; `change_points` have `identity`, `at`,
    `snapshot`, `before`, `after` and `grants` (a list of ids). See `drift`.
    """

    exposure: float | None
    drifted: int | None
    not_known: int
    by_cause: list[dict[str, Any]]
    by_baseline: dict[str, int]
    drift: Table
    shrink: Table
    change_points: Table
    left_out: int


@kept
def drift(posture: Posture, about: int | None = None, limit: int = 0) -> Drift:
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
    known = dark < len(identities)
    drifts = compare(posture, None if about is None else [about])
    pairs = [(each, excess) for each in drifts for excess in each.excess]
    pairs.sort(key=lambda p: (-p[1].exposure, p[1].identity, p[1].resource, -p[1].level))
    shown, left = cut(_once_for_a_policy(pairs), limit)
    missing = [(each, *pair) for each in drifts for pair in each.shrink]
    shrunk, more = cut(missing, limit)
    steps = [growth for growth in growths(posture) if about in (None, growth.identity)]
    return Drift(
        exposure=sum(each.exposure for each in drifts) if known else None,
        drifted=sum(any(not e.seen for e in each.excess) for each in drifts) if known else None,
        not_known=dark,
        by_cause=_by_cause([excess for _, excess in pairs if not excess.seen]),
        by_baseline=_by_baseline(drifts),
        drift=_drift(posture, shown, _grown([excess for _, excess in pairs])),
        shrink=_shrink(posture, shrunk),
        change_points=_change_points(posture, steps),
        left_out=left + more,
    )


def _grown(excess: list[Excess]) -> dict[tuple[str, int], list[Excess]]:
    """Return the additional access of each identity by each grown policy."""
    grown: dict[tuple[str, int], list[Excess]] = {}
    for access in excess:
        if access.policy is not None:
            grown.setdefault((access.policy, access.identity), []).append(access)
    return grown


def _once_for_a_policy(pairs: list[tuple[OfIdentity, Excess]]) -> list[tuple[OfIdentity, Excess]]:
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


def _change_points(posture: Posture, steps: Sequence[Growth]) -> Table:
    columns = {
        "identity": np.array([step.identity for step in steps], np.int64),
        "at": pd.Series([step.info.taken_at for step in steps], dtype=INSTANT),
        "snapshot": pd.array([step.info.id for step in steps], dtype="string"),
        "before": np.array([step.before for step in steps], np.float64),
        "after": np.array([step.after for step in steps], np.float64),
        "grants": objects([list(step.grants) for step in steps]),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, {"identity": Kind.NODE})


def _by_cause(excess: list[Excess]) -> list[dict[str, Any]]:
    rows = []
    for cause in CAUSES:
        exposures = [e.exposure for e in excess if e.cause == cause]
        if exposures:
            rows.append({"cause": cause, "count": len(exposures), "exposure": sum(exposures)})
    return rows


def _by_baseline(drifts: list[OfIdentity]) -> dict[str, int]:
    kinds = [each.baseline.kind for each in drifts]
    return {kind: kinds.count(kind) for kind in sorted(set(kinds))}


def _compared(drifts: Sequence[OfIdentity], name: str, access: Any) -> dict[str, Any]:
    """Return the columns of identities, of their `access` under `name`, and of baselines.

    `access` is a pair of sequences: numbers of resources, and positions of levels.
    """
    baselines = [each.baseline for each in drifts]
    resources, levels = access
    return {
        "identity": np.array([each.identity for each in drifts], np.int64),
        f"{name}.resource": np.array(resources, np.int64),
        f"{name}.level": np.array(levels, np.int64),
        "baseline.kind": pd.array([baseline.kind for baseline in baselines], dtype="string"),
        "baseline.by": pd.array([baseline.by or None for baseline in baselines], dtype="string"),
        "baseline.at": instants(np.array([baseline.at for baseline in baselines], np.int64)),
    }


def _kinds(name: str) -> dict[str, Kind]:
    return {"identity": Kind.NODE, f"{name}.resource": Kind.NODE, f"{name}.level": Kind.LEVEL}


def _shrink(posture: Posture, rows: Sequence[tuple[OfIdentity, int, int]]) -> Table:
    access = [resource for _, resource, _ in rows], [level for *_, level in rows]
    columns = _compared([each for each, *_ in rows], "shrink", access)
    return Table(pd.DataFrame(columns), posture.graph.things, _kinds("shrink"))


def _drift(
    posture: Posture,
    rows: Sequence[tuple[OfIdentity, Excess]],
    grown: dict[tuple[str, int], list[Excess]],
) -> Table:
    excess = [access for _, access in rows]
    steps = [_steps(posture, access) for access in excess]
    access = [each.resource for each in excess], [each.level for each in excess]
    columns = _compared([each for each, _ in rows], "excess", access) | {
        "cause": pd.array([each.cause for each in excess], dtype="string"),
        "why": pd.array(["coverage" if e.seen else "changed" for e in excess], dtype="string"),
        "since": instants(np.array([each.since for each in excess], np.int64)),
        "exposure": np.array([each.exposure for each in excess], np.float64),
        "steps": objects(steps),
        "sentence": pd.array([_sentence(path) for path in steps], dtype="string"),
        **{mark: np.array([any(s[mark] for s in path) for path in steps], bool) for mark in MARKS},
        "policy": objects([_policy(posture, grown, each) for each in excess]),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, _kinds("excess"))


def _steps(posture: Posture, excess: Excess) -> list[dict[str, Any]]:
    steps = [edge_step(posture, edge) for edge in excess.edges]
    return [*steps, grant_step(posture, excess.grant, 1 << excess.level)]


def _sentence(steps: Sequence[dict[str, Any]]) -> str:
    return " → ".join([steps[0]["from"]["name"], *(step["to"]["name"] for step in steps)])
