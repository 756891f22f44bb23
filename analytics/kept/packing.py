"""Packing of answers into JSON and Arrow tables, and back, without running code from a file.

An answer is made of records (our own frozen dataclasses), frames, arrays and plain data. What is
unpacked equals what was packed, dtypes and the order of everything included; anything else is
refused when it is packed. Frames that a posture has anyway are `shared`: only named.
"""

import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

OURS = ("analytics", "app", "graph")  # packages whose records and constants are unpacked
KIND = "$"  # the field that tells what an object of JSON stands for
PLAIN = (str, int, float, bool)
PACKED_WITHIN = f'"{KIND}": "'  # in the text of a cell that is not plain data
TIMES = "mM"  # kinds of dtypes with a unit

Shared = Mapping[str, Callable[[], pd.DataFrame]]


class NotPacked(TypeError):
    """A value of a kind that no answer should have."""


class Packer:
    """Packs one answer: `tables` are those that its tree refers to, by their positions."""

    def __init__(self, shared: Mapping[int, str]) -> None:
        self._shared, self.tables = shared, list[pa.Table]()
        self._known: dict[
            int, tuple[Any, Any]
        ] = {}  # with the object, so that its id stays its own

    def pack(self, value: Any) -> Any:
        """Return a value as plain data of JSON.

        Raises
        ------
        NotPacked
        """
        if value is None or type(value) in PLAIN:
            return value
        if type(value) is list:
            return [self.pack(each) for each in value]
        if id(value) in self._known:
            return self._known[id(value)][1]
        packed = self._packed(value)
        self._known[id(value)] = value, packed
        return packed

    def _packed(self, value: Any) -> Any:
        if id(value) in self._shared:
            return {KIND: "shared", "name": self._shared[id(value)]}
        if isinstance(value, Enum):
            return {KIND: "constant", "type": _name(type(value)), "name": value.name}
        if is_dataclass(value) and not isinstance(value, type):
            of = {f.name: self.pack(getattr(value, f.name)) for f in fields(value)}
            return {KIND: "record", "type": _name(type(value)), "of": of}
        for kind, packed in PACKED.items():
            if type(value) is kind:
                return packed(self, value)
        if isinstance(value, np.generic):
            return {KIND: "array", "at": self._column(value.reshape(1)), "shape": None}
        if value is pd.NaT or value is pd.NA:
            return {KIND: "null", "name": str(value)}
        raise NotPacked(type(value).__name__)

    def tuple(self, value: tuple[Any, ...]) -> Any:
        """Pack a tuple."""
        return {KIND: "tuple", "of": [self.pack(each) for each in value]}

    def set(self, value: "frozenset[Any] | set[Any]") -> Any:
        """Pack a set."""
        of = [self.pack(each) for each in sorted(value)]
        return {KIND: type(value).__name__, "of": of}

    def mapping(self, value: dict[Any, Any]) -> Any:
        """Pack a dict, as it is if its keys are text."""
        if all(type(key) is str and key != KIND for key in value):
            return {key: self.pack(each) for key, each in value.items()}
        of = [[self.pack(key), self.pack(each)] for key, each in value.items()]
        return {KIND: "dict", "of": of}

    def instant(self, value: pd.Timestamp) -> Any:
        """Pack an instant with its unit and zone."""
        zone = None if value.tz is None else str(value.tz)
        at = int(value.asm8.astype(np.int64))
        return {KIND: "instant", "at": at, "unit": value.unit, "zone": zone}

    def array(self, value: np.ndarray) -> Any:
        """Pack an array of any shape."""
        flat = np.ascontiguousarray(value).reshape(-1)
        return {KIND: "array", "at": self._column(flat), "shape": list(value.shape)}

    def index(self, value: pd.Index) -> Any:
        """Pack an index."""
        if type(value) is pd.RangeIndex:
            step = [int(value.start), int(value.stop), int(value.step)]
            return {KIND: "range", "of": step, "name": self.pack(value.name)}
        if type(value) not in (pd.Index, pd.DatetimeIndex):
            raise NotPacked(type(value).__name__)
        column = self._column(value.array)
        return {KIND: "index", "at": column, "name": self.pack(value.name)}

    def series(self, value: pd.Series) -> Any:
        """Pack a series."""
        index, name = self.index(value.index), self.pack(value.name)
        return {KIND: "series", "at": self._column(value.array), "index": index, "name": name}

    def frame(self, value: pd.DataFrame) -> Any:
        """Pack a frame: all its columns in one table."""
        if value.attrs:
            raise NotPacked("a frame with attributes")
        columns = [_to_arrow(self, value.iloc[:, n].array) for n in range(value.shape[1])]
        names = [str(n) for n in range(len(columns))]
        at = self._added(pa.table([data for data, _ in columns], names))
        return {
            KIND: "frame",
            "at": at,
            "types": [kind for _, kind in columns],
            "columns": self._labels(value.columns),
            "index": self.index(value.index),
        }

    def _labels(self, value: pd.Index) -> Any:
        if type(value) is pd.RangeIndex:
            return self.index(value)
        if not all(isinstance(label, str) for label in value):
            raise NotPacked("labels that are no text")
        return [list(value), str(value.dtype), value.name]

    def _column(self, values: Any) -> Any:
        data, kind = _to_arrow(self, values)
        return [self._added(pa.table([data], ["0"])), kind]

    def _added(self, table: pa.Table) -> int:
        self.tables.append(table)
        return len(self.tables) - 1


