"""Access that is still in force although its task ended or its time is up."""

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import usual_entitlements
from analytics.findings.closing import Closing, On
from analytics.findings.families.entitlements import by_grant, findings_of_grants, in_words
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, days, findings_of
from analytics.gathered import gathered
from analytics.posture import Posture
from analytics.residue import alive, expired, judged, left_of
from graph.instants import LATER, NEVER, milliseconds
from graph.schema import CAN_ACCESS

MOST = 20  # facts listed as support of a finding


def find(posture: Posture) -> pd.DataFrame:
    """Find grants, and agents themselves, that outlived their end."""
    return pd.concat([_grants(posture), _agents(posture)], ignore_index=True)


def _grants(posture: Posture) -> pd.DataFrame:
    graph, units = posture.graph, usual_entitlements(posture)
    frame = graph.frames[CAN_ACCESS]
    expired, ended = (
        _past(posture, frame[c])[units.grant] for c in ("expires_at", "task_ended_at")
    )
    end = np.minimum(expired, ended)
    at = np.flatnonzero((end != LATER) & alive(posture)[units.identity])
    rows = by_grant(posture, units, at, end[at])
    task = frame["task_id"].iloc[rows["grant"]].fillna("").to_numpy(object)
    by_task = _past(posture, frame["task_ended_at"])[rows["grant"]] == rows["first"].to_numpy()
    why = [
        (f"the task {name} ended" if name else "its task ended") if is_task else "it expired"
        for name, is_task in zip(task, by_task, strict=True)
    ]
    words = list(zip(in_words(posture, rows), days(rows["first"]), why, strict=True))
    sentences = [
        f"{g.name} may still {g.may} {g.resource}{g.through}, though {reason} on {when}."
        for g, when, reason in words
    ]
    remedy = [
        f"Revoke {g.levels} on {g.resource} from {g.holder} now; {reason} on {when}."
        for g, when, reason in words
    ]
    return findings_of_grants(posture, rows, sentences, rows["first"], remedy)


def _agents(posture: Posture) -> pd.DataFrame:
    """Find agents in service past their end; for ended ones, RES-01 finds what is left."""
    end = expired(posture)
    over = (end != LATER) & posture.in_service
    subject = judged(posture, over)
    facts = gathered(left_of(posture, over), ["identity"], "fact", MOST)
    names = posture.graph.things["name"].iloc[subject]
    sentences = [
        f"{name} was to end on {day(when)} and is still in service, with all that it may use."
        for name, when in zip(names, end[subject], strict=True)
    ]
    remedy = [f"Decommission {name}, or have its end moved by whoever answers." for name in names]
    evidence = [tuple(facts.get(n, ())) for n in subject.tolist()]
    itself = posture.graph.things["id"].iloc[subject]
    return findings_of(
        posture,
        subject,
        sentences,
        since=end[subject],
        evidence=evidence,
        remedy=remedy,
        closed_by=[(str(n),) for n in itself],
    )


def _past(posture: Posture, instants: pd.Series) -> np.ndarray:
    """Return the instants that have passed, in milliseconds, and `LATER` for the others."""
    at = milliseconds(instants)
    return np.where((at != NEVER) & (at <= posture.graph.now), at, LATER)


RULE = Rule(
    id="TIM-02",
    name="outlived_end",
    title="Outlived task or expiry",
    family="Time",
    weight=1.0,
    needs=("grants",),
    facts=("CAN_ACCESS.expires_at|CAN_ACCESS.task_ended_at|Agent.expires_at",),
    feeds=Feeds(("outlived",), By.GRANT),
    remedy="Revoke it now.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP ASI03:2026 Identity and Privilege Abuse",
        "NIST CSF 2.0 PR.AA-05",
        "NIST CSF 2.0 ID.AM-08",
        "NIST SP 800-53 AC-2(3)",
        "NIST SP 800-53 AC-2(13)",
        "NIST AI RMF GOVERN 1.7",
        "NIST AI RMF MANAGE 2.4",
        "CSA AICM IAM-07",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
