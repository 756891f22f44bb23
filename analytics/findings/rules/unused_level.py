"""Levels of a grant that were unused for 90 days, while others were used."""

import pandas as pd

from analytics.actions import Action
from analytics.findings.closing import Closing, On
from analytics.findings.families.entitlements import (
    LEVEL_WORDS,
    all_since,
    breaking,
    findings_of_grants,
    idle_from,
    in_words,
)
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find grants of which an identity uses some levels and not others."""
    rows = breaking(posture, "necessity")
    rows = rows[rows["levels"] != rows["held"]].reset_index(drop=True)
    all_bits = rows["held"]
    all_levels = [LEVEL_WORDS[bits] for bits in all_bits.tolist()]
    kept = [LEVEL_WORDS[bits] for bits in (all_bits - rows["levels"]).tolist()]
    words = list(zip(in_words(posture, rows), all_since(idle_from(rows)), kept, strict=True))
    sentences = [
        f"{g.name} may {g.may} {g.resource}{g.through}, and nobody has seen it do so {idle}; "
        f"of the grant it uses {rest} only.{g.caveat}"
        for g, idle, rest in words
    ]
    remedy = [
        f"Reduce the grant of {g.holder} on {g.resource} from {all_of_it} to {rest}."
        for (g, _, rest), all_of_it in zip(words, all_levels, strict=True)
    ]
    return findings_of_grants(posture, rows, sentences, rows["last"], remedy)


RULE = Rule(
    id="LPR-02",
    name="unused_level",
    title="Level never used",
    family="Least privilege",
    weight=0.75,
    needs=("usage",),
    facts=("CAN_ACCESS",),
    feeds=Feeds(("necessity",), By.GRANT),
    remedy="Reduce the grant to the levels that are used.",
    references=(
        "OWASP NHI5:2025 Overprivileged NHI",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-6",
        "CSA AICM IAM-05",
    ),
    find=find,
    part_of="TIM-04",
    closing=Closing(On.FACTS, Action.NARROW_GRANT),
    kind=FindingKind.ACCESS,
)
