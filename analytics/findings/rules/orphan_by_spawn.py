"""Child agents without an owner, of a parent that cannot answer for them."""

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.findings.closing import Closing
from analytics.findings.feeds import Feeds
from analytics.findings.rule import Orphaning, Rule, findings_of
from analytics.ownership.owners import Ownership
from analytics.ownership.unowned_since import unowned_whole_since
from analytics.posture import Posture
from analytics.residue import judged
from graph.schema import SPAWNS


def find(posture: Posture) -> pd.DataFrame:
    """Find spawned agents without an owner whose parent is out of service or unowned itself."""
    owned = posture.ownership
    subject = judged(posture, owned.nobody() & (owned.parent >= 0))
    names = posture.graph.things["name"]
    parent = owned.parent[subject]
    sentences = [
        f"Nobody answers for {names[child]}: its parent {names[above]} is gone or unowned itself."
        for child, above in zip(subject, parent, strict=True)
    ]
    remedy = [
        f"Decommission {names[child]} with its parent {names[above]}, or assign an owner."
        for child, above in zip(subject, parent, strict=True)
    ]
    born = _births(posture)
    return findings_of(
        posture,
        subject,
        sentences,
        since=unowned_whole_since(posture)[subject],
        other=parent,
        evidence=[born[pair] for pair in zip(parent.tolist(), subject.tolist(), strict=True)],
        remedy=remedy,
    )


def _births(posture: Posture) -> dict[tuple[int, int], tuple[str, ...]]:
    """Return for each pair of parent and child the ids of its SPAWNS relationships, sorted."""
    graph = posture.graph
    kept = graph.in_force(SPAWNS)
    parent, child = (end[kept].tolist() for end in graph.ends(SPAWNS))
    born: dict[tuple[int, int], tuple[str, ...]] = {}
    rows = zip(graph.frames[SPAWNS]["id"][kept], parent, child, strict=True)
    for fact, above, below in sorted(rows):
        born[above, below] = (*born.get((above, below), ()), fact)
    return born


def explains(posture: Posture, owned: Ownership, role: str) -> np.ndarray:
    """Explain the roles of spawned agents."""
    return owned.parent >= 0


RULE = Rule(
    id="OWN-05",
    name="orphan_by_spawn",
    title="Orphan by spawn chain",
    family="Ownership",
    weight=1.0,
    needs=("owners",),
    facts=("SPAWNS",),
    feeds=Feeds(("owner",)),
    remedy="Decommission it with its parent, or assign an owner.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP ASI08:2026 Cascading Failures",
        "OWASP ASI10:2026 Rogue Agents",
        "OWASP Agentic Threats T13 Rogue Agents in Multi-Agent Systems",
        "NIST CSF 2.0 ID.AM-08",
        "NIST SP 800-53 AC-2(1)",
        "NIST AI RMF GOVERN 1.7",
    ),
    find=find,
    orphaning=Orphaning("Its parent has no owner", 1, explains),
    closing=Closing(action=Action.ASSIGN_OWNER),
)
