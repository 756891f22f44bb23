"""Identities whose name belonged to a deleted one before."""

import numpy as np
import pandas as pd

from analytics.findings.feeds import NOTHING
from analytics.findings.rule import Rule, day, findings_of, plural
from analytics.posture import Posture
from analytics.residue import judged
from graph.access import NEVER, milliseconds
from graph.element import Relationship
from graph.schema import (
    ASSUMES,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    IDENTITIES,
    RUNS_AS,
    TRUSTS,
    USES,
)

IDENTITY_END = ((CAN_ACCESS, 0), (TRUSTS, 1), (ASSUMES, 1), (RUNS_AS, 1))  # and the identity's end
KEYS = ((USES, 0), (AUTHENTICATES_AS, 1))


def find(posture: Posture) -> pd.DataFrame:
    """Find identities in service whose name belonged to a deleted identity before.

    Access of the deleted identity works for the new one: grants, trust and live credentials that
    are older than the deletion are listed and counted.
    """
    deleted, again = _lives(posture)
    subject = judged(posture, (again != NEVER) & (again <= posture.graph.now))
    older_facts = [_older_facts(posture, int(n), int(deleted[n])) for n in subject]
    names = posture.graph.things["name"].iloc[subject]
    sentences = [
        f"{name} was deleted on {day(old)}, and another was created under its name on {day(new)}"
        + (f": {plural(len(ids), 'grant or credential', 'grants and credentials')} of the former "
           f"{'is' if len(ids) == 1 else 'are'} still there." if ids else ".")
        for name, old, new, ids in zip(
            names, deleted[subject], again[subject], older_facts, strict=True
        )
    ]  # fmt: skip
    itself = posture.graph.things["id"].iloc[subject]
    evidence = [(str(n), *ids) for n, ids in zip(itself, older_facts, strict=True)]
    return findings_of(posture, subject, sentences, since=again[subject], evidence=evidence)


def _lives(posture: Posture) -> tuple[np.ndarray, np.ndarray]:
    """Return when each node was deleted, and when its name was reused (milliseconds)."""
    graph = posture.graph
    deleted, again = (np.full(len(graph.ids), NEVER) for _ in range(2))
    for label in IDENTITIES:
        frame = graph.frames[label]
        number = graph.numbers(frame["id"])
        deleted[number] = milliseconds(frame["deleted_at"])
        again[number] = milliseconds(frame["revived_at"])
    return deleted, again


def _older_facts(posture: Posture, number: int, deleted: int) -> tuple[str, ...]:
    """Return the ids of facts in force that are older than the deletion."""
    graph = posture.graph
    ids: set[str] = set()
    for relationship, end in IDENTITY_END:
        frame, begun = graph.frames[relationship], _begun(posture, relationship)
        own = (graph.ends(relationship)[end] == number) & graph.in_force(relationship)
        ids |= set(frame["id"][own & (begun != NEVER) & (begun <= deleted)])
    created = np.full(len(graph.ids), NEVER)
    keys = graph.frames[CREDENTIAL]
    created[graph.numbers(keys["id"])] = milliseconds(keys["created_at"])
    for relationship, end in KEYS:
        ends = graph.ends(relationship)
        key = ends[1 - end]
        own = (ends[end] == number) & graph.in_force(relationship) & graph.live[key]
        old = (created[key] != NEVER) & (created[key] <= deleted)
        ids |= set(graph.frames[relationship]["id"][own & old])
    return tuple(sorted(ids))


def _begun(posture: Posture, relationship: Relationship) -> np.ndarray:
    frame = posture.graph.frames[relationship]
    begun = milliseconds(frame["valid_from"])
    if "granted_at" not in frame:
        return begun
    granted = milliseconds(frame["granted_at"])
    return np.where(granted != NEVER, granted, begun)


RULE = Rule(
    id="REV-03",
    name="revived_name",
    title="Name revived after deletion",
    weight=0.75,
    needs=(),
    facts=("ServiceAccount.deleted_at|Role.deleted_at|Agent.deleted_at|Agent.revived_at",),
    feeds=NOTHING,  # whose name it is: what is older than the deletion is judged as it is
    remedy="Take away what the former one was given, and grant the new one what it needs itself.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 IA-4",
    ),
    find=find,
)
