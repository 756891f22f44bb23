"""Vacancies: roles that nobody took over from an owner who left, until somebody does.

An owner is a person, or a team, which leaves with its last active member. A source may drop the
statement of an owner who left, as directories do with the account. Then the role is as empty as
before, though nothing says any more who left it, or when.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.figures.revocation.element_states import next_in_sight, scopes_in
from analytics.findings.families.ownership import departed, judged_rows, team_gaps
from analytics.ownership.owners import ROLES
from analytics.ownership.unowned_since import vacant_since
from analytics.posture import Posture
from analytics.residue import judged
from graph.instants import NEVER
from graph.schema import OWNS


def vacancies(posture: Posture) -> pd.DataFrame:
    """Return the roles that nobody took over from an owner who left.

    Returns
    -------
    DataFrame
        `key` (the id of the identity, a slash and the role), `since` (milliseconds, when the last
        owner of any kind stopped answering; `NEVER` where that is unknown), `number` (of the
        identity) and `scope` (the source and scope that state it).
    """
    owned = posture.ownership
    left = pd.concat([departed(owned), team_gaps(owned)])
    gone = judged_rows(posture, left).sort_values("ended")
    last = gone.drop_duplicates(["thing", "role"], keep="last")
    ids = posture.graph.things["id"].reindex(last["thing"]).to_numpy(object)
    number, ended = last["thing"].to_numpy(), last["ended"].to_numpy()
    vacant = np.stack([vacant_since(posture, role) for role in ROLES])
    since = np.maximum(vacant[last["role"].map(ROLES.index).to_numpy(np.int64), number], ended)
    return pd.DataFrame(
        {
            "key": ids + "/" + last["role"].to_numpy(object),
            "since": np.where(ended == NEVER, NEVER, since),
            "number": number,
            "scope": scopes_in(last),
        }
    )


def empty_roles(posture: Posture) -> np.ndarray:
    """Return the roles that are known to be empty, whoever left them, as hashes of their keys."""
    ids = posture.graph.things["id"].to_numpy(object)
    missing = [(role, judged(posture, posture.ownership.missing(role))) for role in ROLES]
    return _hashes([f"{id_}/{role}" for role, numbers in missing for id_ in ids[numbers]])


def renamed(empty: np.ndarray, names: Mapping[str, str]) -> np.ndarray:
    """Return empty roles (see `empty_roles`) with those of nodes under other ids, by `names`."""
    ends = [[f"{end}/{role}" for end in pair] for pair in names.items() for role in ROLES]
    before, after = (_hashes([pair[place] for pair in ends]) for place in range(2))
    return np.concatenate([empty, after[np.isin(before, empty)]])


def still_vacant(
    shown: pd.DataFrame, empty: Sequence[np.ndarray], in_sight: Sequence[frozenset[str]]
) -> pd.DataFrame:
    """Return the vacancies shown, and those that a later moment still has as an empty role.

    Parameters
    ----------
    shown
        The vacancies at each moment, `seen`.
    empty, in_sight
        The empty roles at each moment (hashes), and what its sources could state.
    """
    rows, groups = [], [(str(key), own) for key, own in shown.groupby("key")]
    hashes = _hashes([key for key, _ in groups])
    at = np.array([np.isin(hashes, roles) for roles in empty], bool).reshape(len(empty), -1)
    for place, (_, own) in enumerate(groups):
        by_moment = {row["seen"]: row for row in own.to_dict("records")}
        last: dict[Any, Any] | None = None
        for moment in range(min(by_moment), len(empty)):
            row = by_moment.get(moment)
            if row is None and last is not None and at[moment, place]:
                after = next_in_sight(in_sight, last["scope"], OWNS.name, last["seen"])
                row = last | {"seen": moment} if after >= moment else None
            if row is not None:
                rows.append(row)
                last = row
    return pd.DataFrame(rows, columns=shown.columns).astype(shown.dtypes)


def _hashes(keys: list[str]) -> np.ndarray:
    """Return a number (uint64) for each key, the same in every process."""
    return np.asarray(pd.util.hash_array(np.array(keys, object), categorize=False))
