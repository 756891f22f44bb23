"""Admin access or wildcard actions on confidential or restricted resources."""

import numpy as np
import pandas as pd

from analytics.assumptions.items import items_of
from analytics.findings.families.entitlements import (
    by_grant,
    findings_of_heaviest,
    heaviest_of_each,
    in_words,
)
from analytics.findings.feeds import NOTHING
from analytics.findings.rule import Rule
from analytics.posture import Posture
from analytics.residue import alive
from analytics.weights import SENSITIVITY
from graph.schema import CAN_ACCESS, LEVELS

ADMIN = LEVELS.index("admin")
WILDCARD = r'"(?:[^"]*:)?\*"'  # every action, or every action of a service


def find(posture: Posture) -> pd.DataFrame:
    """Find identities with admin or wildcard access to confidential or restricted resources."""
    units = items_of(posture).units
    serving = alive(posture)[units.identity]
    sensitive = posture.sensitivities["weight"].to_numpy()[units.resource]
    wild = posture.graph.frames[CAN_ACCESS]["actions"].fillna("").str.contains(WILDCARD)
    chosen = (units.level == ADMIN) | wild.to_numpy(bool)[units.grant]
    at = np.flatnonzero(serving & chosen & (sensitive >= SENSITIVITY["confidential"]))
    rows = heaviest_of_each(by_grant(posture, at, units.granted[at]))
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
    return findings_of_heaviest(posture, rows, sentences, remedy)


RULE = Rule(
    id="LPR-03",
    name="admin_or_wildcard",
    title="Administration or wildcard",
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
    ),
    find=find,
)
