"""The items of trust debt: every assumption of every entitlement that does not hold any more.

Acceptances are ignored here: an acceptance is of a finding, and rules find by these items. What is
owed after acceptances is in `analytics.debt.owed`.

Only items that are broken or unknown are listed; what applies is summed beside them, so that the
most that could be owed is exact for any group of identities.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analytics.assumptions.entitlements import Entitlements, entitlements
from analytics.assumptions.families import Judge, all_families
from analytics.assumptions.judgement import Case, Part, Verdict
from analytics.assumptions.model import ASSUMPTIONS, NUMBER, Model, model
from analytics.kept.answers import kept
from analytics.ownership.owners import DAY
from analytics.posture import Posture
from analytics.runtime.faults import guarded
from graph.access import NEVER
from graph.once import once

OWNER = NUMBER["owner"]
ROLE_SHARE = 0.5  # each of the two roles of owners bears half


@dataclass(frozen=True)
class Rows:
    """Items that are broken or unknown, one position in each array for each.

    `entitlement` (int32) is a position in the entitlements, `assumption` (int8) one in
    `ASSUMPTIONS`, and `object` (int32) one in `names`: an owner's role, the id of a credential, a
    rule and its other side, or "". `degree` (float64) is how far it is broken, NaN where unknown;
    `since` (int64) when it broke, `NEVER` where unknown. `principal`, `cycles` (missed so far,
    uncapped, without the time that it was accepted), `debt`, `interest` (a day) and `unverified`
    are float64; `accepted` (bool) marks items that are accepted now.
    """

    entitlement: np.ndarray
    assumption: np.ndarray
    object: np.ndarray
    names: np.ndarray
    degree: np.ndarray
    since: np.ndarray
    principal: np.ndarray
    cycles: np.ndarray
    debt: np.ndarray
    interest: np.ndarray
    unverified: np.ndarray
    accepted: np.ndarray

    def __len__(self) -> int:
        """Count the items."""
        return len(self.entitlement)

    @cached_property
    def about(self) -> np.ndarray:
        """The object of each item, as text."""
        return np.asarray(self.names[self.object])


@dataclass(frozen=True)
class Debt:
    """The trust debt of all accountable identities at one moment.

    The sums are float64[identities, assumptions], in the order of `units.identities` and
    `ASSUMPTIONS`: `debt`, `principal`, `interest` (a day), `unverified`, and `applicable`, the most
    the principal could be. `applies` (float64) is the latter for each entitlement. `known` (bool)
    marks the identities whose entitlements are known: the sums of others are 0 and mean nothing.
    Where an assumption could not be judged, because its code failed, the sums are NaN, and so is
    every figure that includes them.
    """

    model: Model
    now: int
    units: Entitlements
    rows: Rows
    applies: np.ndarray
    applicable: np.ndarray
    debt: np.ndarray
    principal: np.ndarray
    interest: np.ndarray
    unverified: np.ndarray
    known: np.ndarray

    @property
    def identities(self) -> np.ndarray:
        """The node numbers of the accountable identities."""
        return self.units.identities


def items_of(posture: Posture, by: Model | None = None) -> Debt:
    """Return the trust debt of a posture as if nobody had accepted any of it.

    Items, principal and what applies are the same as in what is owed; rules may rest on these only.
    """
    return _items(posture, model() if by is None else by)


@once
@kept
def _items(posture: Posture, by: Model) -> Debt:
    return assess_items(posture, by)


def assess_items(posture: Posture, by: Model) -> Debt:
    """Count the trust debt of a posture by a model, as if nobody had accepted any of it."""
    units = entitlements(posture, by)
    case = Case(posture, by, units)
    verdicts = [verdict for judge in all_families() for verdict in _verdicts(case, judge)]
    rows = _rows(case, verdicts)
    applicable, applies = _applicable(case, verdicts)
    judged = np.isin(ASSUMPTIONS, [verdict.assumption for verdict in verdicts])
    nothing = np.where(judged, np.zeros_like(applicable), np.nan)
    known = posture.entitlements_known[units.identities] | applicable.any(axis=1)
    debt = Debt(
        model=by,
        now=case.now,
        units=units,
        rows=rows,
        applies=applies,
        applicable=np.where(judged, applicable, np.nan),
        debt=nothing,
        principal=nothing,
        interest=nothing,
        unverified=nothing,
        known=known,
    )
    return _summed(debt)


def with_pauses(owed: Debt, time: np.ndarray, now: np.ndarray) -> Debt:
    """Return the debt with interest paused for `time` (milliseconds) since each item broke.

    Items that are paused `now` (bool) bear no interest at present, and are accepted.
    """
    rows, by = owed.rows, owed.model
    cycles = _cycles(by, owed.now, rows.assumption, rows.since, time)
    debt, interest = _with_interest(by, rows.assumption, rows.principal, cycles)
    interest = np.where(now, 0.0, interest)
    kept = replace(rows, cycles=cycles, debt=debt, interest=interest, accepted=now)
    return _summed(replace(owed, rows=kept))


def _summed(owed: Debt) -> Debt:
    """Sum the items by identity and assumption; sums that could not be judged stay NaN."""
    rows = owed.rows

    def summed(amount: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(owed.applicable), np.nan, added(owed, amount))

    return replace(
        owed,
        debt=summed(rows.debt),
        principal=summed(rows.principal),
        interest=summed(rows.interest),
        unverified=summed(rows.unverified),
    )


def added(owed: Debt, amount: np.ndarray) -> np.ndarray:
    """Sum an amount of each item (float64[identities, assumptions])."""
    shape = owed.applicable.shape
    place = owed.units.place[owed.rows.entitlement].astype(np.int64)
    cell = place * shape[1] + owed.rows.assumption
    return np.bincount(cell, amount, shape[0] * shape[1]).reshape(shape)


def _verdicts(case: Case, judge: Judge) -> tuple[Verdict, ...]:
    name = f"debt.{judge.__module__.rpartition('.')[2]}"
    return guarded(case.posture.faults, name, lambda: judge(case), tuple)


def _rows(case: Case, verdicts: list[Verdict]) -> Rows:
    parts = [(NUMBER[v.assumption], part) for v in verdicts for part in v.parts]
    names, objects = _named([part for _, part in parts])
    entitlement = np.concatenate([part.entitlement for _, part in parts])
    assumption = np.repeat(
        np.array([k for k, _ in parts], np.int8), [len(part.entitlement) for _, part in parts]
    )
    degree = np.concatenate([part.degree for _, part in parts])
    since = np.concatenate([part.since for _, part in parts])
    by, unknown = case.model, np.isnan(degree)
    weighed = by.weights[assumption] * case.units.exposure[entitlement]
    principal = np.where(unknown, 0.0, weighed * degree)
    cycles = _cycles(by, case.now, assumption, since)
    share = np.where(assumption == OWNER, ROLE_SHARE, 1.0)
    debt, interest = _with_interest(by, assumption, principal, cycles)
    return Rows(
        entitlement=entitlement,
        assumption=assumption,
        object=objects,
        names=names,
        degree=degree,
        since=since,
        principal=principal,
        cycles=cycles,
        debt=debt,
        interest=interest,
        unverified=np.where(unknown, weighed * share, 0.0),
        accepted=np.zeros(len(principal), bool),
    )


def _cycles(
    by: Model, now: int, assumption: np.ndarray, since: np.ndarray, without: int | np.ndarray = 0
) -> np.ndarray:
    """Return how many cycles each item has missed, `without` some time (milliseconds)."""
    passed = np.maximum(now - since, 0) - without
    return np.where(since == NEVER, 0.0, passed / DAY / by.cycles[assumption])


def _with_interest(
    by: Model, assumption: np.ndarray, principal: np.ndarray, cycles: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the debt of each item, and by how much it grows in a day."""
    growing = np.where(cycles < by.cap, principal / by.cycles[assumption], 0.0)
    return principal * (1 + np.minimum(cycles, by.cap)), growing


def _named(parts: list[Part]) -> tuple[np.ndarray, np.ndarray]:
    """Return the names of all parts in one array, and the position in it of each object."""
    place: dict[tuple[str, ...], int] = {}
    names: list[str] = []
    objects = []
    for part in parts:
        if part.names not in place:
            place[part.names] = len(names)
            names.extend(part.names)
        objects.append(part.object.astype(np.int32) + np.int32(place[part.names]))
    return np.array(names, object), np.concatenate(objects)


def _applicable(case: Case, verdicts: list[Verdict]) -> tuple[np.ndarray, np.ndarray]:
    """Return the most the principal could be: by identity and assumption, and by entitlement."""
    units, by = case.units, case.model
    by_identity = np.zeros((len(units.identities), len(ASSUMPTIONS)))
    by_entitlement = np.zeros(len(units))
    for verdict in verdicts:
        k = NUMBER[verdict.assumption]
        amount = units.exposure * verdict.applies * by.weights[k]
        by_identity[:, k] += np.bincount(units.place, amount, len(units.identities))
        by_entitlement += amount
    return by_identity, by_entitlement
