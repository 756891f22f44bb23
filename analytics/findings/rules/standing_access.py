"""Access that does not end by itself and needs no activation."""

import pandas as pd

from analytics.actions import Action
from analytics.findings.closing import Closing, On
from analytics.findings.families.entitlements import (
    breaking,
    findings_of_heaviest,
    in_words,
)
from analytics.findings.feeds import Feeds
from analytics.findings.just_in_time import fit
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, plural
from analytics.posture import Posture


def find(posture: Posture) -> pd.DataFrame:
    """Find identities with grants without an end; one finding each, about the heaviest grant.

    The sentence gives their number, and whether just-in-time access would fit.
    """
    rows = breaking(posture, "standing")
    columns = (rows[c].to_numpy() for c in ("identity", "grant", "level", "together"))
    fits = fit(posture, *columns)
    words = list(zip(in_words(posture, rows), rows["count"], strict=True))
    sentences = [
        f"{plural(n, 'grant')} of {g.name} {'has' if n == 1 else 'have'} no end, the heaviest to "
        f"{g.may} {g.resource}{g.through}: {fits.advice(place)}."
        for place, (g, n) in enumerate(words)
    ]
    remedy = [
        f"Let the access of {g.name} to {g.resource} be activated when it is needed."
        if fits.fits[place]
        else f"Set an end to the {plural(n, 'grant')} of {g.name}."
        for place, (g, n) in enumerate(words)
    ]
    return findings_of_heaviest(posture, rows, sentences, remedy)


RULE = Rule(
    id="TIM-01",
    name="standing_access",
    title="Standing access",
    family="Time",
    weight=8 / 12,
    needs=("grants",),
    facts=("CAN_ACCESS",),
    feeds=Feeds(("standing",)),
    remedy="Set an end, or let it be activated when it is needed.",
    references=(
        "OWASP NHI7:2025 Long-Lived Secrets",
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-2(6)",
        "CSA AICM IAM-10",
        "OWASP AISVS C5.2.6",
    ),
    find=find,
    closing=Closing(On.FACTS, Action.SET_EXPIRY),
    kind=FindingKind.ACCESS,
)
