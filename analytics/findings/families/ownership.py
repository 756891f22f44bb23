"""Failing statements of ownership, for the ownership rules."""

import numpy as np
import pandas as pd

from analytics.ownership.owners import NOBODY, ROLES, Ownership
from analytics.ownership.responsible import people_of
from analytics.posture import Posture
from analytics.residue import judged
from graph.access import AccessGraph
from graph.instants import DAY, NEVER

LED_BY = {  # by kind of owner: which of several an answer names first, True for ascending
    "human": {"ended": False, "owner": False, "id": False},
    "team": {"ended": False, "owner": True, "id": True},
    "software": {"since": True, "owner": True, "id": True},
}


def leading(statements: pd.DataFrame, kind: str, *by: str) -> pd.DataFrame:
    """Return the first statement for each combination of `by`; all are of owners of one kind.

    Of people and teams that is the last that could answer, of software the first that was named.
    """
    order = LED_BY[kind]
    ranked = statements.sort_values(list(order), ascending=list(order.values()))
    return ranked.drop_duplicates(list(by))


def judged_rows(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows about judged identities."""
    every = np.ones(len(posture.in_service), bool)
    return rows[rows["thing"].isin(judged(posture, every))].reset_index(drop=True)


def uncovered(owned: Ownership) -> pd.DataFrame:
    """Return the statements for a role in which the node has no owner."""
    nobody = np.zeros(len(owned.owns), bool)
    for role in ROLES:
        in_role = (owned.owns["role"] == role).to_numpy(bool)
        nobody |= in_role & owned.missing(role)[owned.owns["thing"]]
    return owned.owns[nobody]


def in_role(owned: Ownership, statements: pd.DataFrame, role: str) -> np.ndarray:
    """Return a mask of the nodes (bool) that statements on a role are about."""
    mask = np.zeros(len(owned.parent), bool)
    mask[statements.loc[statements["role"] == role, "thing"].to_numpy(np.int64)] = True
    return mask


def team_gaps(owned: Ownership) -> pd.DataFrame:
    """Return the statements of teams for a role in which the node has no owner."""
    gaps = uncovered(owned)
    return pd.DataFrame(gaps[(gaps["kind"] == "team") & ~gaps["inferred"]])


def departed(owned: Ownership) -> pd.DataFrame:
    """Return the statements of people who left, where nobody took over the role."""
    rows = uncovered(owned)
    return pd.DataFrame(rows[(rows["kind"] == "human") & ~rows["active"] & ~rows["inferred"]])


def last_departed(owned: Ownership) -> pd.DataFrame:
    """Return the last of the `departed` owners of each node and role."""
    return leading(departed(owned), "human", "thing", "role")


def team_only(graph: AccessGraph, owned: Ownership) -> pd.DataFrame:
    """Return the statements of teams about nodes that no person answers for in any role.

    Those of empty teams are left out where a team answers, also one of a parent.
    """
    in_person = people_of(graph, owned) != NOBODY
    answered = np.logical_or.reduce([owned.covered[role] != NOBODY for role in ROLES])
    owns = owned.owns
    by_team = (owns["kind"] == "team") & ~owns["inferred"] & ~in_person[owns["thing"]]
    return pd.DataFrame(owns[by_team & (owns["active"] | ~answered[owns["thing"]])])


def software_only(owned: Ownership) -> pd.DataFrame:
    """Return the statements of software about nodes that have no owner in any role."""
    nobody = np.logical_and.reduce([owned.covered[role] == NOBODY for role in ROLES])
    owns = owned.owns
    software = (owns["kind"] == "software") & ~owns["inferred"]
    return pd.DataFrame(owns[software & nobody[owns["thing"]]])


def unacknowledged(posture: Posture, before: int) -> pd.DataFrame:
    """Return active owners who were named earlier than `before` and never accepted.

    An owner since the creation of the node was not named by a transfer. A source and scope is taken
    to record acceptances from the first accepted owner on that it declares.
    """
    owns = posture.ownership.owns
    scope = ["source", "scope"]
    accepted = owns["acknowledged"] != NEVER
    if not accepted.any():  # no source is known to record acceptances
        return owns[:0]
    begun = owns[accepted & (owns["since"] != NEVER)].groupby(scope)["since"].min()
    since = owns["since"]
    asked = begun.reindex(pd.MultiIndex.from_frame(owns[scope])).to_numpy(float, na_value=np.inf)
    created = posture.created_at[owns["thing"].to_numpy(np.int64)]
    original = (created != NEVER) & (since <= np.where(created == NEVER, 0, created) + DAY)
    late = (since != NEVER) & (since < before) & (since >= asked)
    return pd.DataFrame(owns[late & ~original & ~accepted & owns["active"]])
