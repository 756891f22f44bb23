"""Admin access or wildcard actions on confidential or restricted resources."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.entitlements import usual_entitlements
from analytics.findings.closing import Closing, On
from analytics.findings.families.entitlements import (
    by_grant,
    findings_of_heaviest,
    heaviest_of_each,
    in_words,
)
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule
from analytics.posture import Posture
from analytics.residue import alive
from analytics.usage.unused_levels import unused_levels
from analytics.weights import SENSITIVITY
from graph.schema import CAN_ACCESS, LEVELS

ADMIN = LEVELS.index("admin")
# every action, every action of a service, or every action but some
WILDCARD = r'"(?:(?:[^"]*:)?\*"|NotAction\()'


def find(posture: Posture) -> pd.DataFrame:
    """Find identities with admin or wildcard access to confidential or restricted resources."""
    units = usual_entitlements(posture)
    serving = alive(posture)[units.identity]
    sensitive = posture.sensitivities["weight"].to_numpy()[units.resource]
    actions = posture.graph.frames[CAN_ACCESS]["actions"].fillna("")
    wild = actions.str.contains(WILDCARD).to_numpy(bool)
    chosen = (units.level == ADMIN) | wild[units.grant]
    at = np.flatnonzero(serving & chosen & (sensitive >= SENSITIVITY["confidential"]))
    rows = heaviest_of_each(by_grant(posture, units, at, units.granted[at]))
    words = list(zip(in_words(posture, rows), rows["count"], strict=True))
    sentences = [
        f"{g.name} may {g.may} {g.resource}{g.through}."
        + (f" It has {n} such grants." if n > 1 else "")
        + g.caveat
        for g, n in words
    ]
    remedy = [
        f"Name the actions that {g.name} needs on {g.resource}, and grant those." for g, _ in words
    ]
    return findings_of_heaviest(posture, rows, sentences, remedy).assign(
        closes=_narrowable(posture, rows, wild)
    )


def _narrowable(posture: Posture, rows: pd.DataFrame, wild: np.ndarray) -> np.ndarray:
    """Return a mask of the rows whose grants all end once their unused levels are dropped.

    Which actions a wildcard is to be replaced by, only a person can say.
    """
    unused, every = unused_levels(posture), posture.graph.levels
    admin = (unused >> ADMIN & 1).astype(bool)
    narrow = (unused == every) | (admin & ~wild)
    ids = posture.graph.frames[CAN_ACCESS]["id"].to_numpy(object)
    able = set(ids[narrow])
    return np.array([able.issuperset(facts) for facts in rows["facts"]], bool)


RULE = Rule(
    id="LPR-03",
    name="admin_or_wildcard",
    title="Administration or wildcard",
    family="Least privilege",
    weight=0.75,
    needs=("grants",),
    facts=("CAN_ACCESS",),
    feeds=NOTHING,  # how much may be done: that is in the exposure of every item
    remedy="Name the actions that are needed, and grant those.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-6(1)",
        "NIST SP 800-53 AC-6(5)",
        "CSA AICM IAM-05",
        "CSA AICM IAM-09",
        "CSA AICM IAM-19",
        "OWASP AISVS C5.2.1",
        "CIS Controls 5.4",
    ),
    find=find,
    closing=Closing(On.FACTS, Action.NARROW_GRANT),
    kind=FindingKind.ACCESS,
)
