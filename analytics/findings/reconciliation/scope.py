"""Permissions compared with the declared scope of the agent."""

import numpy as np

from analytics.assumptions.families.scope import inside_scope, scopes_of
from analytics.evidence.decisions import records
from analytics.evidence.reconciled import decided
from analytics.findings.reconciliation.check import Check, Compared, same, states
from analytics.posture import Posture


def compare(posture: Posture) -> Compared:
    """Compare what was allowed with the scope; the parts of a resource in the scope are in it.

    Without a declared scope, or of an action whose level is not known, nothing is known.
    """
    rows = decided(posture)
    allowed = (records(posture)["decision"] == "allow").to_numpy(bool)
    identity, resource, level = (
        rows[c].to_numpy(np.int64) for c in ("identity", "resource", "level")
    )
    known = np.isin(identity, list(scopes_of(posture))) & (resource >= 0) & (level >= 0)
    asked = np.flatnonzero(allowed & known)
    inside = np.zeros(len(rows), bool)
    identities, place = np.unique(identity[asked], return_inverse=True)
    inside[asked] = inside_scope(
        posture,
        identities,
        place.astype(np.int32),
        resource[asked].astype(np.int32),
        level[asked].astype(np.int8),
    )
    sentence = "it was allowed outside the declared scope"
    return Compared(rows, states(allowed, known, ~inside), same(sentence))


CHECKS = (
    Check(
        "allowed_outside_scope",
        40,
        "A decision allowed what is outside the declared scope of the agent.",
        "permissions for identities with a declared scope, of actions of a known level",
        compare,
    ),
)
