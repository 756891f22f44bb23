"""GitHub: what writing to a repository gives, and what an app can do (rules H1 to H3).

H1 runs a workflow whose token a cloud role trusts; H2 one that gets the repository's secrets; by H3
an app, and so a holder of its key, acts as its installations. The source `github` declares that as
RUNS_AS; a graph of BloodHound has an edge for it that is not always marked as traversable.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.escalation.github_subjects import (
    OF_REPOSITORY,
    REPOSITORY,
    Repositories,
    Wanted,
    repositories_of,
)
from analytics.escalation.rule import Derivation, EscalationRule, Known
from analytics.escalation.support import facts_of
from analytics.escalation.through_grants import CHANGES, through_grants
from graph.access import AccessGraph
from graph.aws.patterns import is_wild
from graph.schema import CAN_ACCESS, RESOURCE, STORED_IN, TRUSTS

ISSUER = "token.actions.githubusercontent.com"
# Servers of one's own, and those of an enterprise with data residency.
# https://docs.github.com/en/enterprise-server@latest/actions/reference/security/oidc
SERVER = r"(?:[\w.-]+(?::\d{1,5})?/_services/token|token\.actions\.[\w-]+\.ghe\.com(?:/[\w.-]+)?)"
# Claims: subject and repository are evaluated; a workflow chooses aud.
EVALUATED = ("sub", "aud", *OF_REPOSITORY)
EQUALS = ("StringEquals", "StringLike", "StringEqualsIgnoreCase")
INSTALLED_AS = ("GH_InstalledAs", "GHInstalledAs")
SECRETS = "secrets of workflows"
OF_ALL, OF_PRIVATE = "secrets of all workflows", "secrets of private workflows"


def federated(known: Known) -> Iterator[Derivation]:
    """H1: writes to a repository, and so runs a workflow that takes the role which trusts it."""
    graph = known.graph
    frame = graph.frames[TRUSTS]
    if frame.empty:
        return
    repositories = repositories_of(graph)
    issuers = frame["issuer"].fillna("").str.removeprefix("https://").str.rstrip("/")
    trusting, _ = graph.ends(TRUSTS)
    ours = (issuers == ISSUER) | issuers.str.startswith(f"{ISSUER}/")  # that of an enterprise
    elsewhere = issuers.str.fullmatch(SERVER).fillna(False)
    ours |= elsewhere
    rows = np.flatnonzero(ours.to_numpy(bool) & graph.in_force(TRUSTS))
    if not repositories.by_name or not len(rows):
        return
    leads: dict[str, list[tuple[int, int, str]]] = {}
    for row in rows.tolist():
        subject, condition = (
            None if pd.isna(value := frame[column].iloc[row]) else str(value)
            for column in ("subject", "condition")
        )
        issuer, here = issuers.iloc[row], not elsewhere.iloc[row]
        rest = "" if here else f"if it is on the server of {issuer}"
        for name, doubt in _trusted(repositories, subject, condition or "", issuer):
            lead = (repositories.by_name[name], int(trusting[row]), str(frame["id"].iloc[row]))
            leads.setdefault(_both(doubt, rest), []).append(lead)
    for doubt, listed in sorted(leads.items()):
        table = pd.DataFrame(listed, columns=["resource", "gain", "fact"])
        for derivation in through_grants(known, "H1", CHANGES, table):
            condition = " and ".join(sorted(filter(None, {derivation.condition, doubt})))
            yield replace(derivation, condition=condition) if doubt else derivation


def _trusted(
    repositories: Repositories, subject: str | None, condition: str, issuer: str
) -> Iterator[tuple[str, str]]:
    """Yield the repositories that a trust means, and what of it stays undecided of each."""
    rest = _unevaluated(condition, issuer)
    wanted = list(_of_repository(condition, issuer))
    for name, unless in repositories.trusted(subject):
        has = repositories.has(name, wanted)
        if has is not False:
            yield name, _both(rest if has else rest or condition, unless)


def _both(*doubts: str) -> str:
    return " and ".join(filter(None, doubts))


def _document(condition: str) -> dict[str, Any] | None:
    """Return a condition of AWS as operators with their tests; None if it is none."""
    try:
        document = json.loads(condition) if condition else {}
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _unevaluated(condition: str, issuer: str) -> str:
    """Return a condition of AWS, unless subject, audience and repository decide all of it."""
    evaluated = {f"{issuer}:{claim}".lower() for claim in EVALUATED}
    document = _document(condition)
    for operator, tests in document.items() if document is not None else [("", {})]:
        keys = {str(key).lower() for key in tests} if isinstance(tests, dict) else {""}
        if operator.rpartition(":")[2] not in EQUALS or not keys <= evaluated:
            return condition
    return ""


def _of_repository(condition: str, issuer: str) -> Iterator[Wanted]:
    """Yield the claims on the repository that a condition of AWS asks for."""
    for operator, tests in (_document(condition) or {}).items():
        exact = operator.rpartition(":")[2] in EQUALS and isinstance(tests, dict)
        for key, values in tests.items() if exact else ():
            claim = str(key).lower().removeprefix(f"{issuer}:".lower())
            listed = values if isinstance(values, list) else [values]
            if claim in OF_REPOSITORY and all(isinstance(value, str) for value in listed):
                patterns = operator.endswith("StringLike")  # no name has a `*`
                yield claim, [value for value in listed if patterns or not is_wild(value)]


def given_secrets(known: Known) -> Iterator[Derivation]:
    """H2: writes to a repository, and so runs a workflow that is given its secrets."""
    graph = known.graph
    if graph.frames[STORED_IN].empty:
        return
    frame = graph.frames[RESOURCE]
    stores = frame[(frame["type"] == SECRETS).fillna(False) & frame["parent_id"].notna()]
    home = pd.DataFrame(
        {"store": graph.numbers(stores["id"]), "resource": graph.numbers(stores["parent_id"])}
    )
    repositories = set(repositories_of(graph).by_name.values())
    home = pd.concat([home[home["resource"].isin(list(repositories))], _of_many(graph)])
    credential, store = graph.ends(STORED_IN)
    kept = pd.DataFrame({"store": store, "gain": credential, "fact": graph.frames[STORED_IN]["id"]})
    leads = kept[graph.in_force(STORED_IN)].merge(home, on="store")
    yield from through_grants(known, "H2", CHANGES, leads[["resource", "gain", "fact"]])


def installed(known: Known) -> Iterator[Derivation]:
    """H3: is an app, and so gets a token of each of its installations."""
    graph = known.graph
    frame = graph.frames[CAN_ACCESS]
    rows = frame["role_name"].isin(INSTALLED_AS).fillna(False).to_numpy(bool)
    rows = rows & graph.in_force(CAN_ACCESS)
    app, installation = graph.ends(CAN_ACCESS)
    rows = rows & graph.live[app] & (app != installation)
    fact = facts_of(graph, CAN_ACCESS)
    for row in np.flatnonzero(rows).tolist():
        yield Derivation.of(int(app[row]), int(installation[row]), "H3", fact(row))


def _of_many(graph: AccessGraph) -> pd.DataFrame:
    """Return the stores of secrets that many repositories share, with each of these."""
    frame = graph.frames[RESOURCE]
    stores = frame[frame["type"].isin([OF_ALL, OF_PRIVATE]).fillna(False)]
    ours = frame[(frame["type"] == REPOSITORY).fillna(False)]
    each = stores[["id", "type", "parent_id"]].merge(
        ours[["id", "sensitivity", "parent_id"]], on="parent_id", suffixes=("", "_of")
    )
    public = (each["sensitivity"] == "public").fillna(False)
    each = each[~(public & (each["type"] == OF_PRIVATE))]
    return pd.DataFrame(
        {"store": graph.numbers(each["id"]), "resource": graph.numbers(each["id_of"])}
    )


RULES = (
    EscalationRule(
        "H1",
        "Writes to a repository whose workflows a role trusts",
        ("grants", "trust"),
        ("CAN_ACCESS", "TRUSTS"),
        ("BloodHound GH_CanAssumeIdentity", "GitHub: OpenID Connect in cloud providers"),
        federated,
    ),
    EscalationRule(
        "H2",
        "Writes to a repository whose workflows are given secrets",
        ("grants", "credentials"),
        ("CAN_ACCESS",),
        ("BloodHound GH_HasSecret",),
        given_secrets,
    ),
    EscalationRule(
        "H3",
        "Is an app that is installed",
        ("grants",),
        ("CAN_ACCESS",),
        ("BloodHound GH_InstalledAs",),
        installed,
        again=False,
    ),
)
