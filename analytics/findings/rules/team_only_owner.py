"""Identities that only teams own, or a team without members."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.findings.closing import Closing
from analytics.findings.families.ownership import (
    in_role,
    judged_rows,
    leading,
    team_gaps,
    team_only,
)
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Orphaning, Rule, findings_of
from analytics.ownership.owners import Ownership
from analytics.ownership.unowned_since import (
    alone_since,
    last_person_left,
    unowned_whole_since,
)
from analytics.posture import Posture
from graph.frames import records


def find(posture: Posture) -> pd.DataFrame:
    """Find identities that no person owns, only a team, or a team without active members."""
    rows = judged_rows(posture, team_only(posture.graph, posture.ownership))
    first = leading(rows, "team", "thing")
    thing = first["thing"].to_numpy(np.int64)
    alone = alone_since(first["since"].to_numpy(np.int64), last_person_left(posture)[thing])
    names = posture.graph.things["name"]
    sentences = [
        f"Only the team {names[r.owner]} owns {names[r.thing]}; nobody is accountable in person."
        if r.active
        else f"Nobody answers for {names[r.thing]}: its team {names[r.owner]} has no active member."
        for r in records(first)
    ]
    return findings_of(
        posture,
        thing,
        sentences,
        since=np.where(first["active"], alone, unowned_whole_since(posture)[thing]),
        other=first["owner"].to_numpy(),
        evidence=[(i,) for i in first["id"]],
        remedy=[
            f"Name one accountable person in {names[r.owner]}."
            if r.active
            else f"Name one accountable person for {names[r.thing]}; {names[r.owner]} is empty."
            for r in records(first)
        ],
    )


def explains(posture: Posture, owned: Ownership, role: str) -> np.ndarray:
    """Explain a role that a team without active members has."""
    gaps = team_gaps(owned)
    return in_role(owned, gaps[gaps["id"].isin(team_only(posture.graph, owned)["id"])], role)


RULE = Rule(
    id="OWN-03",
    name="team_only_owner",
    title="Team-only or empty team",
    family="Ownership",
    weight=1.0,
    needs=("owners",),
    facts=("OWNS", "Team|Group"),
    feeds=Feeds(("owner",)),
    remedy="Name one accountable person in the team.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 GV.RR-02",
        "EU AI Act 26.2",
    ),
    find=find,
    orphaning=Orphaning("Owned by an empty team", 4, explains),
    closing=Closing(action=Action.ASSIGN_OWNER),
)
