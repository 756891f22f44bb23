"""Ended identities of which something is still live."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.assumptions.entitlements import heaviest, heaviest_given, heaviest_held
from analytics.findings.closing import Closing
from analytics.findings.feeds import Feeds
from analytics.findings.kind import FindingKind
from analytics.findings.rule import Rule, day, findings_of, joined, nothing, plural
from analytics.posture import Posture
from analytics.residue import (
    ACCESS,
    ACCOUNTS,
    CHILDREN,
    CREDENTIALS,
    DELEGATIONS,
    REGISTRATIONS,
    ended_at,
    expired,
    residue,
)
from graph.instants import NEVER
from graph.schema import (
    ACTS_FOR,
    AGENT,
    AUTHENTICATES_AS,
    CALLS,
    IDENTITIES,
    LEVELS,
    ROLE,
    SERVICE_ACCOUNT,
    TOOL,
    USES,
)

LENT = (CREDENTIALS, DELEGATIONS, REGISTRATIONS)  # of these, the access is that of another node
HANDING = (ACTS_FOR, CALLS, USES, AUTHENTICATES_AS)
UNKNOWN = " How much what is left gives access to is not known."
NAMED, MOST = 3, 20  # nodes named in a sentence, facts listed in a finding
NOUNS = {
    ROLE.name: "role",
    SERVICE_ACCOUNT.name: "account",
    AGENT.name: "agent",
    TOOL.name: "tool",
}


def find(posture: Posture) -> pd.DataFrame:
    """Find identities that are disabled, retired or deleted while something of them is live.

    That is a credential which it holds or which opens it, an account or role that nobody else uses,
    access or a delegation of its own, what it may call, or an agent that it started. Grants to a
    deleted identity itself are gone with it. The days count from its end, if known.
    """
    rows = residue(posture)
    if rows.empty:
        return nothing()
    subject = np.unique(rows["identity"].to_numpy(np.int64))
    since, planned = ended_at(posture)[subject], expired(posture)[subject]
    parts = dict(list(rows.groupby("identity")))
    names, status = posture.graph.things["name"], _status(posture)
    sentences = [
        f"{names[n]} {_ended(status[n], at, due)}, but some of it is alive: "
        f"{joined(list(_left(posture, parts[n])))}."
        for n, at, due in zip(subject.tolist(), since.tolist(), planned.tolist(), strict=True)
    ]
    remedy = ["; then ".join(_steps(posture, parts[n])) + "." for n in subject.tolist()]
    weighs, unknown = _weighs(posture, subject, rows)
    sentences = [s + UNKNOWN * u for s, u in zip(sentences, unknown.tolist(), strict=True)]
    evidence = [tuple(dict.fromkeys(parts[n]["fact"]))[:MOST] for n in subject.tolist()]
    return findings_of(
        posture,
        subject,
        sentences,
        since=since,
        weighs=weighs,
        evidence=evidence,
        floor=np.where(unknown, "medium", "").tolist(),
        remedy=[step[0].upper() + step[1:] for step in remedy],
        closes=np.array([CHILDREN not in set(parts[n]["kind"]) for n in subject.tolist()], bool),
    )


def _weighs(
    posture: Posture, subject: np.ndarray, rows: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return the heaviest entitlement that is left of each subject, and where more may be left.

    That is of what it holds itself, also where an agent in service answers for it, and of what is
    left of it: what a key opens, and what it may do as another or by a tool, up to the ceiling. The
    mask (bool) is True where only the access of what is left is not known.
    """
    weighs = heaviest_held(posture, subject)
    identity, thing = (rows[c].to_numpy(np.int64) for c in ("identity", "thing"))
    place = np.searchsorted(subject, identity)
    np.maximum.at(weighs, place, heaviest(posture)[thing])
    lent = rows["kind"].isin(LENT).to_numpy(bool)
    given = heaviest_given(posture, thing[lent], _ceilings(posture, rows["fact"][lent]))
    by_itself = rows["kind"][lent].to_numpy() != CREDENTIALS
    given *= np.where(by_itself, posture.autonomy[identity[lent]], 1)
    np.maximum.at(weighs, place[lent], given)
    known, unknown = posture.entitlements_known, np.zeros(len(subject), bool)
    unknown[place[lent & ~known[thing]]] = True
    return weighs, unknown & known[subject]


