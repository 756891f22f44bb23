"""Grouping keys of identities: owner, team, provider, environment or the identity itself."""

import numpy as np

from analytics.ownership.owners import NOBODY, ROLES
from analytics.posture import Posture
from graph.schema import AUTHENTICATES_AS, CREDENTIAL, IDENTITIES, MEMBER_OF, TEAM, TEAMS, USES

GROUPINGS = ("assumption", "identity", "owner", "team", "provider", "environment")
NO_ONE, UNKNOWN, NO_TEAM = "nobody", "unknown", "no team"
WITHOUT_TEAM = "no-team"  # names the identities that belong to none, instead of a team
NONE, UNDECLARED = -1, -2  # keys of the groups that are no node


class NoTeam(Exception):
    """A node given as a team that is none."""

    exit_code, code = 2, "usage"


def team_of(posture: Posture, name: str | None) -> int | None:
    """Return the number of a team, `NONE` for the identities of none, None for those of all.

    Raises
    ------
    NoTeam
    """
    if name is None or name == WITHOUT_TEAM:
        return None if name is None else NONE
    number = posture.graph.find(name)
    if not posture.graph.has_label(*TEAMS)[number]:
        raise NoTeam(f"{name} is no team")
    return number


def keys(posture: Posture, by: str) -> np.ndarray:
    """Return the group key of each accountable identity: the number of a node, or text.

    By owner and by team, `NONE` means no owner or no team, `UNDECLARED` an owner that no source
    declares.
    """
    if by == "identity":
        return np.asarray(posture.accountable)
    if by == "owner":
        return _owner(posture)
    if by == "team":
        return _team(posture)
    return _declared(posture, {"provider": "provider", "environment": "env"}[by])


def name(by: str, key: object) -> str:
    """Return the name of a group whose key is no node."""
    if by == "owner":
        return NO_ONE if key == NONE else UNKNOWN
    return NO_TEAM if by == "team" else str(key)


def team_of_nodes(posture: Posture) -> np.ndarray:
    """Return the team (a number, or `NONE`) of each node, as `keys` has it of the identities.

    A key that nobody owns is of the team of what uses it, or else of what it authenticates as.
    """
    graph, team = posture.graph, _teams(posture)
    for relationship, key, other in ((USES, 1, 0), (AUTHENTICATES_AS, 0, 1)):
        ends, lone = graph.ends(relationship), graph.has_label(CREDENTIAL) & (team == NONE)
        kept = graph.in_force(relationship) & lone[ends[key]] & (team[ends[other]] != NONE)
        first = np.full(len(team), len(team), np.int64)
        np.minimum.at(first, ends[key][kept], team[ends[other]][kept])
        team = np.where(first < len(team), first, team)
    return team


def _owner(posture: Posture) -> np.ndarray:
    return np.asarray(_owners(posture)[posture.accountable])


def _owners(posture: Posture) -> np.ndarray:
    """Return the owner of each node, business before technical."""
    owned, owner = posture.ownership, np.full(len(posture.graph.ids), NONE, np.int64)
    owner[~owned.known] = UNDECLARED
    for role in reversed(ROLES):
        owner = np.where(owned.covered[role] != NOBODY, owned.covered[role], owner)
    return np.asarray(owner)


def _team(posture: Posture) -> np.ndarray:
    return np.asarray(_teams(posture)[posture.accountable])


def _teams(posture: Posture) -> np.ndarray:
    """Return the team that owns each node, else the first team of its owner.

    A group that owns counts as a team; one that its owner is in may be for access only.
    """
    graph, nodes = posture.graph, len(posture.graph.ids)
    is_team, owns_as_team = graph.has_label(TEAM), graph.has_label(*TEAMS)
    first = np.full(nodes + 1, nodes, np.int64)  # the last row stands for no person
    member, group = graph.ends(MEMBER_OF)
    kept = graph.in_force(MEMBER_OF) & is_team[group]
    np.minimum.at(first, member[kept], group[kept])
    first[np.flatnonzero(owns_as_team)] = np.flatnonzero(owns_as_team)
    owning = np.full(nodes, nodes, np.int64)
    owns = posture.ownership.owns
    teams = owns[owns["active"] & ~owns["inferred"] & owns_as_team[owns["owner"].to_numpy()]]
    np.minimum.at(owning, teams["thing"].to_numpy(), teams["owner"].to_numpy())
    person = _owners(posture)
    team = np.where(owning < nodes, owning, first[np.where(person >= 0, person, nodes)])
    return np.asarray(np.where(team < nodes, team, NONE))


def _declared(posture: Posture, column: str) -> np.ndarray:
    values = np.full(len(posture.graph.ids), UNKNOWN, object)
    for label in IDENTITIES:
        frame = posture.graph.frames[label]
        known = frame[column].notna().to_numpy(bool)
        values[posture.graph.numbers(frame["id"][known])] = frame[column][known].astype(object)
    return np.asarray(values[posture.accountable].astype(str))
