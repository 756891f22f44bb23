"""Owners who were named long ago and never accepted."""

import pandas as pd

from analytics.findings.families.ownership import judged_rows, unacknowledged
from analytics.findings.feeds import NOTHING
from analytics.findings.rule import Rule, findings_of, nothing
from analytics.posture import Posture
from graph.frames import records
from graph.instants import DAY

GRACE_DAYS = 30


def find(posture: Posture) -> pd.DataFrame:
    """Find owners who did not accept within 30 days, of identities older than their ownership.

    Only where the source declares acceptances at that time: elsewhere it is unknown.
    """
    late = unacknowledged(posture, posture.graph.now - GRACE_DAYS * DAY)
    late = judged_rows(posture, late)
    if late.empty:
        return nothing()
    by_owner = late.sort_values(["role", "id"]).groupby(["thing", "owner"])
    rows = by_owner.agg(since=("since", "min"), role=("role", " and ".join), id=("id", tuple))
    rows = rows.reset_index()
    names = posture.graph.things["name"]
    sentences = [
        f"{names[r.owner]} was made {r.role} owner of {names[r.thing]} and never accepted it."
        for r in records(rows)
    ]
    return findings_of(
        posture,
        rows["thing"].to_numpy(),
        sentences,
        since=rows["since"].to_numpy(),
        other=rows["owner"].to_numpy(),
        evidence=list(rows["id"]),
        remedy=[
            f"Ask {names[r.owner]} to accept {names[r.thing]} or to refuse it."
            for r in records(rows)
        ],
    )


RULE = Rule(
    id="OWN-07",
    name="silent_transfer",
    title="Silent transfer",
    family="Ownership",
    weight=1.0,
    needs=("owners",),
    facts=("OWNS.acknowledged_at",),
    feeds=NOTHING,  # somebody answers, willingly or not
    remedy="Ask the owner to accept or refuse.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 GV.RR-02",
        "NIST SP 800-53 PS-5",
    ),
    find=find,
)
