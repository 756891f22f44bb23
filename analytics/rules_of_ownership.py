"""What the ownership rules share: how statements of ownership fail."""

import numpy as np
import pandas as pd

from analytics.ownership import NOBODY, ROLES, Ownership
from analytics.posture import Posture
from analytics.residue import judged
from graph.access import NEVER


def judged_rows(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the statements about the identities that are judged."""
    every = np.ones(len(posture.in_service), bool)
    return rows[rows["thing"].isin(judged(posture, every))].reset_index(drop=True)


def unowned_since(posture: Posture) -> np.ndarray:
    """Return when the last owner of each node went, in whatever role (milliseconds).

    Where it never had one: when it was created, `NEVER` where nobody says.
    """
    since = posture.created_at.copy()
    owns = posture.ownership.owns
    went = owns[owns["ended"] != NEVER].groupby("thing")["ended"].max()
    since[went.index] = went
    return since


def role_lost_since(posture: Posture, role: str) -> np.ndarray:
    """Return since when nobody answers for each node in `role`, where nobody does.

    That is when the last owner in that role went, and where there never was one, when the node
    was created (milliseconds; `NEVER` where nobody says).
    """
    since = posture.created_at.copy()
    owns = posture.ownership.owns
    mine = owns[(owns["role"] == role) & (owns["ended"] != NEVER) & ~owns["inferred"]]
    went = mine.groupby("thing")["ended"].max()
    since[went.index] = went
    return since


def uncovered(owned: Ownership) -> pd.DataFrame:
    """Return the statements for a role in which nobody answers for the thing."""
    nobody = np.zeros(len(owned.owns), bool)
    for role in ROLES:
        mine = (owned.owns["role"] == role).to_numpy(bool)
        nobody |= mine & owned.missing(role)[owned.owns["thing"]]
    return owned.owns[nobody]


def departed(owned: Ownership) -> pd.DataFrame:
    """Return the statements of people who are gone, where nobody took over the role."""
    rows = uncovered(owned)
    return pd.DataFrame(rows[(rows["kind"] == "human") & ~rows["active"] & ~rows["inferred"]])


def team_only(owned: Ownership) -> pd.DataFrame:
    """Return the statements of teams about things that no active person owns in any role."""
    owns = owned.owns
    people = owns["thing"][(owns["kind"] == "human") & owns["active"] & ~owns["inferred"]]
    return owns[(owns["kind"] == "team") & ~owns["inferred"] & ~owns["thing"].isin(people)]


def software_only(owned: Ownership) -> pd.DataFrame:
    """Return the statements of software about things for which nobody answers in any role."""
    nobody = np.logical_and.reduce([owned.covered[role] == NOBODY for role in ROLES])
    owns = owned.owns
    return pd.DataFrame(owns[(owns["kind"] == "software") & nobody[owns["thing"]]])


def unacknowledged(owned: Ownership, before: int) -> pd.DataFrame:
    """Return active owners since earlier than `before` who never accepted.

    A source and scope that states no acceptance of anybody is taken not to know of them.
    """
    owns = owned.owns
    accepted = owns["acknowledged"] != NEVER
    stating = pd.MultiIndex.from_frame(owns.loc[accepted, ["source", "scope"]])
    knows = pd.MultiIndex.from_frame(owns[["source", "scope"]]).isin(stating)
    late = (owns["since"] != NEVER) & (owns["since"] < before)
    return pd.DataFrame(owns[knows & late & ~accepted & owns["active"]])
