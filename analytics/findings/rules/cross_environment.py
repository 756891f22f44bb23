"""Access from other environments to production, and credentials used in both."""

import numpy as np
import pandas as pd

from analytics.assumptions.families.environment import OTHER, PROD, crossing, kinds
from analytics.assumptions.live_credentials import live_credentials
from analytics.assumptions.sharing import opened, users
from analytics.findings.closing import Closing, On
from analytics.findings.families.isolation import (
    MOST,
    earliest,
    grant_ids,
    judged_entitlements,
    known,
)
from analytics.findings.feeds import By, Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, findings_of, nothing
from analytics.posture import Posture
from analytics.tags import DEPLOYER, tagged
from graph.frames import records
from graph.schema import LEVELS

BY = ["identity", "resource"]


def find(posture: Posture) -> pd.DataFrame:
    """Find access from elsewhere to production, and credentials that are used in both.

    Identities tagged as deployers are exempt: such access is their purpose.
    """
    return pd.concat([_access(posture), _credentials(posture)], ignore_index=True)


def _access(posture: Posture) -> pd.DataFrame:
    """Find entitlements that cross environments: that of the holder counts, else the identity's."""
    rows = judged_entitlements(posture)
    ends = (rows[c].to_numpy(np.int64) for c in ("identity", "holder", "resource"))
    broken, _ = crossing(posture, *ends)
    rows = rows[broken]
    if rows.empty:
        return nothing()
    groups = rows.assign(granted=earliest(rows["granted"])).groupby(BY)
    each = groups.agg(
        since=("granted", "min"),
        weighs=("exposure", "max"),
        levels=("level", lambda sentences: ", ".join(LEVELS[n] for n in sorted(set(sentences)))),
    )
    each = each.assign(facts=grant_ids(posture, rows, BY)).reset_index()
    names = posture.graph.things["name"]
    sentences = [
        f"{names[r.identity]} is not production and has {r.levels} on "
        f"{names[r.resource]}, which is."
        for r in records(each)
    ]
    return findings_of(
        posture,
        each["identity"].to_numpy(int),
        sentences,
        since=known(each["since"]),
        other=each["resource"].to_numpy(int),
        weighs=each["weighs"].to_numpy(float),
        evidence=list(each["facts"]),
        closes=each["facts"].map(len).to_numpy() < MOST,  # of more grants, only these are named
    )


def _credentials(posture: Posture) -> pd.DataFrame:
    rows, env = live_credentials(posture), kinds(posture.graph)
    if rows.empty:
        return nothing()
    sides = _sides(posture, env)
    crossing = set(sides["number"][sides["env"] == PROD]) & set(
        sides["number"][sides["env"] == OTHER]
    )
    may = tagged(posture, DEPLOYER)[rows["identity"].to_numpy(int)]
    rows = rows[rows["number"].isin(crossing) & ~may]
    names = posture.graph.things["name"].iloc[rows["identity"].to_numpy(int)]
    sentences = [
        f"{key} of {holder} is used in production and elsewhere alike."
        for key, holder in zip(rows["name"], names, strict=True)
    ]
    return findings_of(
        posture,
        rows["identity"].to_numpy(int),
        sentences,
        since=rows["created"].to_numpy(),
        other=rows["number"].to_numpy(int),
        evidence=list(rows["facts"]),
        remedy=[f"Issue {key} anew for each environment." for key in rows["name"]],
    )


def _sides(posture: Posture, env: np.ndarray) -> pd.DataFrame:
    """Return pairs of a credential and the environment of one of its users or accounts."""
    key_users, (key, account) = users(posture), opened(posture)
    number = np.concatenate([key_users["number"].to_numpy(int), key])
    of = np.concatenate([key_users["user"].to_numpy(int), account])
    return pd.DataFrame({"number": number, "env": env[of]})


RULE = Rule(
    id="ISO-01",
    name="cross_environment",
    title="Cross-environment access",
    family="Isolation",
    weight=8 / 12,
    needs=(),
    facts=("Resource.env", "Agent.env|ServiceAccount.env|Role.env"),
    feeds=Feeds(("env",), By.RESOURCE),
    remedy="Remove the access, or give production an identity of its own.",
    references=(
        "OWASP NHI8:2025 Environment Isolation",
        "NIST CSF 2.0 PR.IR-01",
        "NIST SP 800-53 AC-6",
        "CSA AICM I&S-05",
        "MITRE ATLAS AML.M0032",
    ),
    find=find,
    closing=Closing(On.FACTS),
    kind=FindingKind.ACCESS,
)
