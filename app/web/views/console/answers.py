"""Runs of queries for the console, and their results as tables, charts and pictures show them."""

import json
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.posture import Posture
from app.cypher import ask
from app.escape import plain
from app.sql import select
from app.web.page.snapshots import kept_while, opened

SQL, CYPHER = "sql", "cypher"
MOST = 10_000  # rows of a result; more are told of
BARS = 30  # of a chart
SOURCE, TYPE, TARGET = "source", "type", "target"


@dataclass(frozen=True)
class Result:
    """The rows of a query, ready to be drawn; `more` says whether there are others.

    `missed` has the names in it that nothing has, as (kind, name).
    """

    rows: pd.DataFrame
    more: bool
    missed: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, its language, and the values of its parameters."""

    language: str
    query: str
    values: tuple[tuple[str, Any], ...] = ()


@kept_while("Asking…", size=0)  # not for another session: a database may say something else by then
def run(posture: Posture, uri: str | None, asked: Asked) -> Result:
    """Run a query on the snapshot of a posture, with `$as_of` and the values of its parameters.

    Raises
    ------
    QueryRefused, StoreError, Cancelled
    """
    graph, values = posture.graph, dict(asked.values)
    missed: list[tuple[str, str]] = []
    if asked.language == CYPHER:
        given: dict[str, Any] = {"as_of": int(graph.now), **values}
        rows, missed = ask(opened(uri), graph, asked.query, given, MOST + 1)
    else:
        given = {"as_of": graph.as_of.to_pydatetime(), **values}
        rows = select(graph, asked.query, values=given, limit=MOST + 1)
    return Result(presentable(rows.head(MOST)), len(rows) > MOST, missed)


def presentable(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows with columns that any table can draw: numbers, instants and texts.

    Headings are made visible and told apart; lists and maps become JSON.

    >>> presentable(pd.DataFrame([[["a"], 1]], columns=["x", "x"])).to_dict("list")
    {'x': ['["a"]'], 'x 2': [1]}
    """
    made: dict[str, Any] = {}
    for place, name in enumerate(map(plain, rows.columns)):
        heading = name or f"column {place + 1}"
        while heading in made:
            heading = f"{heading} 2"
        made[heading] = _column(rows.iloc[:, place]).array
    return pd.DataFrame(made)


def _column(column: pd.Series) -> pd.Series:
    kept = column.dtype.kind in "biufM"
    return column if kept else column.map(_text, na_action="ignore").astype("string")


def _text(cell: Any) -> str:
    if isinstance(cell, list | dict | tuple):
        return json.dumps(cell, default=str, ensure_ascii=False)
    return cell if isinstance(cell, str) else str(cell)


def bars_of(rows: pd.DataFrame) -> tuple[pd.DataFrame, str, str] | None:
    """Return the rows of a chart, its column of names and its column of numbers; None without."""
    headings = list(map(str, rows))
    numbers = [n for n in headings if rows[n].dtype.kind in "iuf"]
    texts = [n for n in headings if n not in numbers]
    if not numbers or not texts:
        return None
    chosen = rows[[texts[0], numbers[0]]].dropna(subset=[numbers[0]])
    names = chosen[texts[0]].astype("string").fillna("unknown")
    return chosen.assign(**{texts[0]: names}).head(BARS), texts[0], numbers[0]


def edges_of(posture: Posture, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the edges of a picture: the rows whose `source` and `target` are ids of nodes."""
    if not {SOURCE, TARGET} <= set(rows):
        return []
    graph = posture.graph
    ends = [graph.numbers(rows[name].astype("string")) for name in (SOURCE, TARGET)]
    types = rows[TYPE].fillna("").tolist() if TYPE in rows else [""] * len(rows)
    return [
        {"from": graph.thing(start), "relationship": str(how), "to": graph.thing(end)}
        for start, how, end in zip(ends[0].tolist(), types, ends[1].tolist(), strict=True)
        if start >= 0 and end >= 0
    ]
