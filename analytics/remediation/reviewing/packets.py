"""Packets of a review: the grants that somebody has to decide on, worth most per minute first.

A grant is reviewed as a whole: the decision is the same for all identities that use it through its
holder. There is a packet for it where no approval of the last period covers it, or where it changed
since. There is none where the identity ended, or where it was decided to revoke the grant: then
there is something to do, and nothing to decide.
"""

import re

import numpy as np
import pandas as pd

from analytics.assumptions.families.review import due, last_approval
from analytics.assumptions.judgement import Case
from analytics.assumptions.model import NUMBER
from analytics.assumptions.reviews import last_decision
from analytics.debt.owed import debt_of
from analytics.ownership.responsible import accountable_people
from analytics.posture import Posture
from analytics.remediation.reviewing.changed_since import NEWER, UNCHANGED, changed_since
from analytics.remediation.reviewing.pace import pace
from graph.instants import NEVER
from graph.once import once
from graph.schema import CAN_ACCESS, LEVEL_SETS
from graph.values import derived_id

PACKET = re.compile(r"R-[0-9a-f]{16}")
MINUTE = 60  # seconds
BASE, EACH_LEVEL, UNSEEN, CONDITION, SHARED = 2.0, 0.5, 2.0, 1.0, 1.0  # minutes
REVIEW = NUMBER["review"]


@once
def packets(posture: Posture) -> pd.DataFrame:
    """Return the grants to review, those first that repay most debt per minute (cached).

    Returns
    -------
    DataFrame
        `id`, `grant` (a row of CAN_ACCESS), `holder`, `resource`, `identity` (numbers; of several
        identities that use it the one that owes most), `identities` (a count), `debt` (what all of
        them owe for the grant), `by_approval` (the part that an approval repays), `approved`,
        `since` (milliseconds: the last approval, and when the next was due, or when what was not
        approved was given; `NEVER` where unknown),
        `silent` (no source could state an approval), `changed` (see `changed_since`), `reviewer`
        (a number, or -1) and `minutes`.
    """
    rows = _by_grant(_units(posture))
    graph = posture.graph
    holder, resource = graph.ends(CAN_ACCESS)
    grant = rows["grant"].to_numpy(np.int64)
    rows = rows.assign(
        id=packet_ids(posture, grant),
        holder=holder[grant],
        resource=resource[grant],
        reviewer=accountable_people(posture)[rows["identity"].to_numpy(np.int64)],
    )
    rows = rows.assign(minutes=minutes(posture, rows))
    worth = rows["debt"] / rows["minutes"]
    order = np.lexsort((rows["id"].to_numpy(str), -worth.to_numpy()))
    return rows.iloc[order].reset_index(drop=True)


def packet_ids(posture: Posture, grants: np.ndarray) -> list[str]:
    """Return the id of the packet of each grant (a row of CAN_ACCESS), equal in all snapshots."""
    frame = posture.graph.frames[CAN_ACCESS].iloc[grants]
    pairs = zip(frame["source_id"].tolist(), frame["id"].tolist(), strict=True)
    return [derived_id("R", pair) for pair in pairs]


def grant_of(posture: Posture, packet: str) -> int | None:
    """Return the grant (a row of CAN_ACCESS) that a packet is about, None if it is not there."""
    every = np.arange(len(posture.graph.frames[CAN_ACCESS]))
    ids = packet_ids(posture, every)
    return ids.index(packet) if packet in ids else None


def _units(posture: Posture) -> pd.DataFrame:
    """Return the entitlements to review, with what is owed for each."""
    owed, graph = debt_of(posture), posture.graph
    units, rows = owed.units, owed.rows
    case = Case(posture, owed.model, units)
    approved = last_approval(case)
    overdue, since = due(case)
    last = last_decision(graph, units.identity, units.holder, units.grant)
    open_ = posture.in_service[units.identity] & ~((last != NEVER) & (last & 1 == 1))
    changed = np.full(len(units), UNCHANGED, np.int8)
    lately = np.flatnonzero(open_ & ~overdue)
    changed[lately] = changed_since(posture, units.grant[lately], approved[lately])
    begun = np.where(changed == NEWER, units.granted, NEVER)  # nothing dates what was widened
    amount = np.where(rows.assumption == REVIEW, rows.debt, 0.0)
    frame = pd.DataFrame(
        {
            "grant": units.grant,
            "identity": units.identity,
            "debt": np.bincount(rows.entitlement, rows.debt, len(units)),
            "by_approval": np.bincount(rows.entitlement, amount, len(units)),
            "approved": approved,
            "since": np.where(overdue, since, begun),
            "silent": overdue & (approved == NEVER) & ~case.declared("reviews"),
            "changed": changed,
            "asked": overdue | (changed != UNCHANGED),
        }
    )
    frame = frame[open_]
    return pd.DataFrame(frame[frame["grant"].isin(frame["grant"][frame["asked"]])])


def _by_grant(units: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each grant; the identity is the one that owes most for it."""
    by_identity = units.groupby(["grant", "identity"], sort=True)["debt"].sum().reset_index()
    heaviest = by_identity.sort_values(["grant", "debt"], ascending=[True, False], kind="stable")
    lead = heaviest.drop_duplicates("grant").set_index("grant")["identity"]
    asked = units[units["asked"]].groupby("grant", sort=True)
    every = units.groupby("grant", sort=True)
    frame = pd.DataFrame(
        {
            "identity": lead,
            "identities": every["identity"].nunique(),
            "debt": every["debt"].sum(),
            "by_approval": every["by_approval"].sum(),
            "approved": asked["approved"].min(),
            "since": asked["since"].min(),
            "silent": asked["silent"].any(),
            "changed": asked["changed"].max(),
        }
    )
    return frame.rename_axis("grant").reset_index()


def minutes(posture: Posture, rows: pd.DataFrame) -> np.ndarray:
    """Return how long the decision on each packet takes (float64, minutes).

    That is the median of what the reviewer took so far, or else of what all took; where the journal
    and the sources do not tell, an estimate: `BASE`, and more for each level, where use cannot be
    seen, for a condition, and where several identities use the grant.
    """
    graph, measured = posture.graph, pace(posture)
    grant = rows["grant"].to_numpy(np.int64)
    levels = np.array([len(levels) for levels in LEVEL_SETS])[graph.levels[grant]]
    frame = graph.frames[CAN_ACCESS].iloc[grant]
    estimate = BASE + EACH_LEVEL * levels + SHARED * (rows["identities"].to_numpy() > 1)
    estimate = estimate + UNSEEN * ~graph.grant_use[0][grant]
    estimate = estimate + CONDITION * frame["condition"].notna().to_numpy(bool)
    usual = measured.seconds()
    if usual is not None:
        estimate = np.full(len(rows), usual / MINUTE)
    for number in np.unique(rows["reviewer"].to_numpy(np.int64)).tolist():
        own = measured.seconds(graph.thing(number)["id"]) if number >= 0 else None
        if own is not None:
            estimate[rows["reviewer"].to_numpy() == number] = own / MINUTE
    return np.asarray(np.maximum(estimate, 1 / MINUTE))
