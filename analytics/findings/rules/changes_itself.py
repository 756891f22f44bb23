"""Agents that can change what limits, instructs or shows them."""

import numpy as np
import pandas as pd

from analytics.findings.closing import Closing, On
from analytics.findings.families.self_change import self_changes
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of, joined, nothing
from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.residue import alive
from graph.frames import records
from graph.schema import CAN_ACCESS


def find(posture: Posture) -> pd.DataFrame:
    """Find agents that can change their own instructions, compute, access, record, tools or logs.

    By what they hold as themselves. What they could gain beyond that by a rule of escalation is
    LPR-04. Of a log whose grant names its actions, only those count that take from it or turn it
    off. Severity is at least high, unless a condition was not evaluated.
    """
    rows = self_changes(posture)
    rows = rows[alive(posture)[rows["identity"].to_numpy(np.int64)]]
    if rows.empty:
        return nothing()
    frame, at = posture.graph.frames[CAN_ACCESS], rows["row"].to_numpy(np.int64)
    rows = rows.assign(
        fact=frame["id"].to_numpy(object)[at],
        conditional=frame["condition"].notna().to_numpy(bool)[at],
        since=posture.graph.grant_use[2][at],
    )
    by = ["identity", "target"]
    each = rows.groupby(by, as_index=False).agg(
        conditional=("conditional", "all"), since=("since", "max")
    )
    kinds, facts = (gathered(rows, by, column) for column in ("kind", "fact"))
    names = posture.graph.things["name"].to_numpy(object)
    ends = [(r.identity, r.target) for r in records(each)]
    return findings_of(
        posture,
        each["identity"].to_numpy(np.int64),
        [
            f"{names[a]} can change {joined(list(kinds[a, b]))}: it may write to {names[b]}."
            for a, b in ends
        ],
        since=each["since"].to_numpy(np.int64),
        other=each["target"].to_numpy(np.int64),
        evidence=[facts[end] for end in ends],
        remedy=[f"Let somebody else change {names[b]}, and not {names[a]}." for a, b in ends],
        floor=["" if c else "high" for c in each["conditional"]],
    )


RULE = Rule(
    id="LPR-06",
    name="changes_itself",
    title="Can change itself",
    family="Least privilege",
    weight=0.75,
    needs=("grants",),
    facts=("CAN_ACCESS.levels|CAN_ACCESS.actions", "Agent"),
    feeds=NOTHING,  # what an agent could make of itself: reach, and not debt
    remedy="Let somebody else change what limits, instructs or shows it.",
    references=(
        "OWASP ASI10:2026 Rogue Agents",
        "OWASP Agentic Threats T3 Privilege Compromise",
        "OWASP Agentic Threats T13 Rogue Agents in Multi-Agent Systems",
        "NIST SP 800-53 AC-5",
        "NIST SP 800-53 AC-6",
        "MITRE ATLAS AML.T0081",
        "CSA AICM AIS-11",
        "CSA AICM IAM-12",
        "CSA AICM LOG-02",
        "OWASP AISVS C5.2.5",
        "OWASP AISVS C9.2.5",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
