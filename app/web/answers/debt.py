"""Figures of the Trust debt page, computed from the debt's arrays rather than row by row."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.debt import TrustDebt, debt
from analytics.answers.debt_items import item_table
from analytics.answers.ledger import Ledger, ledger, since_the_oldest
from analytics.answers.table import as_json
from analytics.assumptions.model import ASSUMPTIONS
from analytics.debt.groups import GROUPINGS, keys, name
from analytics.debt.ledger.moments import Moment
from analytics.debt.owed import debt_of
from analytics.debt.totals import grouped
from analytics.posture import Posture
from app.web.answers.debt_path import path
from app.web.answers.figures import names
from app.web.page.snapshots import kept
from app.wording import NO_FIGURE, days, number, percent, rated_ratio, share, thing_name
from graph.instants import NEVER
from graph.schema import CAN_ACCESS, LEVELS

WORDS = {
    "owner": "No owner",
    "scope": "Outside its scope",
    "necessity": "Not used",
    "standing": "Never ends",
    "outlived": "Should have ended",
    "review": "Not reviewed",
    "evidence": "Use without a decision",
    "cred_storage": "Secret outside a manager",
    "cred_age": "Credential not rotated",
    "cred_auth": "Weak authentication",
    "cred_shared": "Credential shared",
    "cred_human": "Credential used by a person",
    "env": "Across environments",
    "third_party": "Third party not vetted",
    "sod": "Both sides of a duty",
}
ENTRIES = 500  # entries of a period that are described
ENTRY_WORDS = {
    "accrue": "opened",
    "seen": "seen for the first time",
    "repay": "repaid",
    "unseen": "not seen any more",
    "accept": "risk accepted",
    "resume": "acceptance over",
}
BY = {
    "identity": "Identity",
    "owner": "Owner",
    "team": "Team",
    "provider": "Platform",
    "environment": "Environment",
    "assumption": "Assumption",
}


@kept
def balance(posture: Posture) -> TrustDebt:
    """Return the debt of all accountable identities."""
    return debt(posture)


def ratio_figure(owed: TrustDebt) -> tuple[str, str]:
    """Format the trust debt ratio for a tile: its range if too little is known to grade it."""
    if owed.tdr is None:
        return NO_FIGURE, "nobody could state what is held"
    first, last = (share(end, 1) for end in owed.tdr_range or (0.0, 0.0))
    shown = rated_ratio(owed.tdr, owed.tdr_range, owed.grade) or NO_FIGURE
    if shown != percent(owed.tdr):
        return shown, "not rated"
    return shown, f"{graded(owed)}, range {first} to {last}"


def ratios(groups: pd.DataFrame) -> list[str]:
    """Format the ratio of each group by its `tdr`, `tdr_range` and `grade`, as `rated_ratio` does.

    >>> ratios(pd.DataFrame({"tdr": [0.1, None], "tdr_range": [[0.1, 0.2], None], "grade": "B"}))
    ['10.0%', 'not known']
    """
    grades = groups["grade"].fillna("")  # a kind of assumption has none
    known = zip(groups["tdr"], groups["tdr_range"], grades, strict=True)
    return [rated_ratio(*each) or NO_FIGURE for each in known]


def dark_words(owed: TrustDebt) -> str:
    """Return a note on the number of identities with unknown access; "" if there are none."""
    if not owed.not_known:
        return ""
    part = f"**{number(owed.not_known)}** of {number(owed.identities)} identities"
    return f" Of {part} it is not known what they may use: no source states grants of them."


def graded(owed: TrustDebt) -> str:
    """Format the grade of a debt."""
    return "not rated" if owed.grade == "NR" else f"grade {owed.grade}"


@kept
def books(posture: Posture) -> Ledger | None:
    """Return the ledger from the oldest snapshot to the one shown; None without history."""
    return since_the_oldest(posture)


def period_rows(periods: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each period of the ledger, with its sums and the parts by coverage."""
    rows = pd.DataFrame({"Until": days(periods["until_at"])})
    for sums in ("opening", "new", "retired", "accrued", "rescored", "closing", "unverified"):
        rows[sums.capitalize()] = periods[sums].round(1)
    for sums in ("new", "retired"):
        rows[f"{sums.capitalize()} by coverage"] = periods[f"coverage_{sums}"].round(1)
    return rows


@kept
def groups(posture: Posture, by: str) -> pd.DataFrame:
    """Return the debt of each group, the largest first.

    Returns
    -------
    DataFrame
        `key` (as `items` has it), `name`, `debt`, `principal`, `interest`, `ratio` (in
        words), `grade` (empty if there is none), `cause` (the name of what caps the grade
        first, else empty) and `unverified`.
    """
    rows = debt(posture, by, limit=0).groups.readable()
    names = rows["key"].map(WORDS) if by == "assumption" else rows["thing_name"].fillna(rows["key"])
    return pd.DataFrame(
        {
            "key": rows["key"],
            "name": names,
            "debt": rows["debt"].astype(float),
            "principal": rows["principal"].astype(float),
            "interest": rows["interest_per_day"].astype(float),
            "ratio": ratios(rows),
            "grade": rows["grade"].fillna(""),
            "cause": [thing_name(c[0]["thing"]) if c else "" for c in rows["capped_by"]],
            "unverified": rows["unverified"].astype(float),
        }
    )


