"""Credential hubs: the dependents of each credential, and the order of rotation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, objects
from analytics.kept.answers import kept
from analytics.posture import UNUSED_DAYS, Posture
from analytics.remediation.credential_hubs import Hubs as Measures
from analytics.remediation.credential_hubs import credential_hubs
from graph.frames import records
from graph.schema import CREDENTIAL

SHOWN = 100  # dependents of one credential that are listed


@dataclass(frozen=True)
class Hubs:
    """The credentials with dependents, and how many are shared or an articulation.

    `hubs` has, after the node `credential` itself, `type`, `dependents` (a list), `count`,
    `in_use`, `unknown`, `reach.resources`, `reach.weighted`, `blueprint`, `articulation`, `pieces`
    and `rotation`.
    """

    hubs: Table
    shared: int
    articulations: int
    in_use_days: int
    left_out: int


@kept
def hubs(posture: Posture, limit: int = 0, order: str = "hubs") -> Hubs:
    """List the credentials with most dependents; with `order` "rotation", in order of rotation.

    `reach` is the reach of anybody who has the credential, null where it is not known.
    `articulation`: without it, identities that are connected by credentials fall into several
    `pieces`. `rotation` is the rank in the order that breaks least, from 1: fewest dependents
    `in_use` within `in_use_days`, then fewest `unknown`, then the widest reach. The first `SHOWN`
    of `dependents` are listed.
    """
    measures = credential_hubs(posture)
    counts = _counts(measures)
    worst = np.lexsort((measures.credentials, -measures.reach.weighted, -counts, -measures.pieces))
    ranked = np.argsort(measures.rotation) if order == "rotation" else worst
    rows, left_out = cut(ranked, limit)
    credentials = measures.credentials[rows]
    known = pd.Series(posture.reach_known[credentials])
    reach = measures.reach
    columns = {
        "credential": credentials,
        "type": _types(posture)[credentials],
        "dependents": _dependents(posture, measures, credentials),
        "count": counts[rows],
        "in_use": measures.in_use[rows],
        "unknown": measures.unknown[rows],
        "reach.resources": pd.Series(reach.resources[rows], dtype="Int64").where(known),
        "reach.weighted": pd.Series(reach.weighted[rows], dtype="Float64").where(known),
        "blueprint": measures.blueprint[rows].astype(bool),
        "articulation": measures.pieces[rows] > 1,
        "pieces": measures.pieces[rows],
        "rotation": measures.rotation[rows],
    }
    return Hubs(
        hubs=Table(pd.DataFrame(columns), posture.graph.things, {"credential": Kind.ITSELF}),
        shared=int(np.count_nonzero(counts > 1)),
        articulations=int(np.count_nonzero(measures.pieces > 1)),
        in_use_days=UNUSED_DAYS,
        left_out=left_out,
    )


def _counts(measures: Measures) -> np.ndarray:
    """Return the number of dependents of each credential."""
    place = np.searchsorted(measures.credentials, measures.dependents["credential"].to_numpy())
    return np.bincount(place, minlength=len(measures.credentials))


def _dependents(posture: Posture, measures: Measures, credentials: np.ndarray) -> np.ndarray:
    """Return the first dependents of each credential as a list of plain data."""
    rows, lists = measures.dependents, []
    starts, ends = (
        np.searchsorted(rows["credential"], credentials, side=side) for side in ("left", "right")
    )
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        dependents: list[dict[str, Any]] = [
            posture.graph.thing(int(row.identity)) | {"use": row.use, "how": row.how}
            for row in records(rows.iloc[start : min(end, start + SHOWN)])
        ]
        lists.append(dependents)
    return objects(lists)


def _types(posture: Posture) -> np.ndarray:
    """Return the type of each node that is a credential, by its number; None where none is."""
    keys = posture.graph.frames[CREDENTIAL]
    types = np.full(len(posture.graph.ids), None, object)
    stated = keys["type"].notna()
    types[posture.graph.numbers(keys["id"][stated])] = keys["type"][stated].to_numpy(object)
    return types