PACKED: dict[type, Callable[[Packer, Any], Any]] = {
    tuple: Packer.tuple,
    dict: Packer.mapping,
    set: Packer.set,
    frozenset: Packer.set,
    pd.Timestamp: Packer.instant,
    np.ndarray: Packer.array,
    pd.DataFrame: Packer.frame,
    pd.Series: Packer.series,
    pd.Index: Packer.index,
    pd.RangeIndex: Packer.index,
    pd.DatetimeIndex: Packer.index,
}


def _to_arrow(packer: Packer, values: Any) -> tuple[pa.Array, Any]:
    """Return a column, and how to make it again: a name of numpy, or of an extension's dtype."""
    dtype = values.dtype
    if isinstance(values, pd.arrays.NumpyExtensionArray):
        values = values.to_numpy()
        dtype = values.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind == "O":
            listed = _tuples(values.tolist())
            if listed is not None:
                return listed, ["tuples"]
            cells = [json.dumps(packer.pack(cell)) for cell in values.tolist()]
            return pa.array(cells, pa.large_string()), ["cells"]
        if dtype.kind in "mM":
            values = np.asarray(values)
            return pa.array(values.view(np.int64)), ["numpy", dtype.str]
        if dtype.kind in "biuf":
            return pa.array(values, from_pandas=False), ["numpy", dtype.str]
        if dtype.kind == "U":
            return pa.array(values.tolist(), pa.large_string()), ["numpy", dtype.str]
    if isinstance(dtype, pd.DatetimeTZDtype):
        return pa.array(values.asi8), ["instants", dtype.unit, str(dtype.tz)]
    if isinstance(dtype, pd.StringDtype):
        missing = "NA" if dtype.na_value is pd.NA else "nan"
        return _array(pa.array(values, pa.large_string(), from_pandas=True)), [
            "text",
            dtype.storage,
            missing,
        ]
    if isinstance(dtype, pd.CategoricalDtype):
        of = [packer.pack(each) for each in dtype.categories]
        return pa.array(values.codes), ["classes", of, str(dtype.categories.dtype), dtype.ordered]
    if str(dtype) in MASKED:
        return _array(pa.array(values, from_pandas=True)), ["masked", str(dtype)]
    raise NotPacked(str(dtype))


