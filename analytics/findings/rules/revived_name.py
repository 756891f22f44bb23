"""Identities whose name belonged to a deleted one before."""

import pandas as pd

from analytics.findings.families.revived_names import revived_names
from analytics.findings.feeds import NOTHING
from analytics.findings.rule import Rule, day, findings_of, plural
from analytics.posture import Posture
from graph.frames import records


def find(posture: Posture) -> pd.DataFrame:
    """Find identities in service whose name belonged to a deleted identity before.

    Access of the deleted identity works for the new one: grants, trust and live credentials that
    are older than the deletion are listed and counted.
    """
    rows = revived_names(posture)
    subject = rows["identity"].to_numpy()
    names = posture.graph.things["name"].iloc[subject]
    sentences = [
        f"{name} was deleted on {day(row.deleted)}, and another was created under its name on "
        f"{day(row.again)}"
        + (f": {plural(len(row.facts), 'grant or credential', 'grants and credentials')} of the "
           f"former {'is' if len(row.facts) == 1 else 'are'} still there." if row.facts else ".")
        for name, row in zip(names, records(rows), strict=True)
    ]  # fmt: skip
    itself = posture.graph.things["id"].iloc[subject]
    evidence = [(str(n), *facts) for n, facts in zip(itself, rows["facts"], strict=True)]
    since = rows["again"].to_numpy()
    return findings_of(posture, subject, sentences, since=since, evidence=evidence)


RULE = Rule(
    id="REV-03",
    name="revived_name",
    title="Name revived after deletion",
    family="Review",
    weight=0.75,
    needs=(),
    facts=("ServiceAccount.deleted_at|Role.deleted_at|Agent.deleted_at|Agent.revived_at",),
    feeds=NOTHING,  # whose name it is: what is older than the deletion is judged as it is
    remedy="Take away what the former one was given, and grant the new one what it needs itself.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "NIST CSF 2.0 PR.AA-01",
        "NIST SP 800-53 IA-4",
        "CSA AICM IAM-13",
    ),
    find=find,
)
