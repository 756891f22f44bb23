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

    `groups` has `key`, `thing` (a node, if the group is one), the figures as this record has them,
    `grade`, `grade_because`, `capped_by` and `accepted`. `items` has the columns of
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
    owed = sums_of(posture, model)
    places = np.flatnonzero(owed.identities == about) if about is not None else slice(None)
    sums = total(owed, places)
    letter, because = graded(posture, owed, places)
    groups = [g for g in _groups(posture, owed, by, places) if _worth_telling(g, by)]
    groups.sort(key=lambda g: (not g.total.known, -g.total.debt))
    shown, groups_left = cut(groups, limit)
    listed, items_left = _items(posture, owed.model, limit, about) if items else (None, 0)
    return TrustDebt(
        **_figures(sums),
        accepted=float(owed.accepted[places].sum()) if sums.known else None,
        grade=letter,
        grade_because=because,
        capped_by=capped_by(posture, owed, places) if because in CAPS else [],
        model={"id": owed.model.id, "hash": owed.model.hash},
        by=by,
        groups=_group_table(posture, owed, by, shown, places),
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


def _groups(posture: Posture, owed: Sums, by: str, places: np.ndarray | slice) -> Iterator[Group]:
    if by == "assumption":
        return by_assumption(owed, places)
    return grouped(posture, owed, keys(posture, by), places)


def capped_by(posture: Posture, owed: Sums, places: np.ndarray | slice) -> list[dict[str, Any]]:
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
        "accepted": _amounts([_borne(posture, by, group, owed, places) for group in groups]),
    }
    return Table(pd.DataFrame(columns), graph.things, {"thing": Kind.NODE})


def _amounts(values: Sequence[float | None]) -> Any:
    return pd.array(list(values), dtype="Float64")


def _group_capped_by(
    posture: Posture, owed: Sums, by: str, group: Group, places: np.ndarray | slice
) -> list[dict[str, Any]]:
    if group.because not in CAPS:
        return []
    mask = np.zeros(len(owed.identities), bool)
    mask[places] = True
    return capped_by(posture, owed, np.flatnonzero(mask & (keys(posture, by) == group.key)))


def _items(posture: Posture, by: Model, limit: int, about: int | None) -> tuple[Table, int]:
    """Return the table of the costliest items, of all identities or of one, and how many more."""
    if about is None:
        return costliest(posture, parts_of(posture, by), limit)
    place = np.flatnonzero(posture.accountable == about)
    parts = [part_of(posture, int(p), by) for p in place] or parts_of(posture, by)
    return costliest(posture, parts, limit, lambda part: of_identity(part, about))
