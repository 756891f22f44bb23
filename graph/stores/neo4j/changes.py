"""What a run changes: the rows that it ends, and those that it makes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph import cypher
from graph.element import Element
from graph.schema import FACT_NODES, RELATIONSHIPS
from graph.stores.history.diff import paired, same_rows
from graph.stores.neo4j.origins import KEY
from graph.stores.neo4j.rows import (
    BATCH,
    ENDS,
    Batch,
    Labels,
    Tables,
    no_rows,
    node_batches,
    relationship_batches,
)


@dataclass(frozen=True)
class Changes:
    """The rows of a run, and those of the run before that it ends and that it makes.

    `ended` has the keys of rows that end: the ids of nodes and records, `KEY` of relationships.
    `made` has the positions of new rows (int64) in the tables of the run.
    """

    tables: Tables
    ended: dict[Element, list[tuple[Any, ...]]]
    made: dict[Element, np.ndarray]

    def batches(self) -> Iterator[Batch]:
        """Yield all statements: ends before new rows, nodes before their relationships."""
        for element in (*RELATIONSHIPS, *cypher.RECORDED):
            keys = self.ended[element]
            text = cypher.end(element)
            for start in range(0, len(keys), BATCH):
                yield Batch(text, keys[start : start + BATCH], ends=True)
        for recorded in cypher.RECORDED:
            yield from node_batches(self._made(recorded), recorded)
        for each in RELATIONSHIPS:
            yield from relationship_batches(self._made(each), each, self._labels)

    def _made(self, element: Element) -> pa.Table:
        return self.tables[element].take(self.made[element])

    @cached_property
    def _labels(self) -> Labels:
        return Labels(self.tables)

    @cached_property
    def stored(self) -> dict[str, Any]:
        """Count the rows of the run: nodes by element, relationships by type and source label."""
        nodes = {e.name: len(self.tables[e]) for e in cypher.RECORDED if len(self.tables[e])}
        relationships = {}
        for each in RELATIONSHIPS:
            if len(self.tables[each]):
                sources = Counter(self._labels.of(each, self.tables[each], "source_id").tolist())
                relationships[each.name] = {
                    FACT_NODES[label].name: count for label, count in sources.items()
                }
        return {"nodes": nodes, "relationships": relationships}


def changes(before: Tables, after: Tables) -> Changes:
    """Compare the rows of a run with those of the run before, which are none for the first.

    A relationship is made anew with an end of it.
    """
    ended: dict[Element, list[tuple[Any, ...]]] = {}
    made: dict[Element, np.ndarray] = {}
    replaced = [pa.array([], pa.string())]
    for recorded in cypher.RECORDED:
        earlier = before.get(recorded, no_rows(recorded))
        stays, new = _compared(earlier, after[recorded])
        gone = earlier["id"].filter(pa.array(~stays))
        ended[recorded], made[recorded] = [(i,) for i in gone.to_pylist()], np.flatnonzero(new)
        replaced += gone.chunks if recorded in FACT_NODES else []
    without = pa.concat_arrays(replaced)
    for each in RELATIONSHIPS:
        earlier, now = before.get(each, no_rows(each)), after[each]
        stays, new = _compared(earlier, now)
        ended[each] = _keys(earlier, ~stays | _at(earlier, without))
        made[each] = np.flatnonzero(new | _at(now, without))
    return Changes(after, ended, made)


def _compared(earlier: pa.Table, now: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Return the masks of the earlier rows that stay, and of those of now that are new."""
    stays, new = np.zeros(len(earlier), bool), np.ones(len(now), bool)
    if _repeats(earlier):  # an end finds all of them, so all are made anew
        return stays, new
    pair = paired(earlier, now)
    rows = np.flatnonzero(pair >= 0)
    rows = rows[same_rows(earlier, pair[rows], now, rows)]
    stays[pair[rows]], new[rows] = True, False
    return stays, new


def _repeats(table: pa.Table) -> bool:
    """Return whether rows of a table have the same key."""
    return bool(table.select(list(KEY)).to_pandas().duplicated().any())


def _at(table: pa.Table, things: pa.Array) -> np.ndarray:
    """Return the mask of the relationships that have one of some nodes as an end."""
    source, target = (pc.is_in(table[end], things) for end in ENDS)
    return np.asarray(pc.or_(source, target).to_numpy())


def _keys(table: pa.Table, mask: np.ndarray) -> list[tuple[Any, ...]]:
    rows = table.select(list(KEY)).filter(pa.array(mask))
    keys = pd.DataFrame({name: rows[name].to_pylist() for name in KEY}).drop_duplicates()
    return list(keys.itertuples(index=False, name=None))
