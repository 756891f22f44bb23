"""The sources of an answer and their age today, what is missing, and what would settle it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.board.scope import Scope
from analytics.answers.coverage import coverage
from analytics.assumptions.model import ASSUMPTIONS, NUMBER
from analytics.debt.owed import sums_of
from analytics.figures.stated_kinds import stated_kinds
from analytics.findings.rule_facts import ANY, sources, who_declares
from analytics.posture import Posture
from graph.schema import DECLARABLE

OLD = 30  # days
STATES = {  # what a source states that declares a kind, in words
    "grants": "who may do what",
    "owners": "owners",
    "scope": "approved scopes",
    "usage": "which access is used",
    "reviews": "reviews",
    "credentials": "keys and where they are kept",
    "decisions": "decisions about use",
    "trust": "who may take which role",
    "inventory": "which identities there are",
}
SETTLES = {  # the assumptions that a kind of fact settles
    "owners": ("owner",),
    "scope": ("scope",),
    "usage": ("necessity",),
    "reviews": ("review",),
    "decisions": ("evidence",),
    "credentials": tuple(name for name in ASSUMPTIONS if name.startswith("cred_")),
}


@dataclass(frozen=True)
class Gaps:
    """The sources of an answer, what none of them states, and what to connect next.

    `sources` are the rows of `analytics.answers.coverage`; `oldest_days` is the age of the oldest
    today, `old` counts those older than 30 days. `unknown` are its sentences. `missing` has a row
    for each kind of fact that no source declares: `kind`, `says`, `sources` that would, `checks`
    (how many rules wait for it), and `settles`: the share of all that could be owed that is unknown
    for want of it. `connect` are sources that would let most checks run: `source`, `checks`, and
    the `kinds` that it declares of those missing. `checks` counts the rules, `waiting` those that
    no connected source can trigger.
    """

    sources: list[dict[str, Any]]
    oldest_days: int | None
    old: int
    unknown: list[str]
    missing: list[dict[str, Any]]
    connect: list[dict[str, Any]]
    waiting: int


def gaps(posture: Posture, scope: Scope, now: pd.Timestamp, limit: int = 3) -> Gaps:
    """Return where the facts come from, how old they are at `now`, and what is missing."""
    answer = coverage(posture, now)
    rows = answer["sources"]
    ages = [row["age_days"] for row in rows]
    silent = answer["silent_rules"]
    lacking = [kind for kind in DECLARABLE if kind not in stated_kinds(posture.graph)]
    missing = [_missing(posture, scope, kind, silent) for kind in lacking]
    connected = {row["source"] for row in rows}
    return Gaps(
        sources=rows,
        oldest_days=max(ages, default=None),
        old=sum(age > OLD for age in ages),
        unknown=answer["unknown"],
        missing=sorted(missing, key=lambda row: (-row["settles"], -row["checks"])),
        connect=_connect(silent, lacking, connected)[:limit],
        waiting=len(silent),
    )


def _missing(
    posture: Posture, scope: Scope, kind: str, silent: list[dict[str, Any]]
) -> dict[str, Any]:
    owed = sums_of(posture)
    numbers = [NUMBER[name] for name in SETTLES.get(kind, ())]
    unknown = float(owed.unverified[scope.places][:, numbers].sum())
    most = float(owed.applicable[scope.places].sum())
    waits = [rule for rule in silent if kind in _kinds(rule)]
    return {
        "kind": kind,
        "says": STATES[kind],
        "sources": who_declares(kind),
        "checks": len(waits),
        "settles": unknown / most if most and not np.isnan(unknown) else 0.0,
    }


def _kinds(rule: dict[str, Any]) -> Iterable[str]:
    return [each["declares"] for each in rule["triggered_by"] if "declares" in each]


def _connect(
    silent: list[dict[str, Any]], lacking: list[str], connected: set[str]
) -> list[dict[str, Any]]:
    """Return the sources not connected yet, by how many waiting rules each alone would let run."""
    rows = []
    for name, source in sources().items():
        if name in connected or ANY in source.states:
            continue
        count = sum(
            all(name in each["sources"] for each in rule["triggered_by"]) for rule in silent
        )
        if count:
            kinds = [kind for kind in lacking if kind in source.declares]
            rows.append({"source": name, "checks": count, "kinds": kinds})
    return sorted(rows, key=lambda row: (-row["checks"], row["source"]))