def _tuples(cells: list[Any]) -> pa.Array | None:
    """Return cells as one array of lists if they are tuples of text only, else None."""
    if not cells or any(type(cell) is not tuple for cell in cells):
        return None
    texts = [text for cell in cells for text in cell]
    if any(type(text) is not str for text in texts):
        return None
    try:
        values = pa.array(texts, pa.large_string())
    except UnicodeEncodeError:  # JSON has a way to write what is no Unicode
        return None
    begins = np.cumsum([0, *map(len, cells)], dtype=np.int64)
    return pa.LargeListArray.from_arrays(begins, values)


MASKED = ("boolean", *(f"{u}Int{bits}" for u in ("", "U") for bits in (8, 16, 32, 64)), "Float64")


def _array(data: Any) -> pa.Array:
    return data.combine_chunks() if isinstance(data, pa.ChunkedArray) else data


class Unpacker:
    """Makes an answer of its tree and tables; `shared` frames are made when one is named."""

    def __init__(self, tables: list[pa.Table], shared: Shared) -> None:
        self._tables, self._shared = tables, shared

    def unpack(self, tree: Any) -> Any:
        """Return the value of a tree.

        Raises
        ------
        ValueError, KeyError, TypeError, IndexError, AttributeError
            It is not one that `Packer` made.
        """
        if isinstance(tree, list):
            return [self.unpack(each) for each in tree]
        if not isinstance(tree, dict):
            return tree
        if KIND not in tree:
            return {key: self.unpack(each) for key, each in tree.items()}
        return UNPACKED[tree[KIND]](self, tree)

    def shared(self, tree: dict[str, Any]) -> Any:
        """Return a frame that the posture has."""
        return self._shared[tree["name"]]()

    def record(self, tree: dict[str, Any]) -> Any:
        """Return a record; its fields are set as they were, nothing of it is run."""
        kind: Any = _type(tree["type"])
        if not is_dataclass(kind) or set(tree["of"]) != {f.name for f in fields(kind)}:
            raise ValueError(tree["type"])
        made: Any = object.__new__(kind)  # type: ignore[arg-type]
        for name, value in tree["of"].items():
            object.__setattr__(made, name, self.unpack(value))
        return made

    def constant(self, tree: dict[str, Any]) -> Any:
        """Return a constant of ours."""
        kind = _type(tree["type"])
        if not issubclass(kind, Enum):
            raise ValueError(tree["type"])
        return kind[tree["name"]]

    def group(self, tree: dict[str, Any]) -> Any:
        """Return a tuple or a set."""
        kind = {"tuple": tuple, "set": set, "frozenset": frozenset}[tree[KIND]]
        return kind(self.unpack(each) for each in tree["of"])

    def mapping(self, tree: dict[str, Any]) -> Any:
        """Return a dict."""
        return {self.unpack(key): self.unpack(value) for key, value in tree["of"]}

    def null(self, tree: dict[str, Any]) -> Any:
        """Return one of the nulls of pandas."""
        return {"NaT": pd.NaT, "<NA>": pd.NA}[tree["name"]]

    def instant(self, tree: dict[str, Any]) -> Any:
        """Return an instant."""
        at = np.datetime64(tree["at"], tree["unit"])
        made = pd.Timestamp(at)
        return made if tree["zone"] is None else made.tz_localize("UTC").tz_convert(tree["zone"])

    def array(self, tree: dict[str, Any]) -> Any:
        """Return an array, or the number that was packed as one."""
        values = np.asarray(self._column(tree["at"]))
        return values[0] if tree["shape"] is None else values.reshape(tree["shape"])

    def index(self, tree: dict[str, Any]) -> Any:
        """Return an index."""
        name = self.unpack(tree["name"])
        if tree[KIND] == "range":
            start, stop, step = tree["of"]
            return pd.RangeIndex(start, stop, step, name=name)
        values = self._column(tree["at"])
        return pd.Index(values, dtype=getattr(values, "dtype", None), name=name)

    def series(self, tree: dict[str, Any]) -> Any:
        """Return a series."""
        values, name = self._column(tree["at"]), self.unpack(tree["name"])
        return pd.Series(values, index=self.index(tree["index"]), dtype=values.dtype, name=name)

    def frame(self, tree: dict[str, Any]) -> Any:
        """Return a frame."""
        table, index = self._tables[tree["at"]], self.index(tree["index"])
        parts = {
            n: _from_arrow(self, table.column(n), kind) for n, kind in enumerate(tree["types"])
        }
        made = pd.DataFrame(parts, index=index)
        made.columns = self._labels(tree["columns"])
        return made

    def _labels(self, tree: Any) -> Any:
        if isinstance(tree, dict):
            return self.index(tree)
        labels, dtype, name = tree
        return pd.Index(labels, dtype=dtype, name=name)

    def _column(self, at: Any) -> Any:
        number, kind = at
        return _from_arrow(self, self._tables[number].column(0), kind)


