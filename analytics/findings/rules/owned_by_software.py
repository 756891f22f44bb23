"""Identities whose only owner is itself or other software."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.findings.closing import Closing
from analytics.findings.families.ownership import (
    in_role,
    judged_rows,
    leading,
    software_only,
)
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Orphaning, Rule, findings_of
from analytics.ownership.owners import Ownership
from analytics.ownership.unowned_since import alone_since, last_answered
from analytics.posture import Posture
from graph.frames import records


def find(posture: Posture) -> pd.DataFrame:
    """Find identities that own themselves, or that only software owns."""
    rows = judged_rows(posture, software_only(posture.ownership))
    first = leading(rows, "software", "thing")
    names, thing = posture.graph.things["name"], first["thing"].to_numpy(np.int64)
    sentences = [
        f"Nobody answers for {names[r.thing]}: it owns itself."
        if r.owner == r.thing
        else f"Nobody answers for {names[r.thing]}: its owner {names[r.owner]} is software."
        for r in records(first)
    ]
    return findings_of(
        posture,
        thing,
        sentences,
        since=alone_since(first["since"].to_numpy(np.int64), last_answered(posture)[thing]),
        other=first["owner"].to_numpy(),
        evidence=[(i,) for i in first["id"]],
        remedy=[
            f"Name a person who owns {names[thing]}"
            + ("; an identity that owns itself can give itself new credentials." if itself else ".")
            for thing, itself in zip(first["thing"], first["thing"] == first["owner"], strict=True)
        ],
    )


def explains(posture: Posture, owned: Ownership, role: str) -> np.ndarray:
    """Explain a role that only software has."""
    return in_role(owned, software_only(owned), role)


RULE = Rule(
    id="OWN-06",
    name="owned_by_software",
    title="Self-owned, or owned by software",
    family="Ownership",
    weight=1.0,
    needs=("owners",),
    facts=("OWNS",),
    feeds=Feeds(("owner",)),
    remedy="Replace by a person; an identity that owns itself can give itself new credentials.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP ASI10:2026 Rogue Agents",
        "OWASP Agentic Threats T3 Privilege Compromise",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-5",
        "NIST SP 800-53 AC-6",
    ),
    find=find,
    orphaning=Orphaning("Owner is not a person", 3, explains),
    closing=Closing(action=Action.ASSIGN_OWNER),
)
