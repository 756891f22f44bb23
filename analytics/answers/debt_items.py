"""The items of trust debt as a table, the costliest first."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, instants, objects
from analytics.assumptions.items import Debt
from analytics.assumptions.model import ASSUMPTIONS
from analytics.debt.wording import why
from analytics.posture import Posture
from graph.frames import records
from graph.instants import NEVER
from graph.schema import CAN_ACCESS, LEVELS

KINDS = dict.fromkeys(("identity", "resource", "holder"), Kind.NODE) | {"level": Kind.LEVEL}


def costliest(
    posture: Posture,
    parts: Iterable[Debt],
    limit: int,
    chosen: Callable[[Debt], np.ndarray] | None = None,
) -> tuple[Table, int]:
    """Return the table of the costliest items, then the unknown ones, and how many are left out.

    `parts` of a debt follow each other; in memory is one at a time, and of each no more items than
    are listed. `chosen` gives a mask of the items of a part that count; without it, all do.
    """
    frames, count = [], 0
    for part in parts:
        order = _order(part)
        if chosen is not None:
            order = order[chosen(part)[order]]
        count += len(order)
        frames.append(item_table(posture, part, cut(order, limit)[0]).frame)
    frame = pd.concat([each for each in frames if len(each)] or frames[:1], ignore_index=True)
    # Stable: equal amounts stay in the order of their parts, and so of their entitlements.
    order = np.lexsort((-frame["unverified"].to_numpy(), -frame["debt"].to_numpy()))
    listed = frame.iloc[cut(order, limit)[0]].reset_index(drop=True)
    return Table(listed, posture.graph.things, KINDS), count - len(listed)


def _order(owed: Debt) -> np.ndarray:
    """Return the items, the costliest first, then the unknown ones; equal ones by their things.

    Those of several grants of the same stay as they are listed, which is by the grants' ids.
    """
    rows, units = owed.rows, owed.units
    rank = np.empty(len(units), np.int64)  # not the order of rows, which says nothing
    by_things = (units.level, units.resource, units.holder, units.place)
    rank[np.lexsort(by_things)] = np.arange(len(units))
    order = np.lexsort((rows.assumption, rank[rows.entitlement], -rows.unverified, -rows.debt))
    return np.asarray(order)


def of_identity(owed: Debt, number: int) -> np.ndarray:
    """Return a mask of the items of an identity."""
    return np.asarray(owed.units.identity[owed.rows.entitlement] == number)


def concerning(posture: Posture, owed: Debt, number: int) -> np.ndarray:
    """Return a mask of the items that concern a node: as identity, holder, resource or object."""
    rows, units = owed.rows, owed.units
    mask = (units.identity == number) | (units.holder == number) | (units.resource == number)
    named = np.flatnonzero(rows.names == posture.graph.thing(number)["id"])
    return np.asarray(mask[rows.entitlement] | np.isin(rows.object, named))


def item_table(posture: Posture, owed: Debt, chosen: np.ndarray) -> Table:
    """Describe the items at these positions.

    Returns
    -------
    Table
        `identity`, `assumption`, `state` (broken or unknown), `resource`, `level`, `grant`,
        `holder`, `object`, `degree`, `exposure`, `principal`, `since`, `cycles`, `debt`,
        `interest_per_day`, `accepted`, `unverified`, `effort_hours` and `why`; `identity`,
        `resource` and `holder` are nodes.
    """
    rows, units, graph = owed.rows, owed.units, posture.graph
    unit, assumption = rows.entitlement[chosen], rows.assumption[chosen]
    known = ~np.isnan(rows.degree[chosen])
    grants = graph.frames[CAN_ACCESS]["id"].array
    frame = pd.DataFrame(
        {
            "identity": units.identities[units.place[unit]],
            "assumption": np.array(ASSUMPTIONS, object)[assumption],
            "state": np.where(known, "broken", "unknown").astype(object),
            "resource": units.resource[unit],
            "level": units.level[unit],
            "grant": grants.take(units.grant[unit]),
            "holder": units.holder[unit],
            "object": rows.names[rows.object[chosen]],
            "degree": _known(rows.degree[chosen], known),
            "exposure": np.asarray(units.exposure[unit], float),
            "principal": np.asarray(rows.principal[chosen], float),
            "since": instants(np.where(known, rows.since[chosen], NEVER)),
            "cycles": _known(rows.cycles[chosen], known),
            "debt": np.asarray(rows.debt[chosen], float),
            "interest_per_day": np.asarray(rows.interest[chosen], float),
            "accepted": np.asarray(rows.accepted[chosen], bool),
            "unverified": np.asarray(rows.unverified[chosen], float),
            "effort_hours": np.array(owed.model.hours, object)[assumption],
        }
    )
    table = Table(frame, graph.things, KINDS)
    names = {column: table.of_nodes(column, "name") for column in ("identity", "resource")}
    readable = frame.assign(**names, known=known, level=np.array(LEVELS)[units.level[unit]])
    frame["why"] = objects([_why(owed, row) for row in records(readable)])
    return table


def _known(values: np.ndarray, known: np.ndarray) -> pd.Series:
    return pd.Series(np.asarray(values, float), dtype="Float64").where(known)


def _why(owed: Debt, row: Any) -> str:
    day = None if pd.isna(row.since) else f"{row.since:%Y-%m-%d}"
    facts = {
        "identity": row.identity,
        "resource": row.resource,
        "level": row.level.capitalize(),
        "about": row.object,
        "since": f" since {day}" if day else "",
        "on": f" on {day}" if day else "",
        "share": f"{row.degree if row.known else 0:.0%}",
        "unused": f"{owed.model.unused:g}",
        "review": f"{owed.model.review:g}",
        "credential": f"{owed.model.credential:g}",
    }
    return why(row.assumption, row.known, facts)
