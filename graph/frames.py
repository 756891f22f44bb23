"""Typed, checked frames: one DataFrame for each element of the schema.

A connector returns rows of text; `conform` types them. A row that does not meet the schema is
rejected with its file, place and reason, and the other rows are kept. Reasons name the column
and the rule, never the value, which may be a secret.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from pandas.api.extensions import ExtensionArray

from graph.element import Dtype, Element, Property, Relationship
from graph.parsing import NOTHING_WRONG, parse
from graph.values import UNIT_SEPARATOR, text_array, unordered

Frames = Mapping[Element, pd.DataFrame]

MAX_KEY = 2_048  # bytes: as long as an ARN may be, and about the limit of a database index
FILE, PLACE = "_file", "_place"  # the origin of a raw row; dropped by `conform`
REJECTED = ("file", "place", "reason")

PANDAS: Mapping[Dtype, Any] = {
    Dtype.TEXT: "string",
    Dtype.COUNT: "Int64",
    Dtype.NUMBER: "Float64",
    Dtype.FLAG: "boolean",
    Dtype.INSTANT: "datetime64[ms, UTC]",
    Dtype.TEXTS: "string",
    Dtype.INSTANTS: "string",
    Dtype.JSON: "string",
}


@dataclass(frozen=True)
class Conformed:
    """The rows that meet the schema, those that do not, and columns that the schema lacks.

    `origin` has the `file` and `place` of each row of `frame`. `rejected` has a row for each
    rejected row: `file`, `place`, `reason`.
    """

    frame: pd.DataFrame
    origin: pd.DataFrame
    rejected: pd.DataFrame
    unknown_columns: tuple[str, ...]


def empty(element: Element) -> pd.DataFrame:
    """Return an empty frame with the columns and types of `element`.

    >>> from graph.schema import TEAM
    >>> list(empty(TEAM).columns)[:2]
    ['id', 'name']
    """
    return _empty(element).copy(deep=False)


@cache
def _empty(element: Element) -> pd.DataFrame:
    return pd.DataFrame({c.name: pd.Series([], dtype=PANDAS[c.dtype]) for c in element.columns})


def records(frame: pd.DataFrame) -> Iterator[Any]:
    """Iterate over the rows as named tuples, `Index` first."""
    return iter(frame.itertuples() if len(frame) else ())


def conform(raw: pd.DataFrame, element: Element) -> Conformed:
    """Type the rows of `raw` as `element` declares, and reject those that do not fit.

    Parameters
    ----------
    raw : DataFrame
        Rows as a connector produced them, columns in any order: text, or values that already
        have the declared type. `_file` and `_place` hold the origin of each row.
    element : Element
        The declaration to conform to.

    Returns
    -------
    Conformed
        Rows in their order, columns in declared order. A relationship without `id` gets one
        derived from its ends and its distinguishing properties. Of rows with the same key, the
        first stays; an identical repeat is dropped, a different one is rejected.
    """
    raw = raw.reset_index(drop=True)
    declared = {c.name for c in element.columns}
    unknown = tuple(sorted(c for c in raw.columns if c not in declared | {FILE, PLACE}))
    columns: dict[str, ExtensionArray] = {}
    reason = pd.Series(pd.NA, index=raw.index, dtype="string")
    for column in element.columns:
        given = raw[column.name] if column.name in raw.columns else None
        columns[column.name], wrong = _column(given, column, len(raw))
        if len(wrong):
            reason = reason.fillna(wrong.reindex(raw.index))
    frame = pd.DataFrame(columns, index=raw.index)
    frame = _name_rows(frame, element)
    reason = _require(frame, element, reason)
    reason, duplicate = _repeats(frame, element, reason)
    bad = reason.notna()
    good = ~bad & ~duplicate
    return Conformed(
        frame if good.all() else frame[good].reset_index(drop=True),
        _origin(raw, good),
        _origin(raw, bad).assign(reason=reason[bad].array) if bad.any() else _nothing_rejected(),
        unknown,
    )


def _column(
    given: pd.Series | None, column: Property, count: int
) -> tuple[ExtensionArray, pd.Series]:
    if given is None:
        return _absent(column.dtype, count), NOTHING_WRONG
    if column.dtype is Dtype.INSTANT and isinstance(given.dtype, pd.DatetimeTZDtype):
        return given.astype(PANDAS[column.dtype]).array, NOTHING_WRONG
    if str(given.dtype) == PANDAS[column.dtype] and column.dtype in (
        Dtype.FLAG,
        Dtype.COUNT,
        Dtype.NUMBER,
    ):
        return given.array, NOTHING_WRONG
    if given.array.isna().all():
        return _absent(column.dtype, count), NOTHING_WRONG
    values, wrong = parse(given, column)
    return values.array.astype(PANDAS[column.dtype]), wrong


def _absent(dtype: Dtype, count: int) -> ExtensionArray:
    """Return a column of nulls."""
    return _nothing(dtype).take(np.zeros(count, np.intp))


@cache
def _nothing(dtype: Dtype) -> ExtensionArray:
    return pd.Series([None], dtype=PANDAS[dtype]).array


def _name_rows(frame: pd.DataFrame, element: Element) -> pd.DataFrame:
    """Give nodes without a name their id, and relationships without an id a derived one."""
    if isinstance(element, Relationship):
        missing = frame["id"].isna()
        if missing.all():
            frame["id"] = relationship_ids(frame, element)
        elif missing.any():
            frame.loc[missing, "id"] = relationship_ids(frame[missing], element)
    elif "name" in frame.columns:
        unseen = frame["name"].str.isspace().fillna(True).astype(bool)  # blanks show nothing
        frame["name"] = frame["name"].mask(unseen, frame["id"])
    return frame


def relationship_ids(frame: pd.DataFrame, element: Relationship) -> pd.Series:
    """Derive an id from type, ends and distinguishing properties: equal facts get equal ids.

    A grant without `grant_id` is distinguished by all its properties except its use.
    """
    if not element.access:
        return _hashed(frame, element, list(element.distinct))
    ids = _hashed(frame, element, ["grant_id"])
    unnamed = frame["grant_id"].isna()
    if unnamed.any():
        distinct = [p.name for p in element.properties if p.name != "last_used_at"]
        ids[unnamed] = _hashed(frame[unnamed], element, distinct)
    return ids


def _hashed(frame: pd.DataFrame, element: Relationship, distinct: list[str]) -> pd.Series:
    lists = {c.name: c.choices for c in element.columns if c.dtype is Dtype.TEXTS}
    by = ["source_id", "target_id", *distinct]
    columns = [_in_order(frame[c], lists[c]) if c in lists else frame[c] for c in by]
    parts = [pc.fill_null(text_array(c.astype("string")), "") for c in columns]
    joined = pc.binary_join_element_wise(*parts, UNIT_SEPARATOR).to_pylist()
    ids = [f"{element.name}:{hashlib.sha256(v.encode()).hexdigest()[:20]}" for v in joined]
    return pd.Series(ids, index=frame.index, dtype="string")


def _in_order(lists: pd.Series, choices: tuple[str, ...]) -> pd.Series:
    """Return lists in a canonical order: their order in the source has no meaning."""
    texts = lists.dropna().unique().tolist()
    return lists.map({text: unordered(text, choices) for text in texts}).astype("string")


def _require(frame: pd.DataFrame, element: Element, reason: pd.Series) -> pd.Series:
    for column in element.columns:
        if column.required:
            lacking = frame[column.name].isna()
            if lacking.any():
                reason = reason.mask(lacking & reason.isna(), f"{column.name} is missing")
        if column.required and column in element.keys:
            long = _longer_than(frame[column.name], MAX_KEY)
            if long.any():
                reason = reason.mask(
                    long & reason.isna(), f"{column.name} is longer than {MAX_KEY} bytes"
                )
    return reason


def _longer_than(column: pd.Series, limit: int) -> np.ndarray:
    long = pc.greater(pc.binary_length(text_array(column)), limit)
    mask: np.ndarray = pc.fill_null(long, False).to_numpy(zero_copy_only=False)
    return mask


def _repeats(
    frame: pd.DataFrame, element: Element, reason: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """Find rows that repeat the id of an accepted row: rejected if they differ, else duplicates."""
    good = frame[reason.isna()]
    if good["id"].is_unique:
        return reason, pd.Series(False, index=frame.index)
    again = good.duplicated(["id", "source", "scope"])
    duplicate = pd.Series(False, index=frame.index)
    if again.any():
        same = good.duplicated()
        duplicate[good.index[again & same]] = True
        clash = good.index[again & ~same]
        reason = reason.mask(reason.index.isin(clash), "id stands here already with other facts")
    return reason, duplicate


def _nothing_rejected() -> pd.DataFrame:
    return pd.DataFrame({name: _nothing(Dtype.TEXT)[:0] for name in REJECTED})


def _origin(raw: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    def column(name: str) -> pd.Series:
        known = raw[name] if name in raw.columns else pd.Series("", index=raw.index)
        return known[chosen].astype("string")

    return pd.DataFrame({"file": column(FILE), "place": column(PLACE)}).reset_index(drop=True)
