"""Trust debt owed for broken assumptions about access, by identity and by group."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from analytics.answers.shape import cut, when
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
from analytics.posture import Posture
from graph.access import NEVER
from graph.schema import CAN_ACCESS, LEVELS

CAPS = (ALARM, ORPHAN)
LEAKED, DENIED = "a credential leaked and is alive", "what was denied happened"
NAMED = 20  # causes of a capped grade that an answer lists


def debt(
    posture: Posture,
    by: str = "assumption",
    items: bool = False,
    limit: int = 0,
    about: int | None = None,
    model: Model | None = None,
) -> dict[str, Any]:
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
    answer = figures(sums) | {
        "accepted": float(borne[places].sum()) if sums.known else None,
        "grade": letter,
        "grade_because": because,
        "capped_by": _capped_by(posture, owed, places) if because in CAPS else [],
        "model": {"id": owed.model.id, "hash": owed.model.hash},
        "by": by,
        "groups": [
            _group(posture, owed, by, g, places)
            | {"accepted": _borne(posture, by, g, borne, places)}
            for g in shown
        ],
    }
    if not items:
        return answer | {"left_out": groups_left}
    order = _order(owed)
    if about is not None:
        order = order[owed.units.identity[owed.rows.entitlement[order]] == about]
    rows, items_left = cut(order, limit)
    return answer | {
        "items": item_rows(posture, owed, rows),
        "left_out": groups_left + items_left,
    }


def _worth_telling(group: Group, by: str) -> bool:
    return bool(group.total.applicable) or (by != "assumption" and not group.total.known)


def figures(of: Total) -> dict[str, Any]:
    """Return the figures of a total, as in every answer about debt."""
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


def _capped_by(posture: Posture, owed: Debt, places: np.ndarray | slice) -> list[dict[str, Any]]:
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


def _group(
    posture: Posture, owed: Debt, by: str, group: Group, places: np.ndarray | slice
) -> dict[str, Any]:
    key: Any = group.key
    is_thing = by in ("identity", "owner", "team") and key >= 0
    thing = posture.graph.thing(int(key)) if is_thing else None
    label = thing["id"] if thing else name(by, key)
    capped: list[dict[str, Any]] = []
    if group.because in CAPS:
        mask = np.zeros(len(owed.identities), bool)
        mask[places] = True
        capped = _capped_by(posture, owed, np.flatnonzero(mask & (keys(posture, by) == group.key)))
    return (
        {"key": label, "thing": thing}
        | figures(group.total)
        | {
            "grade": group.grade,
            "grade_because": group.because,
            "capped_by": capped,
        }
    )


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


def item_rows(posture: Posture, owed: Debt, chosen: np.ndarray) -> list[dict[str, Any]]:
    """Describe the items at these positions."""
    grants = posture.graph.frames[CAN_ACCESS]["id"]
    return [_item(posture, owed, int(item), grants) for item in chosen]


def _item(posture: Posture, owed: Debt, item: int, grants: Any) -> dict[str, Any]:
    rows, units, graph = owed.rows, owed.units, posture.graph
    unit, k = int(rows.entitlement[item]), int(rows.assumption[item])
    known = not np.isnan(rows.degree[item])
    dated = rows.since[item] != NEVER
    row: dict[str, Any] = {
        "identity": graph.thing(int(units.identities[units.place[unit]])),
        "assumption": ASSUMPTIONS[k],
        "state": "broken" if known else "unknown",
        "resource": graph.thing(int(units.resource[unit])),
        "level": LEVELS[units.level[unit]],
        "grant": str(grants.iloc[int(units.grant[unit])]),
        "holder": graph.thing(int(units.holder[unit])),
        "object": str(rows.names[rows.object[item]]),
        "degree": float(rows.degree[item]) if known else None,
        "exposure": float(units.exposure[unit]),
        "principal": float(rows.principal[item]),
        "since": when(int(rows.since[item])) if known and dated else None,
        "cycles": float(rows.cycles[item]) if known else None,
        "debt": float(rows.debt[item]),
        "interest_per_day": float(rows.interest[item]),
        "accepted": bool(rows.accepted[item]),
        "unverified": float(rows.unverified[item]),
        "effort_hours": owed.model.hours[k],
    }
    return row | {"why": why(ASSUMPTIONS[k], known, _facts(owed, row))}


def _facts(owed: Debt, row: dict[str, Any]) -> dict[str, str]:
    day = row["since"][:10] if row["since"] else None
    return {
        "identity": row["identity"]["name"],
        "resource": row["resource"]["name"],
        "level": row["level"].capitalize(),
        "about": row["object"],
        "since": f" since {day}" if day else "",
        "on": f" on {day}" if day else "",
        "share": f"{row['degree'] or 0:.0%}",
        "unused": f"{owed.model.unused:g}",
        "review": f"{owed.model.review:g}",
        "credential": f"{owed.model.credential:g}",
    }
