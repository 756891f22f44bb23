"""Rows of sources as of an earlier instant than the one they were read at.

The effect of each instant on its row is declared in the schema (`graph.element.When`); this
module names no property except the days of `USED`. A value that was set later becomes null, as
no source declares the value before. Rows of nodes that did not exist yet stay; see `made`.
"""

import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from graph.element import Dtype, Element, Node, Property, Relationship, Table, When
from graph.facts import Facts
from graph.instants import NEVER, milliseconds
from graph.schema import ELEMENTS, USED
from graph.usage.of_grants import level_instants
from graph.values import canonical

UNSEEN = (None, None, None)  # the days, the count and the last day of no use


def as_of(frame: pd.DataFrame, element: Element, now: int) -> pd.DataFrame:
    """Return the rows of an element as of an instant (milliseconds).

    Records of a table that were made later are left out; nodes and relationships keep their
    rows, without the values that were set later.
    """
    if isinstance(element, Table):
        later = _any_later(frame, element.instants(When.MADE), now)
        return frame if later is None else frame[~later].reset_index(drop=True)
    changed: dict[str, pd.Series] = {}
    if element is USED:
        changed |= _seen_until(frame, now)
    for column in element.instants(When.HAPPENED, When.DUE, When.ENDS):
        _undo(frame, column, now, changed)
    _made_again(frame, element, now, changed)
    return frame.assign(**changed).astype(frame.dtypes.to_dict()) if changed else frame


def first_instant(facts: Facts) -> pd.Timestamp:
    """Return the earliest instant in the facts: there are no data before it."""
    instants = [c.taken_at for c in facts.coverage]
    for element in ELEMENTS:
        for column in element.instants(When.MADE, When.BEGINS, When.HAPPENED):
            if column.dtype is Dtype.INSTANT:
                instants.append(facts.frames[element][column.name].min())
    return min(at for at in instants if not pd.isna(at))


def in_force(
    frame: pd.DataFrame, relationship: Relationship, now: int, looks_back: bool
) -> np.ndarray:
    """Return the mask of the rows in force at an instant (milliseconds), by their own dates (bool).

    `looks_back` is True if that instant is before the one at which the rows were read; otherwise
    every row counts as made already.
    """
    over = np.zeros(len(frame), bool)
    begun = (When.BEGINS, When.MADE) if looks_back else (When.BEGINS,)
    for column in relationship.instants(*begun):
        over |= milliseconds(frame[column.name]) > now
    for column in relationship.instants(When.ENDS):
        ended = milliseconds(frame[column.name])
        over |= (ended != NEVER) & (ended <= now)
    return np.asarray(~over)


