"""Access that is reached only over edges unused for 90 days."""

import numpy as np
import pandas as pd

from analytics.findings.closing import Closing, On
from analytics.findings.feeds import Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of
from analytics.posture import UNUSED_DAYS, Filter, Posture
from analytics.usage.stale_access import first_stale_steps

MOST = 20  # facts listed as support of a finding


def find(posture: Posture) -> pd.DataFrame:
    """Find identities that would lose access, but nothing in use, if stale edges were removed.

    It rests on the first stale step of each path, and holds since the first of them was unused for
    90 days. A grant that LPR-01 or LPR-02 finds unused by itself is a part of it there.
    """
    gone = posture.lost(Filter(stale=UNUSED_DAYS))
    weighted_reach = posture.totals().weighted
    has = np.flatnonzero((gone.pairs > 0) & posture.in_service[posture.accountable])
    subject = posture.accountable[has]
    names = posture.graph.things["name"].iloc[subject]
    sentences = [
        f"Of the weighted reach of {name}, {weighted_reach[k]:g}, as much as {gone.weighted[k]:g} "
        f"was not used for {UNUSED_DAYS} days: {_levels(int(gone.pairs[k]))} could go."
        for name, k in zip(names, has, strict=True)
    ]
    steps = first_stale_steps(posture, subject)
    return findings_of(
        posture,
        subject,
        sentences,
        since=steps.since,
        weighs=gone.most[has] * posture.autonomy[subject],
        evidence=[facts[:MOST] for facts in steps.facts],
        closed_by=steps.cuts,
        closes=steps.complete,
    )


def _levels(count: int) -> str:
    return "1 level on a resource" if count == 1 else f"{count} levels on resources"


RULE = Rule(
    id="TIM-04",
    name="stale_access_path",
    title="Stale access path",
    family="Time",
    weight=0.75,
    needs=("usage",),
    facts=("CAN_ACCESS",),
    feeds=Feeds(("necessity",)),
    remedy="Remove the first stale edge of each path; nothing that was used depends on it.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 PR.AA-05",
        "CSA AICM IAM-05",
    ),
    find=find,
    closing=Closing(On.FACTS, spares=True),
    kind=FindingKind.ACCESS,
)
