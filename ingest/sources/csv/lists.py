"""Cells that list several things: each of them is a row of its own.

A list is what JSON lines and Parquet state as one, and several e-mail addresses in one cell. Other
texts are one name, whatever they hold: "Lee, Ann" is one person.
"""

import re
from itertools import repeat

import pandas as pd

from graph.element import Dtype
from graph.frames import FILE, PLACE
from graph.values import WrongValue, strict_document
from ingest.files.tables import plain
from ingest.files.text_files import LIMITS, Limits, bounded
from ingest.sources.csv.cells import MAIL
from ingest.sources.csv.column_map import EMPLOYEE, TableMap

NONE = "_lists_none_"  # and an end: a column of whether the list of that end is empty
BETWEEN = re.compile(r"[\s,;|]+")
PERSONAL = ("name", EMPLOYEE, "email")  # what two things of one cell do not share
SINGLE = ("decided_by",)  # a review has one who decides
LISTS = (Dtype.TEXTS, Dtype.INSTANTS, Dtype.JSON)
SEPARATORS = (";", "|", "\n", ",")

Names = list[str | None]


def one_each(rows: pd.DataFrame, table: TableMap, limits: Limits = LIMITS) -> pd.DataFrame:
    """Return rows with one thing at each end, and a column `NONE` for each end with empty lists.

    Parameters
    ----------
    rows
        Cells as text by field, with `_file` and `_place`.

    Raises
    ------
    InputRefused
        If the lists of a table mean more rows than a table may have.
    """
    for end in table.form.ends:
        if end in rows.columns:
            rows = _parted(rows, table, end, limits)
    return rows


def by_field(read: pd.DataFrame, table: TableMap) -> pd.DataFrame:
    """Return the cells of a table by the fields that they fill, without blanks around them."""
    cells = {name: read[column].str.strip() for name, column in table.columns.items()}
    filled = {name: column.mask(column == "") for name, column in cells.items()}
    return pd.DataFrame({FILE: read[FILE], PLACE: read[PLACE], **filled})


def lists_none(frame: pd.DataFrame, end: str) -> pd.Series:
    """Return which rows have an empty list at an end."""
    return frame.get(NONE + end, pd.Series(False, frame.index)).astype(bool)


def may_list(cells: pd.Series) -> pd.Series:
    """Return which cells may list several things, for a closer look."""
    may = cells.str.startswith("[") | (cells.str.count("@") > 1)
    return may.fillna(False).astype(bool)


def names_of(cell: str) -> Names | None:
    """Return the names that a cell lists, None if it is one name.

    >>> names_of('["kim","lou"]'), names_of("kim@a.example; lou@a.example"), names_of("Lee, Ann")
    (['kim', 'lou'], ['kim@a.example', 'lou@a.example'], None)
    """
    if cell.startswith("["):
        return _elements(cell)
    parts: Names = [part for part in BETWEEN.split(cell) if part]
    return parts if len(parts) > 1 and all(MAIL.fullmatch(part or "") for part in parts) else None


def wrong_list(cell: str) -> str | None:
    """Return what is wrong with a cell that still lists several things, None if it names one."""
    if names_of(cell) is not None:
        return "lists several, where one is meant"
    return "is a list of what is no name" if _json_list(cell) is not None else None


def _json_list(cell: str) -> list[object] | None:
    try:
        value = strict_document(cell)
    except (WrongValue, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _elements(cell: str) -> Names | None:
    """Return the texts of a JSON list, and None for a blank one."""
    listed = _json_list(cell)
    if listed is None or not all(e is None or type(e) in (str, int) for e in listed):
        return None
    return [(plain(e) or "").strip() or None for e in listed]


def _parted(rows: pd.DataFrame, table: TableMap, end: str, limits: Limits) -> pd.DataFrame:
    """Return rows with one thing at one end."""
    cells = rows[end]
    known = table.words.get(end, {})
    names = {c: names_of(c) for c in cells[may_list(cells)].unique() if c.casefold() not in known}
    most = 1 if end in SINGLE else limits.rows + 1
    names = {c: listed for c, listed in names.items() if listed is not None and len(listed) <= most}
    lists = cells.isin(list(names))
    if not lists.any():
        return rows
    listed = pd.Series([names[cell] for cell in cells[lists]], rows.index[lists], dtype=object)
    sizes = sum(max(len(several), 1) for several in listed)
    bounded(len(rows) - len(listed) + sizes, table.path, limits)
    beside = _beside(rows[lists], table, end, listed)
    apart = rows[lists].assign(**{end: listed, **beside}).explode([end, *beside])
    apart = apart.astype(dict.fromkeys([end, *beside], "string"))
    blank = apart[end].isna()
    empty = blank.groupby(level=0).transform("all") & ~apart.index.duplicated()
    apart = apart.assign(**{NONE + end: empty})[~blank | empty]
    other = rows[~lists].assign(**{NONE + end: False})
    return pd.concat([other, apart]).sort_index(kind="stable").reset_index(drop=True)


def _beside(
    rows: pd.DataFrame, table: TableMap, end: str, listed: pd.Series
) -> dict[str, pd.Series]:
    """Return the cells beside lists, by column, as lists of the same length."""
    dtypes = table.form.fields()
    fields = [f for f in rows.columns if f in dtypes and f not in table.form.ends]
    of_other = tuple(f"{other}_" for other in table.form.ends if other != end)
    beside = {}
    for field in fields:
        if dtypes[field] in LISTS or field.startswith(of_other):
            continue
        personal = field in [f"{end}_{fact}" for fact in PERSONAL]
        beside[field] = pd.Series(
            [
                _of_each(cell, max(len(names), 1), personal)
                for cell, names in zip(rows[field].fillna(""), listed, strict=True)
            ],
            rows.index,
        )
    return beside


def _of_each(cell: str, count: int, personal: bool) -> Names:
    """Return a cell for each of `count` things: parts of it in their order, or all of it.

    What is of one person is of none where it is not clear of which.
    """
    parts = _elements(cell) if cell.startswith("[") else None
    if parts is None and personal and count > 1:
        split = ([p.strip() or None for p in cell.split(by)] for by in SEPARATORS)
        parts = next((p for p in split if len(p) == count), None)
    if parts is not None and len(parts) == count:
        return parts
    return list(repeat(None if personal and count > 1 else cell or None, count))
