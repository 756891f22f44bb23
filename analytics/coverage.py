"""Coverage: of which nodes it is known that a source could have stated a fact."""

import numpy as np
import pandas as pd

from graph.access import AccessGraph
from graph.once import once
from graph.schema import IDENTITIES, OWNS


def stated_by(graph: AccessGraph, kind: str) -> np.ndarray:
    """Return for each node whether a scope that states it could have stated facts of `kind`.

    So could who decided about it in the product. Who owns a thing is also known where somebody
    says so without declaring it.
    """
    told: np.ndarray = declaring(graph, kind) | graph.decided(kind)
    if kind == "owners":
        told[graph.numbers(graph.facts.frames[OWNS]["target_id"])] = True
    return told


def declaring(graph: AccessGraph, *kinds: str) -> np.ndarray:
    """Return for each node whether a scope that states it declares facts of all `kinds` (bool)."""
    return _declaring(graph, kinds).copy()


@once
def _declaring(graph: AccessGraph, kinds: tuple[str, ...]) -> np.ndarray:
    scopes = {c.key for c in graph.coverage if set(kinds) <= set(c.declares)}
    told = np.zeros(len(graph.ids), bool)
    if len(scopes) == len(graph.coverage):
        told[:] = True
        return told
    for label in IDENTITIES:
        frame = graph.facts.frames[label]
        keys = pd.MultiIndex.from_frame(frame[["source", "scope"]])
        told[graph.numbers(frame["id"][keys.isin(list(scopes))])] = True
    return told
