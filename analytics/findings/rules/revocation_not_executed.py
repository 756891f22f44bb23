"""Access that a reviewer decided to revoke and that is still in force."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import usual_entitlements
from analytics.assumptions.reviews import REVOKE, decisions, last_decision, on_grants
from analytics.findings.closing import Closing, On
from analytics.findings.families.entitlements import by_grant, findings_of_grants, in_words
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day
from analytics.posture import Posture
from analytics.residue import alive
from graph.instants import NEVER
from graph.schema import REVIEW

UNNAMED = "a reviewer"


def find(posture: Posture) -> pd.DataFrame:
    """Find grants in force whose last review decision was to revoke them.

    The decision may be about the grant, about its holder or about the identity. A grant that was
    made after it is another one.
    """
    units = usual_entitlements(posture)
    last = last_decision(posture.graph, units.identity, units.holder, units.grant)
    revoked = (last != NEVER) & (last & 1 == 1)
    at = np.flatnonzero(revoked & alive(posture)[units.identity])
    rows = by_grant(posture, units, at, last[at] >> 1)
    words = list(zip(in_words(posture, rows), rows["first"], _by(posture, rows), strict=True))
    sentences = [
        f"{g.name} may still {g.may} {g.resource}{g.through}, though {reviewer} decided on "
        f"{day(when)} to take it away."
        for g, when, reviewer in words
    ]
    remedy = [
        f"Take {g.taken_away}: the decision of {day(when)} by {reviewer} was never applied."
        for g, when, reviewer in words
    ]
    return findings_of_grants(posture, rows, sentences, rows["first"], remedy)


def _by(posture: Posture, rows: pd.DataFrame) -> list[str]:
    """Return the reviewer who decided to revoke each grant at its time, if known."""
    made = decisions(posture.graph)
    made = made[made["decision"] == REVOKE]
    made = made.assign(by=_reviewers(posture)[made["review"].to_numpy(np.int64)])
    of_grants = on_grants(posture.graph, made[made["grant_id"].notna()])
    by_grant, by_thing = _named(of_grants, "row"), _named(made[made["grant_id"].isna()], "thing")
    columns = (rows[c].tolist() for c in ("grant", "holder", "identity", "first"))
    return [
        by_grant.get((grant, at))
        or by_thing.get((holder, at))
        or by_thing.get((identity, at))
        or UNNAMED
        for grant, holder, identity, at in zip(*columns, strict=True)
    ]


def _reviewers(posture: Posture) -> np.ndarray:
    """Return the name of who decided each review, by its number; `UNNAMED` where nobody knows."""
    graph, frame = posture.graph, posture.graph.frames[REVIEW]
    person = graph.numbers(frame["decided_by"].fillna(""))
    names, by = graph.things["name"].to_numpy(object), np.full(len(graph.ids), UNNAMED, object)
    known = person >= 0
    by[graph.numbers(frame["id"])[known]] = names[person[known]]
    return by


def _named(made: pd.DataFrame, about: str) -> dict[tuple[int, int], str]:
    """Return who decided on each thing or grant at an instant; of several the first by name."""
    ordered = made.sort_values("by", ascending=False, kind="stable")  # the last one counts
    pairs = zip(ordered[about].tolist(), ordered["at"].tolist(), strict=True)
    return dict(zip(pairs, ordered["by"].tolist(), strict=True))


RULE = Rule(
    id="REV-02",
    name="revocation_not_executed",
    title="Revoke decision not executed",
    family="Review",
    weight=1.0,
    needs=("reviews",),
    facts=("COVERS",),
    feeds=Feeds(("outlived",), By.GRANT),
    remedy="Revoke it: the decision was never applied.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 RS.MI-02",
        "NIST CSF 2.0 ID.RA-06",
        "NIST SP 800-53 AC-2",
        "EU AI Act 14.4.e",
        "CSA AICM IAM-07",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
    unapplied=True,
)
