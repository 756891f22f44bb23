"""Answers as frames and records, and the one function that makes JSON of them.

An answer is a frozen dataclass: its fields are the fields of the JSON document, in this order, and
its lists are tables, or tuples of records. Pages, notebooks and CSV take the tables; the command
line prints `as_json`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from graph.schema import LEVEL_SETS, LEVELS

THING = ("id", "label", "name")
OPTIONAL = {"optional": True}  # metadata of a field that JSON lacks if the answer has None for it
INSTANT = "datetime64[ms, UTC]"


class Kind(Enum):
    """What the small integers of a column stand for."""

    NODE = "the number of a node; -1 for none"
    ITSELF = "the number of the node that the row is about: its fields are fields of the row"
    LEVEL = "a position in `LEVELS`; -1 for none"
    LEVELS = "a bit for each of `LEVELS`"


@dataclass(frozen=True)
class Table:
    """The rows of an answer.

    Attributes
    ----------
    frame : DataFrame
        A column for each field, in the order of JSON. Instants are datetime64[ms, UTC], absent
        facts null. Columns `a.x` and `a.y` are the fields `x` and `y` of a part `a` of the row.
        Cells of dtype object may hold lists and dicts: plain data, printed as they are.
    things : DataFrame
        `id`, `label` and `name` of nodes, by the numbers that `frame` has of them.
    kinds : mapping
        What the integers of a column stand for, where they are not counts.
    sparse : bool
        Whether rows in JSON lack the fields of absent facts, instead of null.
    """

    frame: pd.DataFrame
    things: pd.DataFrame
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    sparse: bool = False

    def __len__(self) -> int:
        """Return the count of rows."""
        return len(self.frame)

    def of_nodes(self, column: str, part: str) -> pd.Series:
        """Return the `id`, `label` or `name` of the nodes of a column; null for none."""
        numbers = self.frame[column].to_numpy(np.int64)
        return pd.Series(self.things[part].array.take(numbers, allow_fill=True), dtype="string")

    def readable(self) -> pd.DataFrame:
        """Return the frame with ids for nodes, names for levels, and `a_x` for `a.x`.

        Beside a column of nodes stands one with their names, `<column>_name`.
        """
        made: dict[str, Any] = {}
        for name, column in self.frame.items():
            kind, flat = self.kinds.get(str(name)), str(name).replace(".", "_")
            if kind is Kind.NODE:
                made[flat] = self.of_nodes(str(name), "id").array
                made[f"{flat}_name"] = self.of_nodes(str(name), "name").array
            elif kind is Kind.ITSELF:
                made |= {part: self.of_nodes(str(name), part).array for part in THING}
            elif kind is Kind.LEVEL:
                made[flat] = _text(np.array([*LEVELS, None], object)[column.to_numpy(np.int64)])
            else:
                made[flat] = objects(_levels(column)) if kind is Kind.LEVELS else column.array
        return pd.DataFrame(made)


def instants(milliseconds: np.ndarray | pd.Series) -> pd.Series:
    """Return milliseconds since 1970 as instants (datetime64[ms, UTC]); NaT for `NEVER`."""
    at = np.asarray(milliseconds, np.int64).astype("datetime64[ms]")  # NEVER is the NaT of numpy
    return pd.Series(at).dt.tz_localize("UTC")


def as_json(answer: Any) -> Any:
    """Return an answer as plain data: nodes are `{id, label, name}`, instants ISO 8601 in UTC.

    Absent facts are None, and an absent `OPTIONAL` field of a record is left out. A field whose
    name is a word of Python ends in an underscore. What is plain data already stays as it is.

    >>> things = pd.DataFrame({"id": ["b"], "label": ["Agent"], "name": ["Bot"]})
    >>> frame = pd.DataFrame({"who": [0, -1], "use.level": [1, 3], "use.days": [2.5, np.nan]})
    >>> as_json(Table(frame, things, {"who": Kind.NODE, "use.level": Kind.LEVEL}))[0]
    {'who': {'id': 'b', 'label': 'Agent', 'name': 'Bot'}, 'use': {'level': 'read', 'days': 2.5}}
    """
    if isinstance(answer, Table):
        rows = _rows(columns_of(answer))
        if answer.sparse:
            return [{k: v for k, v in row.items() if v is not None} for row in rows]
        return rows
    if isinstance(answer, tuple):
        return [as_json(each) for each in answer]
    if is_dataclass(answer) and not isinstance(answer, type):
        values = {part: getattr(answer, part.name) for part in fields(answer)}
        return {
            part.name.removesuffix("_"): as_json(value)
            for part, value in values.items()
            if value is not None or not part.metadata.get("optional")
        }
    return answer


def objects(cells: Sequence[Any]) -> np.ndarray:
    """Return a column of plain data (dtype object); lists of equal length stay lists."""
    return np.fromiter(cells, object, len(cells))


def columns_of(table: Table) -> dict[str, list[Any]]:
    """Return the columns of a table as lists of plain data, as in JSON, but without nesting."""
    made: dict[str, list[Any]] = {}
    for name, column in table.frame.items():
        kind = table.kinds.get(str(name))
        if kind is Kind.NODE:
            made[str(name)] = _things(table, str(name))
        elif kind is Kind.ITSELF:
            made |= {part: _plain(table.of_nodes(str(name), part)) for part in THING}
        elif kind is Kind.LEVEL:
            made[str(name)] = np.array([*LEVELS, None], object)[column.to_numpy(np.int64)].tolist()
        else:
            made[str(name)] = _levels(column) if kind is Kind.LEVELS else _plain(column)
    return made


def _things(table: Table, name: str) -> list[dict[str, str] | None]:
    """Return the nodes of a column as dicts, one for each node, which its rows share."""
    numbers = table.frame[name].tolist()
    wanted = sorted(set(numbers) - {-1})
    parts = zip(*(table.things[part].iloc[wanted].tolist() for part in THING), strict=True)
    thing = dict(zip(wanted, (dict(zip(THING, p, strict=True)) for p in parts), strict=True))
    return [thing.get(number) for number in numbers]


def _rows(columns: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return columns as rows; `a.x` and `a.y` become a part `a` with `x` and `y`."""
    nested: dict[str, Any] = {}
    for name, values in columns.items():
        part, dot, rest = name.partition(".")
        if dot:
            nested.setdefault(part, {})[rest] = values
        else:
            nested[name] = values
    lists = [_rows(v) if isinstance(v, dict) else v for v in nested.values()]
    return [dict(zip(nested, row, strict=True)) for row in zip(*lists, strict=True)]


def _plain(column: pd.Series) -> list[Any]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return _iso(column)
    if column.dtype.kind in "iub" and not column.hasnans:
        return column.tolist()
    values, absent = column.to_numpy(object, copy=True), column.isna().to_numpy()
    values[absent] = None
    return values.tolist()


def _iso(column: pd.Series) -> list[str | None]:
    """Format instants as `graph.values.iso` does, a column at a time."""
    at = column.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ms]")
    texts = np.datetime_as_string(at, unit="ms").tolist()
    return [None if text == "NaT" else f"{text.removesuffix('.000')}Z" for text in texts]


def _levels(column: pd.Series) -> list[list[str]]:
    return [LEVEL_SETS[bits] for bits in column.tolist()]


def _text(values: np.ndarray) -> Any:
    return pd.array(values, dtype="string")
