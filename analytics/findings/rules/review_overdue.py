"""Access that nobody approved within the last 90 days."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.model import model
from analytics.assumptions.reviews import given
from analytics.findings.closing import Closing
from analytics.findings.families.entitlements import (
    all_since,
    breaking,
    findings_of_heaviest,
    granted,
    in_words,
)
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Rule
from analytics.posture import Posture
from graph.instants import DAY, NEVER


def find(posture: Posture) -> pd.DataFrame:
    """Find identities with grants whose approval is overdue; one finding each, with the count.

    The days count from the last approval of the grant, its holder or the identity, or from the
    grant if there was none. An approval that has ended covers nothing any more.
    """
    rows = breaking(posture, "review")
    grant_counts = granted(posture)[rows["identity"]]
    last = _approved(posture, rows)
    words = list(
        zip(in_words(posture, rows), rows["count"], grant_counts, all_since(last), strict=True)
    )
    sentences = [
        f"{_share(n, of)} of {g.name} {'is' if n == 1 else 'are'} overdue for review, the heaviest "
        f"to {g.may} {g.resource}{g.through}, which nobody has approved {never}."
        for g, n, of, never in words
    ]
    remedy = [f"Review what {g.name} may use: keep it or take it away." for g, *_ in words]
    return findings_of_heaviest(posture, rows, sentences, remedy)


def _share(count: int, of: int) -> str:
    if count < of:
        return f"{count} of the {of} grants"
    return "The one grant" if count == 1 else f"All {count} grants"


def _approved(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return until when each grant was approved, or when it was granted (milliseconds).

    That is the day of the approval, or its end if it has one that came before the review cycle.
    """
    identity, holder, grant = (rows[c].to_numpy(np.int64) for c in ("identity", "holder", "grant"))
    approved = given(posture.graph).last(identity, holder, grant)
    last = np.maximum(approved, posture.graph.grant_use[2][grant])
    due = rows["first"].to_numpy(np.int64)
    begun = np.where(due == NEVER, NEVER, due - int(model().review * DAY))
    return np.where(begun < last, due, begun)


RULE = Rule(
    id="REV-01",
    name="review_overdue",
    title="Review overdue or never held",
    family="Review",
    weight=0.75,
    needs=("reviews",),
    facts=("CAN_ACCESS",),
    feeds=Feeds(("review",)),
    remedy="Review it: keep it or take it away.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP NHI5:2025 Overprivileged NHI",
        "NIST CSF 2.0 PR.AA-05",
        "NIST CSF 2.0 GV.OV-03",
        "NIST SP 800-53 AC-6(7)",
        "NIST SP 800-53 AC-2",
        "NIST AI RMF GOVERN 1.5",
        "CIS Controls 5.5",
        "CSA AICM IAM-08",
    ),
    find=find,
    closing=Closing(action=Action.REVIEW),
)
