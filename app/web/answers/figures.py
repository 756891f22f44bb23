"""Figures that several pages share, computed from the posture's arrays rather than row by row."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.findings import described
from analytics.answers.findings import finding as finding_answer
from analytics.answers.findings import findings as findings_answer
from analytics.answers.orphans import orphaned
from analytics.answers.orphans import orphans as orphans_answer
from analytics.answers.worst import worst_first
from analytics.findings.lifecycle.states import LISTED, STATES, listed, lives
from analytics.ownership.owners import NOBODY, ROLES
from analytics.posture import UNUSED_DAYS, Posture
from analytics.usage.regained import regained
from analytics.weights import SEVERITIES
from app.table_csv import table_csv
from app.web.page.snapshots import kept
from app.wording import NO_FIGURE, brief, kind, share

UNKNOWN, BOTH, NONE = "unknown", "both roles", "nobody"


@kept
def accountable(posture: Posture) -> pd.DataFrame:
    """Return a row for each accountable identity, the worst first; NaN for unknown reach.

    Returns
    -------
    DataFrame
        `id`, `label`, `name`, `resources`, `weighted`, `business` and `technical` (names, empty
        for nobody), `business_unknown` and `technical_unknown` (no source could declare it) and
        `owners`: which roles are covered, or unknown.
    """
    numbers = posture.accountable
    totals, owned = posture.totals(), posture.ownership
    rows = posture.graph.things.loc[numbers].reset_index(drop=True)
    known = posture.reach_known[numbers]
    rows = rows.assign(
        resources=pd.Series(totals.resources, dtype="Int64").where(known),
        weighted=np.where(known, totals.weighted, np.nan),
    )
    covered = {role: owned.covered[role][numbers] for role in ROLES}
    for role, owners in covered.items():
        rows[role] = names(posture, owners)
        rows[f"{role}_unknown"] = ~owned.known_in[role][numbers] & (owners == NOBODY)
    some = {role: owners != NOBODY for role, owners in covered.items()}
    other = dict(zip(ROLES, reversed(ROLES), strict=True))
    rows["owners"] = np.select(
        [
            ~owned.known[numbers],
            np.logical_and.reduce(list(some.values())),
            *(some[role] & rows[f"{other[role]}_unknown"] for role in ROLES),
            *some.values(),
        ],
        [
            UNKNOWN,
            BOTH,
            *(f"{role}, {other[role]} {UNKNOWN}" for role in ROLES),
            *(f"{role} only" for role in ROLES),
        ],
        NONE,
    )
    return rows.iloc[worst_first(posture)].reset_index(drop=True)


def names(posture: Posture, numbers: np.ndarray) -> np.ndarray:
    """Return the names of nodes, empty where a number is negative."""
    every = posture.graph.things["name"].to_numpy(object)
    if not len(every):
        return np.full(len(numbers), "", object)
    return np.where(numbers >= 0, every[np.maximum(numbers, 0)], "")


@dataclass(frozen=True)
class Orphans:
    """The counts of identities in service that lack an owner, and of those with known owners.

    Of those that are `lacking` one, `alone` have none in any role, and `halved` have one.
    """

    lacking: int
    known: int
    unknown: int
    departed: int
    halved: int

    @property
    def alone(self) -> int:
        """How many have no owner in any role."""
        return self.lacking - self.halved


@kept
def orphans(posture: Posture) -> Orphans:
    """Count the identities without an owner in at least one role."""
    answer = orphans_answer(posture, limit=1)
    rows = orphaned(posture, posture.ownership)
    roles = rows.groupby("identity")["role"].nunique()
    return Orphans(
        lacking=answer.lacking,
        known=answer.judged - answer.unknown,
        unknown=answer.unknown,
        departed=rows.loc[rows["departed"], "identity"].nunique(),
        halved=int((~posture.ownership.nobody()[roles.index[roles < len(ROLES)]]).sum()),
    )


@kept
def got_back(posture: Posture, days: int = UNUSED_DAYS) -> tuple[str, str]:
    """Format the share of weighted reach unused for `days`, and the amounts."""
    regainable = regained(posture, days)
    if "usage" in posture.graph.undeclared and not regainable.weighted:
        return NO_FIGURE, "no source states use"
    if not posture.reach_known[posture.accountable].any():
        return NO_FIGURE, "nobody could state what is reached"
    if not regainable.known:
        return NO_FIGURE, "use is not logged anywhere"
    of = f"{brief(regainable.weighted)} of {brief(regainable.of)}"
    return share(regainable.weighted, regainable.of), of if not regainable.unseen else (
        f"{of}; {brief(regainable.unseen)} not logged"
    )


@kept
def findings(posture: Posture, states: tuple[str, ...] = LISTED) -> pd.DataFrame:
    """Return a row for each finding in any of `states`, worst first, names not escaped.

    Returns
    -------
    DataFrame
        The columns of `analytics.answers.findings.described` but the proof, readable: nodes as
        `subject` and `subject_name`; `severity` is ordered, and `label` is that of the subject.
    """
    table = described(posture, listed(posture, states), proven=False)
    return table.readable().assign(
        severity=pd.Categorical(table.frame["severity"], SEVERITIES, ordered=True),
        label=[kind(label) for label in table.of_nodes("subject", "label")],
    )


def findings_csv(posture: Posture, shown: pd.DataFrame) -> str:
    """Return findings as the CSV of `trustdebt findings`, given their rows of `findings`."""
    rows = listed(posture, STATES)
    return table_csv(described(posture, rows[rows["id"].isin(shown["id"])]))


@kept
def states(posture: Posture) -> dict[str, int]:
    """Count the findings in each state that occurs."""
    counts = lives(posture).rows["state"].value_counts()
    return {state: int(counts[state]) for state in STATES if state in counts}


@kept
def finding(posture: Posture, id_: str) -> dict[str, Any] | None:
    """Return one finding in full, by its id; None if there is none."""
    return finding_answer(posture, id_)


@kept
def silent(posture: Posture) -> pd.DataFrame:
    """Return a row for each rule whose facts no source declares."""
    rows = findings_answer(posture, limit=1).not_evaluable.frame
    return rows.set_axis(["Rule", "Finds", "Did not look, because"], axis=1)
