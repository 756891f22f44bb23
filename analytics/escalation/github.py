"""GitHub: what writing to a repository gives, and what an app can do (rules H1 to H3).

H1 runs a workflow whose token a cloud role trusts; H2 one that gets the repository's secrets; by H3
an app, and so a holder of its key, acts as its installations. The source `github` declares that as
RUNS_AS; a graph of BloodHound has an edge for it that is not always marked as traversable.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from analytics.escalation.github_subjects import REPOSITORY, repositories_of
from analytics.escalation.rule import Derivation, EscalationRule, Known
from analytics.escalation.support import facts_of
from analytics.escalation.through_grants import CHANGES, through_grants
from graph.access import AccessGraph
from graph.schema import CAN_ACCESS, RESOURCE, STORED_IN, TRUSTS

ISSUER = "token.actions.githubusercontent.com"
# Servers of one's own, and those of an enterprise with data residency.
# https://docs.github.com/en/enterprise-server@latest/actions/reference/security/oidc
SERVER = r"(?:[\w.-]+(?::\d{1,5})?/_services/token|token\.actions\.[\w-]+\.ghe\.com(?:/[\w.-]+)?)"
EVALUATED = ("sub", "aud")  # claims: the subject is evaluated; a workflow chooses aud
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
        subject, condition = frame["subject"].iloc[row], frame["condition"].iloc[row]
        rest = _unevaluated("" if pd.isna(condition) else str(condition), issuers.iloc[row])
        if elsewhere.iloc[row]:
            rest = " and ".join(
                filter(None, (rest, f"if it is on the server of {issuers.iloc[row]}"))
            )
        for repository, unless in repositories.trusted(None if pd.isna(subject) else str(subject)):
            doubt = " and ".join(filter(None, (rest, unless)))
            lead = (repository, int(trusting[row]), str(frame["id"].iloc[row]))
            leads.setdefault(doubt, []).append(lead)
    for doubt, listed in sorted(leads.items()):
        table = pd.DataFrame(listed, columns=["resource", "gain", "fact"])
        for derivation in through_grants(known, "H1", CHANGES, table):
            condition = " and ".join(sorted(filter(None, {derivation.condition, doubt})))
            yield replace(derivation, condition=condition) if doubt else derivation


def _unevaluated(condition: str, issuer: str) -> str:
    """Return the rest of a condition of AWS that subject and audience do not decide."""
    evaluated = {f"{issuer}:{claim}".lower() for claim in EVALUATED}
    try:
        document = json.loads(condition) if condition else {}
    except ValueError:
        return condition
    for operator, tests in document.items() if isinstance(document, dict) else [("", {})]:
        keys = {str(key).lower() for key in tests} if isinstance(tests, dict) else {""}
        if operator.rpartition(":")[2] not in EQUALS or not keys <= evaluated:
            return condition
    return ""


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