def made(frame: pd.DataFrame, element: Element, now: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the masks of the rows whose node was made by `now`, and of those made later (bool).

    A row without a date is in neither. A node that was deleted before it was made again counts as
    made.
    """
    known, later = np.zeros(len(frame), bool), np.zeros(len(frame), bool)
    for column in element.instants(When.MADE):
        at = milliseconds(frame[column.name])
        late = (at > now) & ~_had_ended(frame, at)
        later |= late
        known |= (at != NEVER) & ~late
    return known & ~later, later


def _had_ended(frame: pd.DataFrame, made_at: np.ndarray) -> np.ndarray:
    if "deleted_at" not in frame:
        return np.zeros(len(frame), bool)
    gone = milliseconds(frame["deleted_at"])
    return np.asarray((gone != NEVER) & (gone < made_at))


def _any_later(frame: pd.DataFrame, columns: tuple[Property, ...], now: int) -> np.ndarray | None:
    """Return the mask of the rows with one of the instants after `now`; None if there is none."""
    later = np.zeros(len(frame), bool)
    for column in columns:
        later |= milliseconds(frame[column.name]) > now
    return later if later.any() else None


def _undo(frame: pd.DataFrame, column: Property, now: int, changed: dict[str, pd.Series]) -> None:
    """Reset instants that happened after `now` to null, with the properties that they date."""
    values = changed.get(column.name, frame[column.name])
    if column.dtype is Dtype.INSTANTS:
        earlier = _levels_until(values, now)
        if earlier is not None:
            changed[column.name] = earlier
        return
    later = milliseconds(values) > now
    if not later.any():
        return
    if column.when is When.HAPPENED:
        changed[column.name] = values.mask(later)
    for name in column.dates:
        dated = changed.get(name, frame[name])
        undone = dated.isin(column.states).to_numpy(bool) if column.states else True
        changed[name] = dated.mask(later & undone)


def _made_again(
    frame: pd.DataFrame, element: Element, now: int, changed: dict[str, pd.Series]
) -> None:
    """Reset rows of nodes or relationships that were made, or made again, after `now`."""
    for column in element.instants(When.MADE):
        at = milliseconds(frame[column.name])
        later = at > now
        if not later.any():
            continue
        if isinstance(element, Node):
            changed[column.name] = frame[column.name].mask(later)
            if "deleted_at" in frame:
                gone = milliseconds(frame["deleted_at"])
                between = later & (gone != NEVER) & (gone <= now)
                status = changed.get("status", frame["status"])
                changed["status"] = status.mask(between, "deleted")
        elif not frame["id"].is_unique:  # another scope may date it earlier
            by_id = frame["id"].isin(frame["id"][(at != NEVER) & ~later]).to_numpy(bool)
            changed[column.name] = frame[column.name].mask(later & by_id)


# -- uses ------------------------------------------------------------------------------------------


def _levels_until(column: pd.Series, now: int) -> pd.Series | None:
    """Return maps from level to instant without those after `now`; None if there are none."""
    later = np.zeros(len(column), bool)
    for at in level_instants(column):
        later |= milliseconds(at) > now
    if not later.any():
        return None
    shorter: dict[str, str | None] = {}
    for text in column[later].unique().tolist():
        kept = {k: v for k, v in json.loads(text).items() if _ms(v) <= now}
        shorter[text] = canonical(kept) if kept else None
    return column.mask(later, column[later].map(shorter))


def _ms(instant: str) -> int:
    return int(pd.Timestamp(instant).value // 1_000_000)


def _seen_until(frame: pd.DataFrame, now: int) -> dict[str, pd.Series]:
    """Return days, count and last use up to `now`, for rows with later uses.

    If a row has no days, only its first use is known; before that there was none, also on its day.
    A day counts as a whole once it has begun: of midnight no use is known.
    """
    later = milliseconds(frame["last_at"]) > now
    if not later.any():
        return {}
    rows = frame[later]
    today = pd.Timestamp(now, unit="ms", tz="UTC")
    texts = rows["by_day"].dropna().unique()
    last_day = (today - pd.Timedelta(milliseconds=1)).date()
    until_by_text = {text: _days_until(text, last_day) for text in texts}
    begun = ~(milliseconds(rows["first_at"]) > now)
    days = [until_by_text.get(t, UNSEEN) for t in rows["by_day"].where(begun)]
    by_day, count, last = (pd.Series(list(c), rows.index, object) for c in zip(*days, strict=True))
    first = rows["first_at"].mask(rows["first_at"] > today)
    at = pd.Series(pd.to_datetime(last, utc=True).array, rows.index).astype(first.dtype)
    at = at.where(~(at < first), first).fillna(first)
    values = {"by_day": by_day, "count": count, "last_at": at, "explained_count": None}
    columns = {}
    for name, value in values.items():
        column = frame[name].astype(object)
        column[later] = value
        columns[name] = column.astype(frame[name].dtype)
    return columns


def _days_until(text: str, last: date) -> tuple[str | None, int | None, date | None]:
    """Return the days up to and including `last`, their total count, and the latest of them."""
    kept: dict[str, list[int]] = {}
    total, latest = 0, None
    runs: dict[str, Any] = json.loads(text)
    for begin, counts in runs.items():
        day = date.fromisoformat(begin)
        some = counts[: max(0, (last - day).days + 1)]
        if some:
            kept[begin], total = some, total + sum(some)
            end = day + (len(some) - 1) * timedelta(days=1)
            latest = end if latest is None else max(latest, end)
    return (canonical(kept), total, latest) if kept else UNSEEN
