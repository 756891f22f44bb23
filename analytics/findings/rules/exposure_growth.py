"""Identities whose exposure grew by a step, from one level to a higher one."""

import numpy as np
import pandas as pd

from analytics.findings.feeds import NOTHING
from analytics.findings.growth import growths
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, findings_of, plural
from analytics.posture import Posture
from analytics.residue import alive
from graph.instants import millisecond


def find(posture: Posture) -> pd.DataFrame:
    """Find identities whose exposure stepped up over the kept snapshots.

    It takes ten snapshots of the same sources; with fewer, nothing is found.
    """
    grown = [g for g in growths(posture) if alive(posture)[g.identity]]
    names = posture.graph.things["name"]
    sentences = [
        f"The exposure of {names[g.identity]} grew from {g.before:.4g} to {g.after:.4g} on average "
        f"by {day(millisecond(g.info.taken_at))}, when {plural(len(g.grants), 'grant')} came."
        for g in grown
    ]
    remedy = [
        f"Find out why the access of {names[g.identity]} grew; have it approved, or remove it."
        for g in grown
    ]
    return findings_of(
        posture,
        np.array([g.identity for g in grown], np.int64),
        sentences,
        since=np.array([millisecond(g.info.taken_at) for g in grown], np.int64),
        weighs=np.array([g.heaviest for g in grown]),
        evidence=[g.grants for g in grown],
        remedy=remedy,
    )


RULE = Rule(
    id="SCP-04",
    name="exposure_growth",
    title="Growth of exposure",
    family="Purpose and scope",
    weight=0.75,
    needs=("grants",),
    facts=("CAN_ACCESS",),
    feeds=NOTHING,  # that access grew: what it rests on is judged grant by grant
    remedy="Get what was added approved, or remove it.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "NIST CSF 2.0 ID.RA-07",
        "NIST SP 800-53 AC-2(12)",
        "NIST AI RMF MEASURE 3.1",
        "EU AI Act 12.2.a",
    ),
    find=find,
    kind=FindingKind.ACCESS,
    of_series=True,
)
