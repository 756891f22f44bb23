"""The items of trust debt: every assumption of every entitlement that does not hold any more.

Acceptances are ignored here: an acceptance is of a finding, and rules find by these items. What is
owed after acceptances is in `analytics.debt.owed`.

Only items that are broken or unknown are listed; what applies is summed beside them, so that the
most that could be owed is exact for any group of identities.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analytics.assumptions.entitlements import (
    Entitlements,
    blocks,
    entitlements,
    in_one_block,
)
from analytics.assumptions.families import Judge, all_families
from analytics.assumptions.judgement import Case, Part, Verdict
from analytics.assumptions.model import ASSUMPTIONS, NUMBER, Model, model
from analytics.kept.answers import kept
from analytics.posture import Posture
from analytics.runtime.faults import guarded
from graph.instants import DAY, NEVER
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
class Sums:
    """What accountable identities owe at one moment, without the items that it is made of.

    The sums are float64[identities, assumptions], in the order of `identities` (numbers of nodes)
    and `ASSUMPTIONS`: `debt`, `principal`, `interest` (a day), `unverified`, `accepted` (the part
    of `debt` whose acceptance is in force), and `applicable`, the most the principal could be;
    without the weight of the assumption, `broken` and `unknown` are the exposure for which it is.
    `known` (bool) marks the identities whose entitlements are known: the sums of others are 0 and
    mean nothing. `exposure` (float64) is that of each identity's entitlements together, `heaviest`
    that of the heaviest, and `count` (int64) says how many they are. Where an assumption could not
    be judged, because its code failed, all sums but `accepted` are NaN, and so is every figure that
    includes them.
    """

    model: Model
    now: int
    identities: np.ndarray
    applicable: np.ndarray
    debt: np.ndarray
    principal: np.ndarray
    interest: np.ndarray
    unverified: np.ndarray
    accepted: np.ndarray
    broken: np.ndarray
    unknown: np.ndarray
    known: np.ndarray
    exposure: np.ndarray
    heaviest: np.ndarray
    count: np.ndarray


@dataclass(frozen=True)
class Debt(Sums):
    """The trust debt of accountable identities at one moment, with its items.

    `identities` are those of which `units` are listed: all, or a block of them.
    """

    units: Entitlements
    rows: Rows


def items_of(posture: Posture, by: Model | None = None) -> Debt:
    """Return the trust debt of a posture as if nobody had accepted any of it.

    Items, principal and what applies are the same as in what is owed; rules may rest on these only.
    """
    return _items(posture, model() if by is None else by)


def items_in_parts(posture: Posture, by: Model | None = None) -> Iterator[Debt]:
    """Yield the same for some identities after the other; a small estate has one part."""
    by = model() if by is None else by
    if in_one_block(posture, by):
        yield items_of(posture, by)
        return
    for units in blocks(posture, by):
        yield assess_items(posture, by, units)


@once
@kept
def _items(posture: Posture, by: Model) -> Debt:
    return assess_items(posture, by, entitlements(posture, by))


def assess_items(posture: Posture, by: Model, units: Entitlements) -> Debt:
    """Count the trust debt for some entitlements by a model, as if nobody had accepted any."""
    case = Case(posture, by, units)
    verdicts = [verdict for judge in all_families() for verdict in verdicts_of(case, judge)]
    rows = _rows(case, verdicts)
    applicable = _applicable(case, verdicts)
    judged = np.isin(ASSUMPTIONS, [verdict.assumption for verdict in verdicts])
    nothing = np.where(judged, np.zeros_like(applicable), np.nan)
    identities = units.identities[units.begin : units.end]
    place, size = units.place - units.begin, len(identities)
    heaviest = np.zeros(size)
    np.maximum.at(heaviest, place, units.exposure)
    debt = Debt(
        model=by,
        now=case.now,
        identities=identities,
        applicable=np.where(judged, applicable, np.nan),
        debt=nothing,
        principal=nothing,
        interest=nothing,
        unverified=nothing,
        accepted=nothing,
        broken=nothing,
        unknown=nothing,
        known=posture.entitlements_known[identities] | applicable.any(axis=1),
        exposure=np.bincount(place, units.exposure, size),
        heaviest=heaviest,
        count=np.bincount(place, minlength=size),
        units=units,
        rows=rows,
    )
    return _summed(debt)


def with_pauses(owed: Debt, time: np.ndarray, now: np.ndarray) -> Debt:
    """Return the debt with interest paused for `time` (milliseconds) since each item broke.

    Items that are paused `now` (bool) bear no interest at present, and are accepted.
    """
    rows, by = owed.rows, owed.model
    cycles = missed_cycles(by, owed.now, rows.assumption, rows.since, time)
    debt, interest = with_interest(by, rows.assumption, rows.principal, cycles, rows.since)
    interest = np.where(now, 0.0, interest)
    kept = replace(rows, cycles=cycles, debt=debt, interest=interest, accepted=now)
    return _summed(replace(owed, rows=kept))


def _summed(owed: Debt) -> Debt:
    """Sum the items by identity and assumption; sums that could not be judged stay NaN."""
    rows, shape = owed.rows, owed.applicable.shape
    place = owed.units.place[rows.entitlement].astype(np.int64) - owed.units.begin
    cell = place * shape[1] + rows.assumption
    weighs, unknown = owed.units.exposure[rows.entitlement], np.isnan(rows.degree)

    def added(amount: np.ndarray) -> np.ndarray:
        return np.bincount(cell, amount, shape[0] * shape[1]).reshape(shape)

    def summed(amount: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(owed.applicable), np.nan, added(amount))

    return replace(
        owed,
        debt=summed(rows.debt),
        principal=summed(rows.principal),
        interest=summed(rows.interest),
        unverified=summed(rows.unverified),
        accepted=added(np.where(rows.accepted, rows.debt, 0.0)),
        broken=summed(np.where(unknown, 0.0, weighs * rows.degree)),
        unknown=summed(np.where(unknown, weighs * share(rows.assumption), 0.0)),
    )


def share(assumption: np.ndarray) -> np.ndarray:
    """Return the share of an entitlement's exposure that each item of an assumption is about."""
    return np.where(assumption == OWNER, ROLE_SHARE, 1.0)