def _ceilings(posture: Posture, facts: pd.Series) -> np.ndarray:
    """Return the highest level that each of the relationships with these ids hands on."""
    frames = [posture.graph.frames[relationship] for relationship in HANDING]
    stated = pd.concat([frame.set_index("id")["ceiling"] for frame in frames])
    names = stated.reindex(facts).fillna(LEVELS[-1])
    return np.asarray(pd.Index(LEVELS).get_indexer(pd.Index(names)))


def _status(posture: Posture) -> dict[int, str]:
    frames = [posture.graph.frames[label] for label in IDENTITIES]
    statuses = pd.concat([frame[["id", "status"]] for frame in frames])
    return dict(
        zip(posture.graph.numbers(statuses["id"]).tolist(), statuses["status"], strict=True)
    )


def _ended(status: str, at: int, planned: int) -> str:
    if at == planned:
        return f"was to end on {day(at)} and is {status}"
    return f"is {status}" if at == NEVER else f"was {status} on {day(at)}"


def _left(posture: Posture, rows: pd.DataFrame) -> Iterator[str]:
    """Yield the remains of one identity in words, kind by kind."""
    for kind, of_kind in rows.groupby("kind"):
        things = of_kind["thing"].unique()
        if kind == ACCESS:
            yield _access(of_kind)
        elif kind == DELEGATIONS:
            yield f"what it may do for {_named(posture, things)}"
        elif kind == REGISTRATIONS:
            yield f"the right to call {_named(posture, things, nouns=True)}"
        else:
            yield _named(posture, things, nouns=True)


def _steps(posture: Posture, rows: pd.DataFrame) -> Iterator[str]:
    """Yield the remains to end, in order: openers before what they open."""
    for kind, of_kind in rows.groupby("kind"):
        things = of_kind["thing"].unique()
        named = _named(posture, things, nouns=True)
        if kind == CREDENTIALS:
            yield f"revoke {named}"
        elif kind == ACCOUNTS:
            yield f"disable {named}, and delete it once nobody misses it"
        elif kind == ACCESS:
            yield f"take away {_access(of_kind)}"
        elif kind == DELEGATIONS:
            yield f"withdraw what it may do for {_named(posture, things)}"
        elif kind == CHILDREN:
            yield f"end {named}, or give it a parent and owners of its own"
        elif kind == REGISTRATIONS:
            yield f"take away the right to call {named}"


def _access(rows: pd.DataFrame) -> str:
    many = "grants, memberships and accounts to run as"
    return plural(len(rows["fact"].unique()), "grant, membership or account to run as", many)


def _named(posture: Posture, things: np.ndarray, nouns: bool = False) -> str:
    """Name the first few nodes, each with its kind, and count the rest."""
    shown = [posture.graph.thing(int(n)) for n in things[:NAMED]]
    words = [f"{NOUNS.get(t['label'], 'credential')} {t['name']}" if nouns else t["name"]
             for t in shown]  # fmt: skip
    more = len(things) - len(shown)
    return joined([*words, f"{more} more"] if more else words)


RULE = Rule(
    id="RES-01",
    name="residue",
    title="Ended, and not gone",
    family="Residue",
    weight=1.0,
    needs=(),
    facts=("Agent.status|ServiceAccount.status|Role.status",),
    feeds=Feeds(("outlived",), through_accounts=True),
    remedy="End what is left: its credentials first, then its accounts, grants and children.",
    references=(
        "OWASP NHI1:2025 Improper Offboarding",
        "OWASP ASI10:2026 Rogue Agents",
        "NIST CSF 2.0 PR.AA-05",
        "NIST CSF 2.0 ID.AM-08",
        "NIST SP 800-53 AC-2(3)",
        "NIST SP 800-53 PS-4",
        "NIST AI RMF GOVERN 1.7",
        "NIST AI RMF MANAGE 2.4",
        "CIS Controls 6.2",
        "EU AI Act 14.4.e",
        "EU AI Act 26.5",
        "CSA AICM IAM-07",
        "OWASP AISVS C9.1.3",
    ),
    find=find,
    closing=Closing(action=Action.DISABLE_IDENTITY),
    kind=FindingKind.ACCESS,
)
