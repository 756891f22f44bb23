"""Coverage: about which nodes a source could have stated a kind of fact."""

import numpy as np
import pandas as pd

from graph.access import AccessGraph
from graph.once import once
from graph.schema import IDENTITIES, OWNS


def stated_by(graph: AccessGraph, kind: str) -> np.ndarray:
    """Return a mask of the nodes about which facts of `kind` could have been stated.

    By a scope that states the node and declares `kind`, or by a decision in the product. Owners are
    also known where a scope states one without declaring the kind.
    """
    known: np.ndarray = declaring(graph, kind) | graph.decided(kind)
    if kind == "owners":
        known[graph.numbers(graph.facts.frames[OWNS]["target_id"])] = True
    return known


def declaring(graph: AccessGraph, *kinds: str) -> np.ndarray:
    """Return a mask of the nodes stated by a scope that declares facts of all `kinds`."""
    return _declaring(graph, kinds).copy()


@once
def _declaring(graph: AccessGraph, kinds: tuple[str, ...]) -> np.ndarray:
    scopes = {c.key for c in graph.coverage if set(kinds) <= set(c.declares)}
    known = np.zeros(len(graph.ids), bool)
    if len(scopes) == len(graph.coverage):
        known[:] = True
        return known
    for label in IDENTITIES:
        frame = graph.facts.frames[label]
        keys = pd.MultiIndex.from_frame(frame[["source", "scope"]])
        known[graph.numbers(frame["id"][keys.isin(list(scopes))])] = True
    return known
