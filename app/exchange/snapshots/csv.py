"""CSV export: a folder with a file for each label and each type, in the layout of a native estate.

A cell that a spreadsheet would run as a formula begins with an apostrophe, which `ingest estate`
takes off again. Lists and maps are JSON text, instants ISO 8601, and an empty cell is an absent
fact.
"""

from pathlib import Path

import pandas as pd

from analytics.posture import Posture
from app.escape import csv_table
from graph.access import AccessGraph
from graph.element import Dtype, Element
from graph.files.private import private_text
from graph.rows.exported import lay_out, ordered
from graph.values import iso

OPENED_WITH, SUFFIX = "spreadsheets", "zip"  # of the folder that it writes


def save(posture: Posture, path: Path) -> int:
    """Write the snapshot to the folder `path`; return the number of nodes and edges."""
    return lay_out(posture.graph, path, "csv", _write)


def _write(graph: AccessGraph, element: Element, file: Path) -> int:
    frame = ordered(graph, element)
    cells = {c.name: _cells(frame[c.name], c.dtype) for c in element.columns}
    with private_text(file) as out:
        out.write(csv_table(pd.DataFrame(cells)))
    return len(frame)


def _cells(column: pd.Series, dtype: Dtype) -> pd.Series:
    """Return the cells of a column as text, empty for absent facts."""
    plain = column.astype(object).where(column.notna(), None)
    if dtype is Dtype.INSTANT:
        plain = plain.map(iso, na_action="ignore")
    if dtype is Dtype.FLAG:
        plain = plain.map({True: "true", False: "false"}, na_action="ignore")
    return plain
