"""Delegations without a ceiling and without an end."""

import pandas as pd

from analytics.actions import Action
from analytics.assumptions.entitlements import heaviest_given
from analytics.findings.closing import Closing, On
from analytics.findings.feeds import NOTHING
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of, nothing
from analytics.lineage.links import begun
from analytics.posture import Posture
from analytics.residue import judged
from graph.element import Relationship
from graph.frames import records
from graph.instants import NEVER, milliseconds
from graph.schema import ACTS_FOR, AGENT, SPAWNS

VERBS = {ACTS_FOR: "acts for", SPAWNS: "spawns"}
BY = ["subject", "object"]


def find(posture: Posture) -> pd.DataFrame:
    """Find agents that act for somebody, or spawn another, with neither a ceiling nor an end.

    If its start is unknown, it counts from the creation of the child, or of the acting agent.
    """
    rows = pd.concat([_loose(posture, rel) for rel in VERBS], ignore_index=True)
    agents = judged(posture, posture.graph.has_label(AGENT))
    rows = rows[rows["subject"].isin(agents)].sort_values([*BY, "verb", "fact"])
    if rows.empty:
        return nothing()
    each = rows.groupby(BY, as_index=False).agg(
        since=("since", "min"), verb=("verb", lambda v: " and ".join(dict.fromkeys(v))),
        facts=("fact", tuple),
    )  # fmt: skip
    subject, other = each["subject"].to_numpy(int), each["object"].to_numpy(int)
    names = posture.graph.things["name"]
    sentences = [
        f"{names[r.subject]} {r.verb} {names[r.object]} without a ceiling and without an end."
        for r in records(each)
    ]
    return findings_of(
        posture,
        subject,
        sentences,
        since=each["since"].to_numpy(),
        other=other,
        weighs=heaviest_given(posture, other) * posture.autonomy[subject],
        evidence=list(each["facts"]),
    )


def _loose(posture: Posture, relationship: Relationship) -> pd.DataFrame:
    graph, frame = posture.graph, posture.graph.frames[relationship]
    source, target = graph.ends(relationship)
    endless = milliseconds(frame["valid_to"]) == NEVER
    loose = frame["ceiling"].isna().to_numpy(bool) & endless & graph.in_force(relationship)
    loose &= ~posture.deleted[target]  # there is nothing left to hand on
    return pd.DataFrame(
        {
            "subject": source[loose],
            "object": target[loose],
            "since": begun(posture, relationship)[loose],
            "verb": VERBS[relationship],
            "fact": frame["id"][loose].to_numpy(object),
        }
    )


RULE = Rule(
    id="ISO-05",
    name="unscoped_delegation",
    title="Unscoped delegation",
    family="Isolation",
    weight=9 / 12,
    needs=(),
    facts=("ACTS_FOR|SPAWNS",),
    feeds=NOTHING,  # three things that are each in order
    remedy="Give the delegation a ceiling and an end.",
    references=(
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "OWASP Agentic Threats T3 Privilege Compromise",
        "OWASP Agentic Threats T9 Identity Spoofing & Impersonation",
        "NIST CSF 2.0 PR.AA-04",
        "NIST CSF 2.0 PR.AA-05",
        "NIST SP 800-53 AC-6",
        "OWASP AISVS C9.5.2",
        "OWASP AISVS C9.5.5",
    ),
    find=find,
    closing=Closing(On.FACTS, Action.SET_EXPIRY),
    kind=FindingKind.ACCESS,
)
