"""Differences between two snapshots: changes in the world, and changes of coverage only.

An added row is due to coverage if only scopes state it that are newly connected or newly declare
its kind of fact; a removed row, if a scope that stated it is gone, no longer declares that kind, or
was read only in part. All other rows changed in the world.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.access import AccessGraph
from graph.coverage import kind_of_element, kind_of_field
from graph.element import Dtype, Element, Node
from graph.facts import Coverage
from graph.schema import FACT_NODES, RELATIONSHIPS
from graph.values import text_array, unordered

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
NOT_COMPARED = ("id", "source", "scope", "first_seen", "last_seen")
LABEL = "label"  # stands for a change of a node's label
BEGINNINGS = ("created_at", "granted_at", "valid_from", "since", "decided_at", "first_at")
COLUMNS = ("id", "what", "coverage", "fields", "source_id", "target_id")


@dataclass(frozen=True)
class Changes:
    """The differences between two graphs.

    `rows` maps each element that differs to a frame with a row for each node or relationship: `id`,
    `what` (added, removed or changed), `coverage` (True if only its coverage changed), `fields`
    (bits: positions in `names(element)`), `source_id` and `target_id` (of relationships).
    """

    before: AccessGraph
    after: AccessGraph
    rows: dict[Element, pd.DataFrame]

    def ids(self, element: Element, *kinds: str) -> set[str]:
        """Return the ids of the rows of an element that differ as one of `kinds`, or in any way."""
        frame = self.rows.get(element)
        if frame is None:
            return set()
        return set(frame["id"][frame["what"].isin(kinds)] if kinds else frame["id"])


def names(element: Element) -> tuple[str, ...]:
    """Return the fields of an element that are compared, in the order of their bits."""
    columns = tuple(c.name for c in element.columns if c.name not in NOT_COMPARED)
    return (*columns, LABEL) if isinstance(element, Node) else columns


def fields(element: Element, bits: int) -> list[str]:
    """Return the names of the fields whose bits are set."""
    return [name for place, name in enumerate(names(element)) if bits >> place & 1]


def changes(before: AccessGraph, after: AccessGraph) -> Changes:
    """Compare two graphs element by element, with the facts of each node resolved to one row."""
    elements: tuple[Element, ...] = (*FACT_NODES, *RELATIONSHIPS)
    compared = {element: _compare(before, after, element) for element in elements}
    differing = {e: rows for e, rows in compared.items() if len(rows)}
    return Changes(before, after, _with_ends(differing))


def _with_ends(by_element: dict[Element, pd.DataFrame]) -> dict[Element, pd.DataFrame]:
    """Mark relationships as due to coverage if one of their ends came or went by coverage."""
    hidden: dict[str, list[str]] = {ADDED: [], REMOVED: []}
    for element, rows in by_element.items():
        for change, ids in hidden.items():
            if isinstance(element, Node):
                ids += rows["id"][(rows["what"] == change) & rows["coverage"]].tolist()
    result = dict(by_element)
    for element, rows in by_element.items():
        if not isinstance(element, Node):
            seen = rows["coverage"].to_numpy(bool)
            for change, ids in hidden.items():
                ends = rows["source_id"].isin(ids) | rows["target_id"].isin(ids)
                seen = seen | (ends & (rows["what"] == change)).to_numpy(bool)
            result[element] = rows.assign(coverage=seen)
    return result


def _compare(before: AccessGraph, after: AccessGraph, element: Element) -> pd.DataFrame:
    old, new = before.frames[element], after.frames[element]
    if not len(old) and not len(new):
        return _rows(new, ADDED, np.zeros(0, bool))
    place = pc.index_in(text_array(new["id"]), text_array(old["id"]))
    kept = place.is_valid().to_numpy(zero_copy_only=False)
    matched = place.fill_null(0).to_numpy(zero_copy_only=False)[kept]
    gone = np.ones(len(old), bool)
    gone[matched] = False
    added, removed = new[~kept], old[gone]
    parts = []
    if isinstance(element, Node):
        moved = before.numbers(added["id"]) >= 0  # in the graph before, under another label
        bit = 1 << names(element).index(LABEL)
        relabelled = _rows(added[moved], CHANGED, np.zeros(moved.sum(), bool), bit)
        parts.append(relabelled)
        added, removed = added[~moved], removed[after.numbers(removed["id"]) < 0]
    parts += [
        _rows(added, ADDED, _only_coverage(before, after, element, added, ADDED)),
        _rows(removed, REMOVED, _only_coverage(before, after, element, removed, REMOVED)),
        _altered(before, after, element, old.iloc[matched], new[kept]),
    ]
    return pd.concat(parts, ignore_index=True)


def _rows(
    frame: pd.DataFrame, change: str, coverage: np.ndarray, bits: int | np.ndarray = 0
) -> pd.DataFrame:
    ends = {
        c: frame[c].array if c in frame else pd.Series(pd.NA, frame.index, dtype="string").array
        for c in ("source_id", "target_id")
    }
    columns = {
        "id": frame["id"].array,
        "what": pd.array([change] * len(frame), dtype="string"),
        "coverage": coverage,
        "fields": np.broadcast_to(np.asarray(bits, np.uint64), len(frame)),
    }
    return pd.DataFrame(columns | ends)[list(COLUMNS)]


# -- appeared and vanished ----------------------------------------------------------------------


def _only_coverage(
    before: AccessGraph, after: AccessGraph, element: Element, rows: pd.DataFrame, change: str
) -> np.ndarray:
    """Return a mask of the rows that were added or removed only by a change of coverage."""
    if not len(rows):
        return np.zeros(0, bool)
    own, opposite = (after, before) if change == ADDED else (before, after)
    stated = own.facts.frames[element]
    place = pc.index_in(text_array(stated["id"]), text_array(rows["id"]))
    chosen = place.is_valid().to_numpy(zero_copy_only=False)
    stated = stated[chosen]
    thing = place.fill_null(0).to_numpy(zero_copy_only=False)[chosen]
    explained = _explained(stated, own.coverage, opposite.coverage, kind_of_element(element))
    if change == ADDED:
        explained &= ~_begun_since(stated, opposite)
        result = np.ones(len(rows), bool)
        np.logical_and.at(result, thing, explained)
        return result
    result = np.zeros(len(rows), bool)
    np.logical_or.at(result, thing, explained)
    return result


def _explained(
    stated: pd.DataFrame, own: Iterable[Coverage], opposite: Iterable[Coverage], kind: str | None
) -> np.ndarray:
    """Return a mask of the statements that the other side could not have made."""
    other = {c.key: c for c in opposite}

    def silent(scope: Coverage) -> bool:
        then = other.get(scope.key)
        if then is None or not then.complete:
            return True
        return kind in scope.declares and kind not in then.declares

    return from_scopes(stated, {c.key for c in own if silent(c)})


def from_scopes(stated: pd.DataFrame, keys: set[tuple[str, str]]) -> np.ndarray:
    """Return a mask of the statements that come from one of these sources and scopes."""
    code, pairs = pd.factorize(pd.MultiIndex.from_frame(stated[["source", "scope"]]))
    return np.array([pair in keys for pair in pairs], bool)[code]


def _begun_since(stated: pd.DataFrame, opposite: AccessGraph) -> np.ndarray:
    """Return a mask of the statements dated after their scope was last read."""
    taken = {c.key: c.taken_at for c in opposite.coverage}
    code, pairs = pd.factorize(pd.MultiIndex.from_frame(stated[["source", "scope"]]))
    last = pd.Series([taken.get(pair) for pair in pairs], dtype="datetime64[ms, UTC]")
    read = last.take(code).reset_index(drop=True)
    since = np.zeros(len(stated), bool)
    for column in BEGINNINGS:
        if column in stated:
            since |= (stated[column].reset_index(drop=True) > read).fillna(False).to_numpy(bool)
    return since


# -- altered ------------------------------------------------------------------------------------


def _altered(
    before: AccessGraph, after: AccessGraph, element: Element, old: pd.DataFrame, new: pd.DataFrame
) -> pd.DataFrame:
    """Return the rows of elements that both graphs have but describe differently."""
    bits = np.zeros(len(new), np.uint64)
    lists = _lists(element)
    for place, name in enumerate(names(element)):
        if name != LABEL:
            other = _differs(old[name], new[name], name in lists)
            bits |= other.astype(np.uint64) << np.uint64(place)
    rows = np.flatnonzero(bits)
    altered, bits = new.iloc[rows], bits[rows]
    return _rows(altered, CHANGED, ~_truly(before, after, element, altered, bits), bits)


def _lists(element: Element) -> frozenset[str]:
    """Return the names of the fields that hold lists, whose order does not matter."""
    return frozenset(c.name for c in element.columns if c.dtype in (Dtype.TEXTS, Dtype.JSON))


def _differs(old: pd.Series, new: pd.Series, lists: bool = False) -> np.ndarray:
    """Return whether two columns differ row by row; absent is equal to absent.

    With `lists`, values are equal if they hold the same elements in any order.
    """
    left, right = _arrow(old), _arrow(new)
    unequal = pc.fill_null(pc.not_equal(left, right), False)
    if lists:
        unequal = _differ_beyond_order(left, right, np.array(unequal))
    differs = pc.or_(unequal, pc.not_equal(left.is_valid(), right.is_valid()))
    return np.asarray(differs.to_numpy(zero_copy_only=False), bool)


def _differ_beyond_order(left: pa.Array, right: pa.Array, unequal: np.ndarray) -> pa.Array:
    """Return a mask of the unequal lists that differ in more than their order."""
    same_length = pc.fill_null(pc.equal(pc.binary_length(left), pc.binary_length(right)), False)
    rows = np.flatnonzero(unequal & np.asarray(same_length))  # a reordered list has the same length
    (code, texts), (code_other, texts_other) = (
        pd.factorize(side.take(pa.array(rows)).to_numpy(zero_copy_only=False))
        for side in (left, right)
    )
    pairs, place = np.unique(code * max(len(texts_other), 1) + code_other, return_inverse=True)
    differ = [
        unordered(texts[pair // len(texts_other)])
        != unordered(texts_other[pair % len(texts_other)])
        for pair in pairs.tolist()
    ]
    unequal[rows] = np.array(differ, bool)[place]
    return pa.array(unequal)


def _arrow(column: pd.Series) -> pa.Array:
    if isinstance(column.dtype, pd.StringDtype):
        return text_array(column)
    array = pa.array(column, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _truly(
    before: AccessGraph,
    after: AccessGraph,
    element: Element,
    altered: pd.DataFrame,
    bits: np.ndarray,
) -> np.ndarray:
    """Return a mask of the changes by a scope that declared the field in both snapshots.

    Only scopes of both snapshots count. A value that appears or vanishes together with the
    declaration of its kind of fact is no change.
    """
    if _same_declarations(before.coverage, after.coverage):
        return np.ones(len(altered), bool)
    both = _statements(before, after, element, altered)
    truly = np.zeros(len(altered), bool)
    thing = both["thing"].to_numpy()
    for place, name in enumerate(names(element)):
        asked = (bits >> np.uint64(place) & np.uint64(1)).astype(bool)
        if name == LABEL or not asked.any():
            continue
        old, new = both[f"{name}_old"], both[f"{name}_new"]
        kind = kind_of_field(element, name)
        differs = _differs(old, new, name in _lists(element)) & asked[thing]
        differs &= ~(old.isna().to_numpy() & _muted(both, after, before, kind))
        differs &= ~(new.isna().to_numpy() & _muted(both, before, after, kind))
        truly[thing[differs]] = True
    return truly


def _same_declarations(before: tuple[Coverage, ...], after: tuple[Coverage, ...]) -> bool:
    """Return whether the same scopes declare the same kinds on both sides."""
    return {c.key: c.declares for c in before} == {c.key: c.declares for c in after}


def _statements(
    before: AccessGraph, after: AccessGraph, element: Element, altered: pd.DataFrame
) -> pd.DataFrame:
    """Return the statements about the altered rows, paired by scope: before and after."""
    one_sided = {c.key for c in before.coverage} ^ {c.key for c in after.coverage}
    sides = []
    for graph in (before, after):
        stated = graph.facts.frames[element]
        place = pc.index_in(text_array(stated["id"]), text_array(altered["id"]))
        kept = place.is_valid().to_numpy(zero_copy_only=False)
        side = stated[kept].assign(
            thing=place.fill_null(0).to_numpy(zero_copy_only=False)[kept].astype(np.int64)
        )
        sides.append(side[~from_scopes(side, one_sided)] if len(side) else side)
    by = ["thing", "source", "scope"]
    both: pd.DataFrame = sides[0].merge(
        sides[1], "outer", by, suffixes=("_old", "_new"), sort=False
    )
    return both


def _muted(
    both: pd.DataFrame, own: AccessGraph, opposite: AccessGraph, kind: str | None
) -> np.ndarray:
    """Return whether the scope of each row declares `kind` here but not there."""
    then = {c.key: c.declares for c in opposite.coverage}
    keys = {c.key for c in own.coverage if kind in c.declares and kind not in then.get(c.key, ())}
    return from_scopes(both, keys)