def verdicts_of(case: Case, judge: Judge) -> tuple[Verdict, ...]:
    """Return the verdicts of a family; none, and a fault is noted, if it fails."""
    return guarded(case.posture.faults, fault_name(judge), lambda: judge(case), tuple)


def fault_name(judge: Judge) -> str:
    """Return the name under which a fault of a family is noted."""
    return f"debt.{judge.__module__.rpartition('.')[2]}"


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
    cycles = missed_cycles(by, case.now, assumption, since)
    debt, interest = with_interest(by, assumption, principal, cycles, since)
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
        unverified=np.where(unknown, weighed * share(assumption), 0.0),
        accepted=np.zeros(len(principal), bool),
    )


def missed_cycles(
    by: Model, now: int, assumption: np.ndarray, since: np.ndarray, without: int | np.ndarray = 0
) -> np.ndarray:
    """Return how many cycles each item has missed, `without` some time (milliseconds)."""
    passed = np.maximum(now - since, 0) - without
    return np.where(since == NEVER, 0.0, passed / DAY / by.cycles[assumption])


def with_interest(
    by: Model,
    assumption: np.ndarray,
    principal: np.ndarray,
    cycles: np.ndarray,
    since: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the debt of each item, and by how much it grows in a day.

    An item that broke nobody knows when never misses a cycle, so it does not grow.
    """
    grows = (cycles < by.cap) & (since != NEVER)
    growing = np.where(grows, principal / by.cycles[assumption], 0.0)
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


def _applicable(case: Case, verdicts: list[Verdict]) -> np.ndarray:
    """Return the most the principal could be, by identity and assumption."""
    units, by = case.units, case.model
    size = units.end - units.begin
    place = units.place - units.begin
    most = np.zeros((size, len(ASSUMPTIONS)))
    for verdict in verdicts:
        k = NUMBER[verdict.assumption]
        amount = units.exposure * verdict.applies * by.weights[k]
        most[:, k] += np.bincount(place, amount, size)
    return most
