"""Trust debt owed for broken assumptions about access, by identity and by group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import OPTIONAL, Kind, Table, instants, objects
from analytics.assumptions.items import Debt
from analytics.assumptions.live_credentials import holdings
from analytics.assumptions.model import ASSUMPTIONS, NUMBER, Model
from analytics.debt.groups import keys, name
from analytics.debt.owed import accepted_debt, debt_of
from analytics.debt.totals import (
    ALARM,
    ORPHAN,
    Group,
    Total,
    by_assumption,
    caps_of,
    graded,
    grouped,
    total,
)
from analytics.debt.wording import why
from analytics.findings.families.leaks import leaked
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.access import NEVER
from graph.frames import records
from graph.schema import CAN_ACCESS, LEVELS

CAPS = (ALARM, ORPHAN)
LEAKED, DENIED = "a credential leaked and is alive", "what was denied happened"
NAMED = 20  # causes of a capped grade that an answer lists


FIGURES = (
    "debt",
    "principal",
    "interest_per_day",
    "max_principal",
    "max_debt",
    "tdr",
    "tdr_range",
    "lag_factor",
    "unverified",
    "coverage",
)
KINDS = dict.fromkeys(("identity", "resource", "holder"), Kind.NODE) | {"level": Kind.LEVEL}


@dataclass(frozen=True)
class TrustDebt:
    """The debt of the accountable identities, or of one of them; see `debt`.

    `groups` has `key`, `thing` (a node, if the group is one), the figures as this record has them,
    `grade`, `grade_because`, `capped_by` and `accepted`. `items` has the columns of `item_table`.
    """

    debt: float | None
    principal: float | None
    interest_per_day: float | None
    max_principal: float | None
    max_debt: float | None
    tdr: float | None
    tdr_range: list[float] | None
    lag_factor: float | None
    unverified: float | None
    coverage: float | None
    identities: int
    not_known: int
    accepted: float | None
    grade: str
    grade_because: str | None
    capped_by: list[dict[str, Any]]
    model: dict[str, str]
    by: str
    groups: Table
    left_out: int
    items: Table | None = field(default=None, metadata=OPTIONAL)


@kept
def debt(
    posture: Posture,
    by: str = "assumption",
    items: bool = False,
    limit: int = 0,
    about: int | None = None,
    model: Model | None = None,
) -> TrustDebt:
    """Return the debt of the accountable identities, or of one of them (`about`, a node's number).

    `groups` add up to the whole. `accepted` is the part of debt owed for accepted findings: it
    stays owed, and bears no interest until the acceptance ends. `items`, if requested, are the
    broken ones, the costliest first, then the unknown ones. `not_known` counts the identities whose
    access no source could declare: no figure covers them, and if there are no others, there is no
    figure. `capped_by` lists the causes if a grade is capped below that of its ratio.
    """
    owed = debt_of(posture, model)
    places = np.flatnonzero(owed.identities == about) if about is not None else slice(None)
    sums = total(owed, places)
    letter, because = graded(posture, owed, places)
    groups = [g for g in _groups(posture, owed, by, places) if _worth_telling(g, by)]
    groups.sort(key=lambda g: (not g.total.known, -g.total.debt))
    shown, groups_left = cut(groups, limit)
    borne = accepted_debt(owed)
    listed, items_left = None, 0
    if items:
        order = _order(owed)
        if about is not None:
            order = order[owed.units.identity[owed.rows.entitlement[order]] == about]
        rows, items_left = cut(order, limit)
        listed = item_table(posture, owed, rows)
    return TrustDebt(
        **_figures(sums),
        accepted=float(borne[places].sum()) if sums.known else None,
        grade=letter,
        grade_because=because,
        capped_by=capped_by(posture, owed, places) if because in CAPS else [],
        model={"id": owed.model.id, "hash": owed.model.hash},
        by=by,
        groups=_group_table(posture, owed, by, shown, borne, places),
        left_out=groups_left + items_left,
        items=listed,
    )


def _worth_telling(group: Group, by: str) -> bool:
    return bool(group.total.applicable) or (by != "assumption" and not group.total.known)


def _figures(of: Total) -> dict[str, Any]:
    """Return the figures of a total."""
    sums = _sums(of) if of.known else dict.fromkeys(_sums(of))
    return {**sums, "identities": of.identities, "not_known": of.not_known}


def _sums(of: Total) -> dict[str, Any]:
    return {
        "debt": of.debt,
        "principal": of.principal,
        "interest_per_day": of.interest,
        "max_principal": of.applicable,
        "max_debt": of.most,
        "tdr": of.ratio,
        "tdr_range": list(of.range),
        "lag_factor": of.lag,
        "unverified": of.unverified,
        "coverage": of.coverage,
    }


def _groups(posture: Posture, owed: Debt, by: str, places: np.ndarray | slice) -> Iterator[Group]:
    if by == "assumption":
        return by_assumption(owed, places)
    return grouped(posture, owed, keys(posture, by), places)


def capped_by(posture: Posture, owed: Debt, places: np.ndarray | slice) -> list[dict[str, Any]]:
    """Return the credentials, uses and identities that cap a grade, up to `NAMED`."""
    caps = caps_of(posture, owed.model)
    which = np.zeros(len(owed.identities), bool)
    which[places] = True
    alarmed, orphaned = owed.identities[which & caps.alarm], owed.identities[which & caps.orphan]
    thing, keys = posture.graph.thing, leaked(posture)
    rows = holdings(posture)
    rows = rows[keys[rows["number"].to_numpy(np.int64)] & rows["identity"].isin(alarmed)]
    causes = [
        {"because": LEAKED, "thing": thing(int(key)), "identity": thing(int(identity))}
        for key, identity in zip(rows["number"], rows["identity"], strict=True)
    ]
    denied = np.setdiff1d(alarmed, rows["identity"])
    causes += [
        {"because": DENIED, "thing": thing(n), "identity": thing(n)} for n in denied.tolist()
    ]
    if not causes:
        rest = orphaned.tolist()
        causes = [{"because": ORPHAN, "thing": thing(n), "identity": thing(n)} for n in rest]
    return causes[:NAMED]


def _borne(
    posture: Posture, by: str, group: Group, borne: np.ndarray, places: np.ndarray | slice
) -> float | None:
    """Return the accepted part of the debt of a group."""
    if not group.total.known:
        return None
    if by == "assumption":
        return float(borne[places][:, NUMBER[str(group.key)]].sum())
    mask = np.asarray(keys(posture, by) == group.key)[places]
    return float(borne[places][mask].sum())


def _group_table(
    posture: Posture,
    owed: Debt,
    by: str,
    groups: Sequence[Group],
    borne: np.ndarray,
    places: np.ndarray | slice,
) -> Table:
    of_things = by in ("identity", "owner", "team")
    group_keys: list[Any] = [group.key for group in groups]
    numbers = [int(key) if of_things and key >= 0 else -1 for key in group_keys]
    graph = posture.graph
    labels = [
        graph.thing(number)["id"] if number >= 0 else name(by, key)
        for number, key in zip(numbers, group_keys, strict=True)
    ]
    figures = [_figures(group.total) for group in groups]
    columns: dict[str, Any] = {"key": labels, "thing": np.array(numbers, np.int64)}
    for figure in FIGURES:
        values = [sums[figure] for sums in figures]
        columns[figure] = objects(values) if figure == "tdr_range" else _amounts(values)
    columns |= {
        "identities": [group.total.identities for group in groups],
        "not_known": [group.total.not_known for group in groups],
        "grade": pd.array([group.grade for group in groups], dtype="string"),
        "grade_because": pd.array([group.because for group in groups], dtype="string"),
        "capped_by": objects([_group_capped_by(posture, owed, by, g, places) for g in groups]),
        "accepted": _amounts([_borne(posture, by, group, borne, places) for group in groups]),
    }
    return Table(pd.DataFrame(columns), graph.things, {"thing": Kind.NODE})


def _amounts(values: Sequence[float | None]) -> Any:
    return pd.array(list(values), dtype="Float64")


def _group_capped_by(
    posture: Posture, owed: Debt, by: str, group: Group, places: np.ndarray | slice
) -> list[dict[str, Any]]:
    if group.because not in CAPS:
        return []
    mask = np.zeros(len(owed.identities), bool)
    mask[places] = True
    return capped_by(posture, owed, np.flatnonzero(mask & (keys(posture, by) == group.key)))


def _order(owed: Debt) -> np.ndarray:
    """Return the items, the costliest first, then the unknown ones."""
    rows = owed.rows
    order = np.lexsort((rows.assumption, rows.entitlement, -rows.unverified, -rows.debt))
    return np.asarray(order)


def concerning(posture: Posture, owed: Debt, number: int) -> np.ndarray:
    """Return the items that concern a node: as identity, holder, resource or object."""
    rows, units = owed.rows, owed.units
    mask = (units.identity == number) | (units.holder == number) | (units.resource == number)
    named = np.flatnonzero(rows.names == posture.graph.thing(number)["id"])
    order = _order(owed)
    chosen = mask[rows.entitlement[order]] | np.isin(rows.object[order], named)
    return np.asarray(order[chosen])


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