@kept
def group_names(posture: Posture, by: str) -> dict[str, str]:
    """Return the name of each group by its key."""
    rows = groups(posture, by)
    return dict(zip(rows["key"], rows["name"], strict=True))


@kept
def members(posture: Posture) -> pd.DataFrame:
    """Return the debt of each accountable identity, with its group keys.

    Returns
    -------
    DataFrame
        `id`, `name`, `debt`, `grade`, and a column of keys for each of `GROUPINGS` but the
        assumption, with `owner_name` and `team_name`.
    """
    owed, graph = debt_of(posture), posture.graph
    things = graph.things.loc[owed.identities].reset_index(drop=True)
    grades = pd.array([g.grade for g in grouped(posture, owed, owed.identities)], dtype="string")
    rows = things[["id", "name"]].assign(debt=owed.debt.sum(axis=1), grade=grades)
    for by in GROUPINGS:
        if by == "assumption":
            continue
        group_keys = keys(posture, by)
        rows[by] = [_key(posture, by, key) for key in group_keys]
        if by in ("owner", "team"):
            number = group_keys.astype(np.int64)
            rows[f"{by}_name"] = np.where(number >= 0, names(posture, number), rows[by])
    return rows


def _key(posture: Posture, by: str, key: Any) -> str:
    if by in ("identity", "owner", "team") and key >= 0:
        return str(posture.graph.thing(int(key))["id"])
    return name(by, key)


@kept
def items(posture: Posture, broken: bool = True) -> pd.DataFrame:
    """Return the broken items, or the unknown ones, the costliest first.

    Returns
    -------
    DataFrame
        `item` (position), `name`, `assumption`, `resource`, `level`, `about`, `since` (day in
        UTC, or NaT), `cycles`, `debt` (the unverified amount for unknown items), `interest`, and a
        column of keys for each grouping, `identity` among them.
    """
    owed = debt_of(posture)
    rows, units = owed.rows, owed.units
    amount = rows.debt if broken else rows.unverified
    order = np.argsort(-amount, kind="stable")
    order = order[amount[order] > 0]
    unit = rows.entitlement[order]
    place = units.place[unit]
    since = rows.since[order]
    stamps = pd.Series(since, dtype="Int64").mask(since == NEVER)
    owners = members(posture)
    frame = pd.DataFrame(
        {
            "item": order,
            "name": owners["name"].to_numpy()[place],
            "assumption": np.array(ASSUMPTIONS, object)[rows.assumption[order]],
            "resource": names(posture, units.resource[unit]),
            "level": np.array(LEVELS, object)[units.level[unit]],
            "about": rows.names[rows.object[order]],
            "since": pd.to_datetime(stamps, unit="ms", utc=True),
            "cycles": rows.cycles[order],
            "debt": amount[order],
            "interest": rows.interest[order],
        }
    )
    for by in GROUPINGS:
        if by != "assumption":
            frame[by] = owners[by].to_numpy(object)[place]
    return frame


@kept
def entries(posture: Posture, since: str, until: str) -> tuple[pd.DataFrame, int]:
    """Return the ledger entries of one period of `books`, and the count of those left out.

    `since` and `until` are the ids of the snapshots at its ends. The last period ends at the
    instant of the page; if that is later than its snapshot, the period begins with that snapshot.
    """
    history, graph = posture.history, posture.graph
    assert history is not None
    known = {info.id: info for info in history.every}
    end = known[until].taken_at
    if graph.snapshot and until == graph.snapshot.id:
        end = graph.as_of if since == until else min(graph.as_of, end)
    ends = Moment(known[since], known[since].taken_at), Moment(known[until], end)
    answer = ledger(history, *ends, limit=ENTRIES, ahead=False)
    rows = answer.entries.readable()
    frame = pd.DataFrame(
        {
            "Entry": rows["kind"].replace(ENTRY_WORDS),
            "Identity": rows["identity_name"].fillna(""),
            "Broken": rows["assumption"].map(WORDS).fillna(""),
            "Resource": rows["resource_name"].fillna(""),
            "Level": rows["level"].fillna(""),
            "Adds": rows["amount"].round(2),
            "Cause": rows["cause"],
            "When": days(rows["at"]),
        }
    )
    return frame, answer.left_out


def item(posture: Posture, place: int) -> dict[str, Any]:
    """Return one item in full, with the edges that lead to its grant.

    `behind` are the steps from the identity to the grant's holder, `ended` the nodes on them that
    are not live, and `granted` the row of the grant as its sources declare it.
    """
    row: dict[str, Any]
    (row,) = as_json(item_table(posture, debt_of(posture), np.array([place])))
    graph = posture.graph
    behind = path(posture, graph.number(row["identity"]["id"]), graph.number(row["holder"]["id"]))
    frame = graph.frames[CAN_ACCESS]
    grant = frame[frame["id"] == row["grant"]].iloc[0]
    return row | {
        "behind": behind,
        "ended": [s["to"] for s in behind if not graph.live[graph.number(s["to"]["id"])]],
        "granted": {k: v for k, v in grant.items() if not pd.isna(v)},
    }
