"""Rows of a graph for exports: plain values by the names of the schema, in a fixed order.

Decisions and use events are not exported: exports hold nodes and relationships.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from graph.access import AccessGraph
from graph.element import Dtype, Element
from graph.files.private import private_folder
from graph.schema import FACT_NODES, RELATIONSHIPS
from graph.values import iso


def ordered(graph: AccessGraph, element: Element) -> pd.DataFrame:
    """Return the rows of an element by id, so that the same graph gives the same bytes."""
    frame = graph.frames[element][[column.name for column in element.columns]]
    return frame.sort_values("id", kind="stable", ignore_index=True)


def records(graph: AccessGraph, element: Element) -> Iterator[dict[str, Any]]:
    """Return each row as a dict of plain values, without nulls.

    Instants are ISO 8601 text in UTC, lists are lists, maps are JSON text.
    """
    frame = ordered(graph, element)
    columns = [(c.name, _plain(frame[c.name], c.dtype)) for c in element.columns]
    for values in zip(*(column for _, column in columns), strict=True):
        pairs = zip(columns, values, strict=True)
        yield {name: value for (name, _), value in pairs if value is not None}


def _plain(column: pd.Series, dtype: Dtype) -> list[Any]:
    if dtype is Dtype.INSTANT:
        return [iso(v) if v is not pd.NaT else None for v in column]
    present = column.astype(object).where(column.notna(), None)
    if dtype is Dtype.TEXTS:
        return [json.loads(v) if v is not None else None for v in present]
    return list(present)


Write = Callable[[AccessGraph, Element, Path], int]


def lay_out(graph: AccessGraph, folder: Path, suffix: str, write: Write) -> int:
    """Write a file for each label and type that has rows, in the layout of a native estate.

    `write` writes one file and returns its row count. Files of labels and types without rows, left
    by an earlier export, are deleted.
    """
    count = 0
    private_folder(folder)
    for part, elements in (("nodes", FACT_NODES), ("relationships", RELATIONSHIPS)):
        private_folder(folder / part)
        for element in elements:
            file = folder / part / f"{element.name}.{suffix}"
            if len(graph.frames[element]):
                count += write(graph, element, file)
            else:
                file.unlink(missing_ok=True)
    return count
