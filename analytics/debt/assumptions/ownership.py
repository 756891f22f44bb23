"""Owner: somebody active answers for it, in each of the two roles."""

import numpy as np
import pandas as pd

from analytics.debt.case import Case, Verdict, unkept
from analytics.ownership import NOBODY, ROLES, active_people, stated_in
from analytics.posture import Posture
from graph.access import NEVER, milliseconds
from graph.schema import GROUP, HUMAN, OWNS, SPAWNS, TEAM

SHARE = 1 / len(ROLES)
GONE_UNDATED = np.iinfo(np.int64).max


def judge(case: Case) -> tuple[Verdict, ...]:
    """Judge each role by itself; half of the weight is on each."""
    place, identities = case.units.place, case.units.identities
    covered, parts = case.posture.ownership.covered, []
    for role in ROLES:
        nobody = covered[role][identities] == NOBODY
        known = case.posture.ownership.known_in[role][identities]
        since = unowned_since(case.posture, role)[identities]
        parts.append(
            unkept((nobody & known)[place], (nobody & ~known)[place], since[place], SHARE, role)
        )
    return (Verdict("owner", 1.0, tuple(parts)),)


def unowned_since(posture: Posture, role: str) -> np.ndarray:
    """Return since when nobody answers for each node in `role`, were nobody to now.

    In milliseconds: when the last of its owners went, else when the last it inherited from a
    parent did, else when it was created. `NEVER` where an owner went and nobody says when.
    """
    own = _departed(posture, role)
    heir = own.copy()
    parent, child = posture.graph.ends(SPAWNS)
    kept = posture.graph.in_force(SPAWNS) & posture.in_service[parent]
    while True:  # as many rounds as there are generations
        before = heir.copy()
        np.maximum.at(heir, child[kept], heir[parent[kept]])
        if np.array_equal(before, heir):
            break
    inherited = np.where(heir > own, np.maximum(heir, posture.created_at), NEVER)
    since = np.where(own != NEVER, np.maximum(own, inherited), inherited)
    since = np.where(heir == NEVER, posture.created_at, since)
    return np.where(heir == GONE_UNDATED, NEVER, since)


def _departed(posture: Posture, role: str) -> np.ndarray:
    """Return when the last owner of each node in `role` went; `NEVER` where none did."""
    graph = posture.graph
    owns = posture.ownership.owns
    gone = owns[(owns["role"] == role) & ~owns["active"] & ~owns["inferred"]]
    gone = gone[gone["kind"] != "software"]
    went = np.where(gone["ended"] == NEVER, GONE_UNDATED, gone["ended"])
    departed = np.full(len(graph.ids), NEVER)
    np.maximum.at(departed, gone["thing"].to_numpy(), went)
    ended = _statements_ended(posture, role)
    np.maximum.at(departed, ended["thing"].to_numpy(), ended["at"].to_numpy())
    return departed


def _statements_ended(posture: Posture, role: str) -> pd.DataFrame:
    """Return when people and teams stopped owning things that they left to nobody."""
    graph, frame = posture.graph, posture.graph.frames[OWNS]
    owner, thing = graph.ends(OWNS)
    person, left_at = active_people(graph)
    at = milliseconds(frame["valid_to"])
    at = np.where((left_at[owner] != NEVER) & ~person[owner], np.minimum(at, left_at[owner]), at)
    over = stated_in(frame, role) & (milliseconds(frame["valid_to"]) != NEVER)
    over &= milliseconds(frame["valid_to"]) <= graph.now
    over &= graph.has_label(HUMAN, TEAM, GROUP)[owner]
    return pd.DataFrame({"thing": thing[over], "at": at[over]})
