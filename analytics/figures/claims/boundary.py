"""Boundary: a scope is declared, and neither access nor use goes beyond it."""

import numpy as np
import pandas as pd

from analytics.assumptions.families.scope import scopes_of
from analytics.coverage import stated_by
from analytics.figures.claim import Claim, Judged, counted, facts_of
from analytics.findings.families.scope_use import outside
from analytics.findings.rule import plural
from analytics.posture import Posture
from graph.coverage import can_state


def judge(posture: Posture) -> Judged:
    """Count the entitlements within the declared scope, and what was used outside of it.

    A role has no declared scope: nothing tells whether its access is within what was meant.
    """
    graph, identities = posture.graph, posture.accountable
    access, used = counted(posture, "scope"), outside(posture)
    declared = np.isin(identities, list(scopes_of(posture)))
    possible = can_state(graph, "declared_scope")[identities]
    known = declared | (stated_by(graph, "scope")[identities] & possible)
    place = np.searchsorted(identities, used["identity"].to_numpy(np.int64))
    beyond = np.bincount(place, minlength=len(identities))
    without = known & ~declared
    because = np.array(
        [
            _because(*row)
            for row in zip(
                declared.tolist(),
                known.tolist(),
                possible.tolist(),
                access.of.tolist(),
                access.failing.tolist(),
                access.unknown.tolist(),
                beyond.tolist(),
                strict=True,
            )
        ],
        object,
    )
    return Judged(
        np.where(declared, access.kept, 0),
        np.where(declared, access.failing + beyond, without).astype(np.int64),
        np.where(declared, access.unknown, ~known).astype(np.int64),
        because,
        _facts(posture, declared, access.facts[access.facts["failing"]], used, place),
    )


def _because(
    declared: bool, known: bool, possible: bool, of: int, failing: int, unknown: int, beyond: int
) -> str:
    if not declared:
        if not possible:
            return "a role has no declared scope to compare its access with."
        return "no scope is declared." if known else "no source could have declared a scope."
    entries = plural(of, "entitlement")
    text = f"{failing} of {entries} go beyond the declared scope"
    text += f", and {plural(beyond, 'resource')} outside of it were used" if beyond else ""
    return f"{text}{'; not all of its access is known' if unknown else ''}."


def _facts(
    posture: Posture,
    declared: np.ndarray,
    grants: pd.DataFrame,
    used: pd.DataFrame,
    used_place: np.ndarray,
) -> pd.DataFrame:
    """Return the identity itself, which declares the scope, and what is beyond that."""
    place = np.flatnonzero(declared)
    ids = posture.graph.things["id"].to_numpy(object)[posture.accountable[place]]
    uses = [(p, fact) for p, facts in zip(used_place, used["facts"], strict=True) for fact in facts]
    parts = [
        facts_of(place, ids, False),
        grants[declared[grants["place"]]],
        facts_of(
            np.array([p for p, _ in uses], np.int64), np.array([f for _, f in uses], object), True
        ),
    ]
    return pd.concat(parts, ignore_index=True)


CLAIM = Claim(
    name="boundary",
    order=3,
    says="A scope is declared, and neither its access nor its use goes beyond it.",
    needs=("scope",),
    otherwise="A read of all of its access; of a role, a scope that its holders declare.",
    remedy="Declare its scope, and take away what is beyond it.",
    judge=judge,
)
