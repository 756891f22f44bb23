"""Steps of a narrative: what each does for whoever walks the path, and where nobody would see it.

* Entry: the start itself, and the keys and accounts that it was given for its work (USES,
  AUTHENTICATES_AS, RUNS_AS, until anything else). Its cause is `broad_default` where nothing that
  was declared narrows it: no scope, although a source could have stated one, or a trust in
  everyone; else `legitimate_integration`.
* Escalation: every further step. Its cause is `inherited_permissions` (a group or a role),
  `spawned_actions` (a child, a call, a delegation) or `accumulation` (facts that together give
  control: a derived edge). A key or account on the way has the cause of the step before it.
* Impact: the grant at the end. Its effects are `unauthorised_action` (write or admin),
  `sensitive_data` (list or read), and `audit_gap` where some use on the path leaves no trace.
"""

from dataclasses import dataclass

import numpy as np

from analytics.coverage import stated_by
from analytics.evidence.asked import asked
from analytics.evidence.decisions import decisions, parents, watched
from analytics.findings.families.scope import without
from analytics.findings.families.trust import public_trusts
from analytics.posture import Posture
from analytics.remediation.narrative.worst import Route
from graph.once import once
from graph.schema import (
    ACTS_FOR,
    ASSUMES,
    AUTHENTICATES_AS,
    CALLS,
    CONTROL,
    CONTROLS,
    HUMAN,
    IDENTITIES,
    MEMBER_OF,
    RUNS_AS,
    SPAWNS,
    USES,
)

ENTRY, ESCALATION, IMPACT = "entry", "escalation", "impact"
INTEGRATION, BROAD_DEFAULT = "legitimate_integration", "broad_default"
INHERITED, SPAWNED, ACCUMULATED = "inherited_permissions", "spawned_actions", "accumulation"
ACTION, DATA, GAP = "unauthorised_action", "sensitive_data", "audit_gap"
GIVEN = (USES, AUTHENTICATES_AS, RUNS_AS)
CAUSES = {
    MEMBER_OF: INHERITED,
    ASSUMES: INHERITED,
    SPAWNS: SPAWNED,
    CALLS: SPAWNED,
    ACTS_FOR: SPAWNED,
    CONTROLS: ACCUMULATED,
}
LOOK, CHANGE = 0b0011, 0b1100  # levels that show something, and that change something
NO_DECISION, NOT_REQUIRED, DECIDED, UNKNOWN = "none", "not_required", "recorded", "unknown"


@dataclass(frozen=True)
class Typed:
    """The phase and cause of each edge of a path, and whether a source would see its use."""

    phases: tuple[str, ...]
    causes: tuple[str, ...]
    seen: tuple[bool, ...]
    grant_seen: bool


def typed(posture: Posture, entry: int, path: Route) -> Typed:
    """Type the edges of a path from `entry`."""
    edges = posture.edges
    phase, cause = ENTRY, entry_cause(posture, entry)
    phases, causes = [], []
    for edge in path.edges:
        relationship = CONTROL[edges.kind[edge]]
        if relationship not in GIVEN or edges.derived[edge]:
            phase = ESCALATION
            derived = bool(edges.derived[edge]) and relationship not in CAUSES
            cause = ACCUMULATED if derived else CAUSES[relationship]
        phases.append(phase)
        causes.append(cause)
    seen = tuple(bool(edges.telemetry[edge]) for edge in path.edges)
    return Typed(tuple(phases), tuple(causes), seen, bool(posture.grants.telemetry[path.grant]))


def entry_cause(posture: Posture, entry: int) -> str:
    """Return why the entry has the access with which a narrative begins."""
    return BROAD_DEFAULT if _unnarrowed(posture)[entry] else INTEGRATION


@once
def _unnarrowed(posture: Posture) -> np.ndarray:
    """Return a mask of the nodes of which nothing declared narrows the access (cached)."""
    mask = without(posture, "declared_scope") & stated_by(posture.graph, "scope")
    mask[public_trusts(posture)["subject"].to_numpy(np.int64)] = True
    return np.asarray(mask)


def effects(levels: int) -> list[str]:
    """Return the effects of the levels (bits) reached at the end of a path.

    >>> effects(0b0110)
    ['unauthorised_action', 'sensitive_data']
    """
    return [name for bits, name in ((CHANGE, ACTION), (LOOK, DATA)) if levels & bits]


def decision_state(posture: Posture, nodes: np.ndarray, target: int) -> str:
    """Return whether a decision on the target is recorded for a node of the path.

    `NOT_REQUIRED` where no node of the path is one whose uses need a decision; `UNKNOWN` where no
    decision about any of those that do would have been recorded.
    """
    acting = posture.graph.has_label(*IDENTITIES, HUMAN)
    deciding = nodes[(asked(posture) & acting)[nodes]]
    if not len(deciding):
        return NOT_REQUIRED
    above = int(parents(posture)[target])
    actor, resource = _decided(posture)
    about = np.isin(resource, [target, above] if above >= 0 else [target])
    if np.isin(deciding, actor[about]).any():
        return DECIDED
    would = watched(posture, np.full(len(deciding), target), deciding)
    return NO_DECISION if would.any() else UNKNOWN


@once
def _decided(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return the actor and the resource of every decision (numbers; cached)."""
    records = decisions(posture)
    return records.actor, records.resource
