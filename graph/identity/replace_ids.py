"""Replacement of every id of a merged node by its canonical id.

The result is not stored: it is derived whenever facts are read, so that it does not depend on
the order in which sources were read, and a journal entry can undo it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.element import Dtype, Element, Node, Relationship
from graph.facts import Facts, LazyFrames
from graph.frames import relationship_ids
from graph.identity.match import Identities, Pair, identify
from graph.values import canonical, strict_json, text_array


def unify(facts: Facts, apart: Iterable[Pair] = ()) -> Facts:
    """Return `facts` with canonical ids, and the merged ids in `identities`.

    Facts that already have `identities` are returned unchanged.
    """
    if facts.identities is not None:
        return facts
    return merged_by(facts, identify(facts, apart))


def under(facts: Facts, names: Mapping[str, str]) -> Facts:
    """Return `facts` with the ids of `names` replaced, instead of matching them."""
    return merged_by(facts, Identities.named(names))


def merged_by(facts: Facts, identities: Identities) -> Facts:
    """Return `facts` with the canonical ids of `identities`."""
    if not identities.canonical:
        return replace(facts, identities=identities)
    names = _Names(identities.canonical)
    frames = LazyFrames(lambda element: names.given(facts.frames[element], element))
    return Facts(frames, facts.coverage, None, identities)


class _Names:
    """The replaced ids and their canonical ids."""

    def __init__(self, canonical_ids: Mapping[str, str]) -> None:
        self.map = canonical_ids
        self.old = pa.array(list(canonical_ids), pa.string())
        self.new = pa.array(list(canonical_ids.values()), pa.string())

    def given(self, frame: pd.DataFrame, element: Element) -> pd.DataFrame:
        """Return the rows of an element with canonical ids."""
        changed: dict[str, pd.Series] = {}
        for column in element.columns:
            name = column.name
            if column.refers and column.dtype is not Dtype.TEXT:
                changed[name] = self._renamed_within(frame[name])
            elif column.refers or (name == "id" and isinstance(element, Node)):
                changed[name] = self._renamed(frame[name])
        if isinstance(element, Node):
            unnamed = (frame["name"] == frame["id"]).fillna(False)
            changed["name"] = frame["name"].mask(unnamed, changed["id"])
        renamed = frame.assign(**changed)
        if isinstance(element, Relationship):
            return _reidentified(frame, renamed, element)
        return renamed

    def _renamed(self, column: pd.Series) -> pd.Series:
        old_ids = text_array(column)
        places = pc.index_in(old_ids, self.old)
        if places.null_count == len(column):
            return column
        ids = pc.coalesce(self.new.take(places), old_ids)
        return pd.Series(ids.to_numpy(zero_copy_only=False), index=column.index, dtype="string")

    def _renamed_within(self, column: pd.Series) -> pd.Series:
        texts = column.dropna().unique().tolist()
        other = {text: canonical(self._within(strict_json(text))) for text in texts}
        return column.map(other).astype("string") if texts else column

    def _within(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.map.get(value, value)
        if isinstance(value, list):
            return [self._within(part) for part in value]
        if isinstance(value, dict):
            return {name: self._within(part) for name, part in value.items()}
        return value


def _reidentified(before: pd.DataFrame, after: pd.DataFrame, element: Relationship) -> pd.DataFrame:
    """Derive the ids of relationships with a changed end anew: equal facts get equal ids."""
    moved = (before["source_id"] != after["source_id"]) | (
        before["target_id"] != after["target_id"]
    )
    if not moved.any():
        return after
    derived = relationship_ids(before[moved], element) == before["id"][moved]
    moved &= derived.reindex(moved.index, fill_value=False)
    ids = after["id"].copy()
    if moved.any():
        ids[moved] = relationship_ids(after[moved], element)
    return after.assign(id=ids)
