"""Orphans: identities for which nobody answers in a role, and what a departure would orphan."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, when
from analytics.ownership import NOBODY, ROLES, Ownership, ownership
from analytics.posture import Posture
from analytics.rules_of_ownership import departed, judged, software_only, uncovered
from graph.access import NEVER
from graph.frames import records
from graph.schema import AUTHENTICATES_AS, USES


def orphans(posture: Posture, leaving: tuple[int, ...] = (), limit: int = 0) -> dict[str, Any]:
    """Answer which identities nobody answers for, by role, and why.

    `leaving` are people (numbers of nodes) to be taken as gone: `would_orphan` lists what they
    would leave behind, `secrets_to_rotate` the credentials of what they own.
    """
    rows = orphaned(posture, posture.ownership)
    shown, left_out = cut(rows, limit)
    after: list[dict[str, Any]] = []
    if leaving:
        then = orphaned(posture, ownership(posture.graph, leaving))
        known = pd.MultiIndex.from_frame(rows[["identity", "role"]])
        new = ~pd.MultiIndex.from_frame(then[["identity", "role"]]).isin(known)
        after = [_row(posture, r) for r in records(then[new])]
    return {
        "orphaned": [_row(posture, r) for r in records(shown)],
        "would_orphan": after,
        "secrets_to_rotate": _secrets(posture, leaving),
        "bus_factor": None,
        "judged": len(judged(posture, np.ones(len(posture.in_service), bool))),
        "unknown": len(judged(posture, ~posture.ownership.known)),
        "left_out": left_out,
    }


def orphaned(posture: Posture, owned: Ownership) -> pd.DataFrame:
    """Return a row for each identity in service and each role in which nobody answers for it.

    Columns: `identity`, `role`, `rule` (the most specific ownership rule that explains it),
    `since` (milliseconds) and `last_owner` (number, -1 for none), the heaviest reach first.
    """
    parts = [_missing(posture, owned, role) for role in ROLES]
    rows = pd.concat(parts, ignore_index=True)
    rows["weighs"] = posture.heaviest[rows["identity"]]
    return rows.sort_values(
        ["weighs", "identity", "role"], ascending=[False, True, True], ignore_index=True
    )


def _missing(posture: Posture, owned: Ownership, role: str) -> pd.DataFrame:
    identity = judged(posture, owned.missing(role))
    other = ROLES[1 - ROLES.index(role)]
    rows = pd.DataFrame({"identity": identity, "role": role})
    halved = owned.covered[other][identity] != NOBODY
    spawned = owned.parent[identity] >= 0
    rows["rule"] = np.select([spawned, halved], ["OWN-05", "OWN-04"], "OWN-01")
    rows["since"] = posture.created_at[identity]
    rows["last_owner"] = NOBODY
    gaps = uncovered(owned)
    teams = gaps[(gaps["kind"] == "team") & ~gaps["inferred"]]
    for rule, statements in (
        ("OWN-06", software_only(owned).assign(ended=lambda r: r["since"])),
        ("OWN-03", teams),
        ("OWN-02", departed(owned)),
    ):
        mine = statements[statements["role"] == role].sort_values("ended")
        last = mine.drop_duplicates("thing", keep="last").set_index("thing")
        told = rows["identity"].isin(last.index)
        rows.loc[told, "rule"] = rule
        for column, source in (("since", "ended"), ("last_owner", "owner")):
            rows.loc[told, column] = last[source].reindex(rows.loc[told, "identity"]).to_numpy()
    return rows


def _row(posture: Posture, row: Any) -> dict[str, Any]:
    thing = posture.graph.thing
    return {
        "identity": thing(int(row.identity)),
        "rule": row.rule,
        "role": row.role,
        "since": when(int(row.since)) if row.since != NEVER else None,
        "last_owner": thing(int(row.last_owner)) if row.last_owner != NOBODY else None,
        "weighs": float(row.weighs),
        "debt": None,
    }


def _secrets(posture: Posture, leaving: tuple[int, ...]) -> list[dict[str, str]]:
    """Return the credentials of the things that the people who leave own."""
    graph, owns = posture.graph, posture.ownership.owns
    theirs = owns["thing"][owns["owner"].isin(leaving)].to_numpy()
    agent, used = graph.ends(USES)
    key, identity = graph.ends(AUTHENTICATES_AS)
    held = np.union1d(used[np.isin(agent, theirs)], key[np.isin(identity, theirs)])
    return [graph.thing(int(n)) for n in held if graph.live[n]]
