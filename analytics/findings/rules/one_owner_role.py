"""Identities with a technical but no business owner, or the reverse."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.entitlements import heaviest
from analytics.findings.closing import Closing
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Orphaning, Rule, findings_of
from analytics.gathered import gathered
from analytics.ownership.owners import NOBODY, ROLES, Ownership
from analytics.ownership.unowned_since import unowned_since
from analytics.posture import Posture
from analytics.residue import judged

MOST = 20  # statements listed as support of a finding


def find(posture: Posture) -> pd.DataFrame:
    """Find identities with an owner in one role, and none in the other.

    A role that no source could have declared is unknown, not missing.
    """
    owned = posture.ownership
    missing = [owned.missing(role) for role in ROLES]
    subject = judged(posture, np.logical_xor(*missing) & ~owned.nobody())
    names = posture.graph.things["name"].iloc[subject]
    lacks = np.where(missing[0][subject], *ROLES)
    sentences = [
        f"Nobody is the {role} owner of {n}." for role, n in zip(lacks, names, strict=True)
    ]
    since = np.select(
        [lacks == role for role in ROLES],
        [unowned_since(posture, role)[subject] for role in ROLES],
    )
    remedy = [f"Assign a {role} owner to {n}." for role, n in zip(lacks, names, strict=True)]
    weighs = heaviest(posture)[subject] / 2  # each role is half of the assumption
    stated = gathered(posture.ownership.owns, ["thing"], "id", MOST)
    itself = posture.graph.things["id"].iloc[subject]
    evidence = [stated.get(n, (str(name),)) for n, name in zip(subject, itself, strict=True)]
    return findings_of(
        posture, subject, sentences, since=since, weighs=weighs, evidence=evidence, remedy=remedy
    )


def explains(posture: Posture, owned: Ownership, role: str) -> np.ndarray:
    """Explain a role whose other role has an owner."""
    other = ROLES[1 - ROLES.index(role)]
    return np.asarray(owned.covered[other] != NOBODY)


RULE = Rule(
    id="OWN-04",
    name="one_owner_role",
    title="Technical without business owner, or the reverse",
    family="Ownership",
    weight=1.0,
    needs=("owners",),
    facts=("OWNS",),
    feeds=Feeds(("owner",)),
    remedy="Assign the missing owner.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 GV.RR-02",
        "NIST SP 800-53 AC-2",
    ),
    find=find,
    orphaning=Orphaning("One of two roles empty", 2, explains),
    closing=Closing(action=Action.ASSIGN_OWNER),
)
