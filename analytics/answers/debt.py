"""Trust debt owed for broken assumptions about access, by identity and by group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.debt_items import costliest, of_identity
from analytics.answers.shape import cut
from analytics.answers.table import OPTIONAL, Kind, Table, objects
from analytics.assumptions.items import Sums
from analytics.assumptions.live_credentials import holdings
from analytics.assumptions.model import NUMBER, Model
from analytics.debt.groups import keys, name
from analytics.debt.owed import part_of, parts_of, sums_of
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
from analytics.findings.families.leaks import leaked
from analytics.kept.ahead import Ahead
from analytics.kept.answers import kept
from analytics.posture import Posture

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


@dataclass(frozen=True)
class TrustDebt:
    """The debt of the accountable identities, or of one of them; see `debt`.

    `groups` has `key`, `thing` (a node, if the group is one), the figures as this record has them
    (a null `tdr` where there is nothing to owe for, or nothing of the group is verified), `grade`,
    `grade_because`, `capped_by`, `capped_by_left_out` and `accepted`. `items` has the columns of
    `analytics.answers.debt_items.item_table`.
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
    capped_by_left_out: int
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

    `groups` add up to the whole; those of identities are all of them, also who may use nothing, and
    those of assumptions are of what applies to anything. `accepted` is the part of debt owed for
    accepted findings: it stays owed, and bears no interest until the acceptance ends. `items`, if
    requested, are the broken ones, the costliest first, then the unknown ones. `not_known` counts
    the identities whose access no source could declare: no figure covers them, and if there are no
    others, there is no figure. `capped_by` lists the first `NAMED` causes of a grade that is capped
    below that of its ratio, and `capped_by_left_out` counts the others.
    """
    owed = sums_of(posture, model)
    places = np.flatnonzero(owed.identities == about) if about is not None else slice(None)
    sums = total(owed, places)
    letter, because = graded(posture, owed, places)
    groups = [g for g in _groups(posture, owed, by, places) if _worth_telling(g, by)]
    groups.sort(key=lambda g: (not g.total.known, -g.total.debt))
    shown, groups_left = cut(groups, limit)
    capped, more = _capped(posture, owed, places, because)
    listed, items_left = _items(posture, owed.model, limit, about) if items else (None, 0)
    return TrustDebt(
        **_figures(sums),
        accepted=float(owed.accepted[places].sum()) if sums.known else None,
        grade=letter,
        grade_because=because,
        capped_by=capped,
        capped_by_left_out=more,
        model={"id": owed.model.id, "hash": owed.model.hash},
        by=by,
        groups=_group_table(posture, owed, by, shown, places),
        left_out=groups_left + items_left,
        items=listed,
    )


def _worth_telling(group: Group, by: str) -> bool:
    return by != "assumption" or bool(group.total.applicable)


def _figures(of: Total) -> dict[str, Any]:
    """Return the figures of a total."""
    sums = _sums(of) if of.known else dict.fromkeys(_sums(of))
    return {**sums, "identities": of.identities, "not_known": of.not_known}


def _figures_of_group(of: Total) -> dict[str, Any]:
    """Return the figures of a group, without a ratio where nobody could check any of it.

    Of nothing neither a ratio is known, nor between which ends it lies.
    """
    figures = _figures(of)
    if not of.applicable:
        return figures | {"tdr": None, "tdr_range": None}
    return figures if of.verified else figures | {"tdr": None}


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


def _groups(posture: Posture, owed: Sums, by: str, places: np.ndarray | slice) -> Iterator[Group]:
    if by == "assumption":
        return by_assumption(owed, places)
    return grouped(posture, owed, keys(posture, by), places)


def causes_of(
    posture: Posture, owed: Sums, places: np.ndarray | slice
) -> list[tuple[str, int, int]]:
    """Return what caps a grade: why, and the numbers of the thing and of the identity, of each."""
    caps = caps_of(posture, owed.model)
    which = np.zeros(len(owed.identities), bool)
    which[places] = True
    alarmed, orphaned = owed.identities[which & caps.alarm], owed.identities[which & caps.orphan]
    rows, keys = holdings(posture), leaked(posture)
    rows = rows[keys[rows["number"].to_numpy(np.int64)] & rows["identity"].isin(alarmed)]
    pairs = zip(rows["number"].tolist(), rows["identity"].tolist(), strict=True)
    denied = np.setdiff1d(alarmed, rows["identity"]).tolist()
    causes = [*((LEAKED, key, holder) for key, holder in pairs), *((DENIED, n, n) for n in denied)]
    return causes or [(ORPHAN, n, n) for n in orphaned.tolist()]


def named_causes(posture: Posture, causes: Sequence[tuple[str, int, int]]) -> list[dict[str, Any]]:
    """Return the first `NAMED` of some causes with their things and identities."""
    thing = posture.graph.thing
    return [
        {"because": because, "thing": thing(number), "identity": thing(identity)}
        for because, number, identity in causes[:NAMED]
    ]


def _capped(
    posture: Posture, owed: Sums, places: np.ndarray | slice, because: str | None
) -> tuple[list[dict[str, Any]], int]:
    """Return the causes if a grade is capped, up to `NAMED`, and how many more there are."""
    causes = causes_of(posture, owed, places) if because in CAPS else []
    return named_causes(posture, causes), max(0, len(causes) - NAMED)


def _borne(
    posture: Posture, by: str, group: Group, owed: Sums, places: np.ndarray | slice
) -> float | None:
    """Return the accepted part of the debt of a group."""
    if not group.total.known:
        return None
    if by == "assumption":
        return float(owed.accepted[places][:, NUMBER[str(group.key)]].sum())
    mask = np.asarray(keys(posture, by) == group.key)[places]
    return float(owed.accepted[places][mask].sum())


def _group_table(
    posture: Posture,
    owed: Sums,
    by: str,
    groups: Sequence[Group],
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
    figures = [_figures_of_group(group.total) for group in groups]
    capped = [_group_capped(posture, owed, by, group, places) for group in groups]
    columns: dict[str, Any] = {"key": labels, "thing": np.array(numbers, np.int64)}
    for figure in FIGURES:
        values = [sums[figure] for sums in figures]
        columns[figure] = objects(values) if figure == "tdr_range" else _amounts(values)
    columns |= {
        "identities": [group.total.identities for group in groups],
        "not_known": [group.total.not_known for group in groups],
        "grade": pd.array([group.grade for group in groups], dtype="string"),
        "grade_because": pd.array([group.because for group in groups], dtype="string"),
        "capped_by": objects([causes for causes, _ in capped]),
        "capped_by_left_out": [more for _, more in capped],
        "accepted": _amounts([_borne(posture, by, group, owed, places) for group in groups]),
    }
    return Table(pd.DataFrame(columns), graph.things, {"thing": Kind.NODE})


def _amounts(values: Sequence[float | None]) -> Any:
    return pd.array(list(values), dtype="Float64")


def _group_capped(
    posture: Posture, owed: Sums, by: str, group: Group, places: np.ndarray | slice
) -> tuple[list[dict[str, Any]], int]:
    if group.because not in CAPS:
        return [], 0
    mask = np.zeros(len(owed.identities), bool)
    mask[places] = True
    members = np.flatnonzero(mask & (keys(posture, by) == group.key))
    return _capped(posture, owed, members, group.because)


def _items(posture: Posture, by: Model, limit: int, about: int | None) -> tuple[Table, int]:
    """Return the table of the costliest items, of all identities or of one, and how many more."""
    if about is None:
        return costliest(posture, parts_of(posture, by), limit)
    place = np.flatnonzero(posture.accountable == about)
    parts = [part_of(posture, int(p), by) for p in place] or parts_of(posture, by)
    return costliest(posture, parts, limit, lambda part: of_identity(part, about))


AHEAD = (Ahead(100, "debt", debt),)
