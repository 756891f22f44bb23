"""Figures that several pages share, taken from the posture's arrays rather than row by row."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics import answers
from analytics.answers.orphans import orphaned
from analytics.findings import find_all
from analytics.ownership import NOBODY, ROLES
from analytics.posture import UNUSED_DAYS, Filter, Posture
from app.reading import kept
from app.wording import SEVERITIES, kind
from graph.access import NEVER

UNKNOWN, BOTH, NONE = "unknown", "both roles", "nobody"


@kept
def accountable(posture: Posture) -> pd.DataFrame:
    """Return a row for each accountable identity, widest reach first.

    Returns
    -------
    DataFrame
        `id`, `label`, `name`, `resources`, `weighted`, `business` and `technical` (names, empty
        for nobody) and `owners`: which roles are covered, or unknown.
    """
    numbers = posture.accountable
    totals, owned = posture.totals(), posture.ownership
    rows = posture.graph.things.loc[numbers].reset_index(drop=True)
    rows = rows.assign(resources=totals.resources, weighted=totals.weighted)
    covered = {role: owned.covered[role][numbers] for role in ROLES}
    for role, owners in covered.items():
        rows[role] = names(posture, owners)
    rows["owners"] = np.select(
        [
            ~owned.known[numbers],
            np.logical_and.reduce([c != NOBODY for c in covered.values()]),
            *(c != NOBODY for c in covered.values()),
        ],
        [UNKNOWN, BOTH, *(f"{role} only" for role in covered)],
        NONE,
    )
    return rows.sort_values("weighted", ascending=False, kind="stable", ignore_index=True)


def names(posture: Posture, numbers: np.ndarray) -> np.ndarray:
    """Return the names of nodes, empty where a number is negative."""
    every = posture.graph.things["name"].to_numpy(object)
    if not len(every):
        return np.full(len(numbers), "", object)
    return np.where(numbers >= 0, every[np.maximum(numbers, 0)], "")


@dataclass(frozen=True)
class Orphans:
    """How many identities in service lack an owner, of how many whose owners are known."""

    lacking: int
    known: int
    unknown: int
    departed: int
    halved: int


@kept
def orphans(posture: Posture) -> Orphans:
    """Count the identities for which nobody answers in at least one role."""
    answer = answers.orphans(posture, limit=1)
    rows = orphaned(posture, posture.ownership)
    roles = rows.groupby("identity")["role"].nunique()
    return Orphans(
        lacking=len(roles),
        known=answer["judged"] - answer["unknown"],
        unknown=answer["unknown"],
        departed=rows.loc[rows["rule"] == "OWN-02", "identity"].nunique(),
        halved=int((roles < len(ROLES)).sum()),
    )


@kept
def regained(posture: Posture, days: int = UNUSED_DAYS) -> tuple[float, float]:
    """Return how much weighted blast radius nobody used for `days`, and of how much."""
    gone = posture.lost(Filter(stale=days)).weighted.sum()
    return float(gone), float(posture.totals().weighted.sum())


@kept
def findings(posture: Posture) -> pd.DataFrame:
    """Return a row for each finding, worst first; names are raw.

    Returns
    -------
    DataFrame
        `id`, `rule`, `severity`, `state`, `subject` (id), `label`, `name`, `object` (name),
        `sentence`, `since` (day in UTC, or NaT) and `accountable` (name, empty for nobody).
    """
    rows, things = find_all(posture), posture.graph.things
    subject = rows["subject"].to_numpy(np.int64)
    owners = np.full(len(rows), NOBODY)
    for role in reversed(ROLES):
        stated = posture.ownership.covered[role][subject]
        owners = np.where(stated != NOBODY, stated, owners)
    since = rows["since"].to_numpy(np.int64)
    instants = pd.to_datetime(pd.Series(since).where(since != NEVER), unit="ms", utc=True)
    about = things.loc[subject].reset_index(drop=True)
    return pd.DataFrame(
        {
            "id": rows["id"].to_numpy(),
            "rule": rows["rule"].to_numpy(),
            "severity": pd.Categorical(rows["severity"], SEVERITIES, ordered=True),
            "state": rows["state"].to_numpy() if "state" in rows else "open",
            "subject": about["id"],
            "label": about["label"].map(kind),
            "name": about["name"],
            "object": names(posture, rows["object"].to_numpy(np.int64)),
            "sentence": rows["sentence"].to_numpy(),
            "since": instants,
            "accountable": names(posture, owners),
        }
    )


def finding(posture: Posture, one: str) -> dict[str, Any] | None:
    """Return one finding whole, by its id; None where there is none."""
    rows = findings(posture)
    about = rows["subject"][rows["id"] == one].tolist()
    if not about:
        return None
    subject = posture.graph.number(str(about[0]))
    found: list[dict[str, Any]] = answers.findings(posture, about=subject)["findings"]
    return next((row for row in found if row["id"] == one), None)
