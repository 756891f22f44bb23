"""The rows of an answer as CSV: one layout for the command line and for the pages' downloads."""

import json
from typing import Any

import pandas as pd

from analytics.answers.table import Kind, Table, columns_of
from app.escape import csv_table
from app.printable import LINES, printable


def table_csv(table: Table) -> str:
    """Return a table as CSV, with no cell that a spreadsheet runs.

    The columns are the fields of JSON in their order, nodes by their id, and after them the names
    of these nodes, `<field>_name`. A list is joined by semicolons. A terminal may show it too, so
    control characters are made visible.
    """
    columns = {name: [_cell(v) for v in values] for name, values in columns_of(table).items()}
    for name in (name for name, kind in table.kinds.items() if kind is Kind.NODE):
        columns[f"{name}_name"] = [
            _cell(None if v is pd.NA else v) for v in table.of_nodes(name, "name")
        ]
    return csv_table(pd.DataFrame(columns))


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        value = value.get("id", json.dumps(value))
    if isinstance(value, list):
        return "; ".join(str(_cell(each)) for each in value)
    return printable(value, LINES) if isinstance(value, str) else value
