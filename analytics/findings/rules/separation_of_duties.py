"""Identities that hold both sides of a rule of separation."""

from typing import Any

import pandas as pd

from analytics.findings.closing import Closing, On
from analytics.findings.families.isolation import MOST, conflicts
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of
from analytics.posture import Posture
from graph.frames import records
from graph.values import UNIT_SEPARATOR


def find(posture: Posture) -> pd.DataFrame:
    """Find identities that hold both sides; the rules are the organisation's own."""
    rows = conflicts(posture).sort_values(["identity", "right", "rule", "left"])
    names, ids = posture.graph.things["name"], posture.graph.things["id"]
    sentences = [
        f"{names[r.identity]} holds both sides of the rule {r.rule}: "
        f"{_side(r.left_level, names[r.left])} and {_side(r.right_level, names[r.right])}."
        for r in records(rows)
    ]
    return findings_of(
        posture,
        rows["identity"].to_numpy(int),
        sentences,
        since=rows["since"].to_numpy("int64"),
        other=rows["right"].to_numpy(int),
        weighs=rows["weighs"].to_numpy(float),
        evidence=list(rows["facts"]),
        closed_by=list(rows["side"]),
        closes=rows["side"].map(len).to_numpy() < MOST,  # of more grants, only these are named
        key=[
            UNIT_SEPARATOR.join((r.rule, ids[r.left], str(r.left_level), str(r.right_level)))
            for r in records(rows)
        ],
    )


def _side(level: Any, name: str) -> str:
    return f"any access to {name}" if pd.isna(level) else f"{level} on {name}"


RULE = Rule(
    id="ISO-03",
    name="separation_of_duties",
    title="Separation of duties broken",
    family="Isolation",
    weight=9 / 12,
    needs=(),
    facts=("SodRule",),
    feeds=Feeds(("sod",), By.DUTY),
    remedy="Give one of the two sides to another identity.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-5",
        "CSA AICM IAM-04",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