UNPACKED: dict[str, Callable[[Unpacker, dict[str, Any]], Any]] = {
    "shared": Unpacker.shared,
    "record": Unpacker.record,
    "constant": Unpacker.constant,
    "tuple": Unpacker.group,
    "set": Unpacker.group,
    "frozenset": Unpacker.group,
    "dict": Unpacker.mapping,
    "null": Unpacker.null,
    "instant": Unpacker.instant,
    "array": Unpacker.array,
    "index": Unpacker.index,
    "range": Unpacker.index,
    "series": Unpacker.series,
    "frame": Unpacker.frame,
}


def _from_arrow(unpacker: Unpacker, data: pa.ChunkedArray, kind: list[Any]) -> Any:
    """Return the column that `_to_arrow` made `data` of."""
    how, *named = kind
    if how == "cells":
        text = f"[{','.join(data.to_pylist())}]"
        cells = json.loads(text)
        plain = PACKED_WITHIN not in text
        return np.fromiter(cells if plain else map(unpacker.unpack, cells), object, len(data))
    if how == "tuples":
        lists = data.combine_chunks()
        texts, places = lists.flatten().to_pylist(), lists.offsets.to_numpy()
        begins = (places - places[0]).tolist()
        tuples = (tuple(texts[begin:end]) for begin, end in pairwise(begins))
        return np.fromiter(tuples, object, len(data))
    if how == "numpy":
        dtype = np.dtype(named[0])
        if dtype.kind == "U":
            return np.array(data.to_pylist(), dtype)
        values = data.to_numpy()
        return values.view(dtype) if dtype.kind in TIMES else np.array(values, dtype)
    if how == "instants":
        at = pd.DatetimeIndex(np.array(data.to_numpy()).view(f"M8[{named[0]}]"))
        return at.tz_localize("UTC").tz_convert(named[1]).array
    if how == "classes":
        of = pd.Index([unpacker.unpack(each) for each in named[0]], dtype=named[1])
        return pd.Categorical.from_codes(data.to_numpy(), dtype=pd.CategoricalDtype(of, named[2]))
    if how == "text":
        missing: Any = pd.NA if named[1] == "NA" else math.nan
        storage: Any = named[0]
        text_dtype: Any = pd.StringDtype(storage, missing)
        return text_dtype.__from_arrow__(data)
    masked: Any = pd.api.types.pandas_dtype(named[0])
    return masked.__from_arrow__(data)


def _name(kind: type) -> str:
    if kind.__module__.split(".")[0] not in OURS or "<" in kind.__qualname__:
        raise NotPacked(kind.__name__)
    return f"{kind.__module__}:{kind.__qualname__}"


def _type(name: str) -> Any:
    module, _, kind = name.partition(":")
    if module.split(".")[0] not in OURS or "." in kind:
        raise ValueError(name)
    made = getattr(sys.modules[module], kind)  # whoever asks has loaded it: nothing is imported
    if not isinstance(made, type) or made.__module__ != module:
        raise ValueError(name)
    return made
