"""Facts with further rows beside those of sources: what people decided, what is not live yet."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from graph.element import Element, Relationship
from graph.facts import Coverage, Facts, LazyFrames, Numbering
from graph.schema import FACT_NODES

Rows = Mapping[Element, pd.DataFrame]


def with_rows(facts: Facts, rows: Rows, coverage: tuple[Coverage, ...] = ()) -> Facts:
    """Return `facts` with `rows` (typed as the schema declares) after those of each element.

    The ends of new relationships must be among the nodes of both. Unchanged frames are shared, and
    the numbering of nodes is kept up where there is one.
    """

    def load(element: Element) -> pd.DataFrame:
        frame = facts.frames[element]
        if element not in rows:
            return frame
        return pd.concat([frame, rows[element]], ignore_index=True) if len(frame) else rows[element]

    numbering = _numbering(facts.numbering, rows) if facts.numbering is not None else None
    sorted_coverage = tuple(sorted((*facts.coverage, *coverage), key=lambda c: c.key))
    return Facts(LazyFrames(load), sorted_coverage, numbering, facts.identities, facts.origins)


def _numbering(old: Numbering, rows: Rows) -> Numbering:
    """Renumber the nodes after adding some; ids stay sorted."""
    known = old.ids()
    stated = sorted(
        {str(id_) for label in FACT_NODES if label in rows for id_ in rows[label]["id"]}
    )
    places = [(_place(known, id_), id_) for id_ in stated]
    fresh = [(at, id_) for at, id_ in places if at == len(known) or known[at].as_py() != id_]
    inserted = np.array([at for at, _ in fresh], np.int64)
    ids = _inserted(known, fresh) if fresh else known

    def renumbered(numbers: np.ndarray) -> np.ndarray:
        shift = np.searchsorted(inserted, numbers, side="right")
        return np.asarray(numbers + shift, np.int32)

    def ends(relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
        source, target = (renumbered(side) for side in old.ends(relationship))
        if relationship not in rows:
            return source, target
        return _more(source, ids, rows[relationship]["source_id"]), _more(
            target, ids, rows[relationship]["target_id"]
        )

    return Numbering(lambda: ids, ends)


def _more(numbers: np.ndarray, ids: pa.Array, names: pd.Series) -> np.ndarray:
    return np.concatenate([numbers, np.array([_place(ids, id_) for id_ in names], np.int32)])


def _place(ids: pa.Array, id_: str) -> int:
    return bisect_left(range(len(ids)), id_, key=lambda at: str(ids[at]))


def _inserted(ids: pa.Array, fresh: Iterable[tuple[int, str]]) -> pa.Array:
    parts, start = [], 0
    for place, id_ in fresh:
        parts += [ids.slice(start, place - start), pa.array([id_], ids.type)]
        start = place
    return pa.concat_arrays([*parts, ids.slice(start)])
