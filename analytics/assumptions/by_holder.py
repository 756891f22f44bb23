"""Sums of what identities owe, by the holders of their grants instead of by entitlement.

An estate has up to as many entitlements as identities times grants, but far fewer grants. A verdict
on access depends on its grant, and on little of its identity: its environment, say, or nothing. So
each family says whose verdicts are alike (`analytics.assumptions.families`). One of those is judged
on every grant, the grants of each holder are added up, and each identity adds up the holders that
it can act as. Where a verdict depends on identity and grant both, the entitlements of
that identity are judged one by one, by that family only.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analytics.assumptions.entitlements import Entitlements, blocks_of, in_rows, steps_of
from analytics.assumptions.families import Judge, alike_by, all_families, by_identity
from analytics.assumptions.items import (
    Sums,
    fault_name,
    missed_cycles,
    share,
    verdicts_of,
    with_interest,
)
from analytics.assumptions.judgement import ALONE, Case, Verdict
from analytics.assumptions.model import ASSUMPTIONS, NUMBER, Model
from analytics.posture import Posture
from analytics.reach.kernels.holders import Holders, added
from analytics.runtime.faults import guarded

CHUNK = 1 << 18  # grants by level that are judged at a time
BY_GRANT = ("holder", "resource", "grant", "level", "standing", "weight", "granted")
AMOUNTS = 5
APPLIES, BROKEN, OWED, GROWING, UNKNOWN = range(AMOUNTS)  # for each unit of exposure

Amounts = dict[str, np.ndarray]  # float64[., AMOUNTS] by the name of an assumption


@dataclass(frozen=True)
class _Estate:
    """The grants of an estate in the rows of `holders`, and the totals of its identities."""

    posture: Posture
    model: Model
    holders: Holders
    grants: Entitlements

    @cached_property
    def identities(self) -> np.ndarray:
        return np.asarray(self.posture.accountable.astype(np.int32))

    @cached_property
    def autonomy(self) -> np.ndarray:
        return np.asarray(self.posture.autonomy[self.identities])

    @cached_property
    def totals(self) -> tuple[np.ndarray, ...]:
        """The count of the entitlements of each identity, their exposure, and the heaviest."""
        nothing = np.zeros((len(self.holders.grants), 0))
        _, count, exposure, heaviest = self.added(np.arange(len(self.identities)), nothing)
        return count, exposure * self.autonomy, heaviest * self.autonomy

    def added(self, places: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, ...]:
        """Add up rates for some identities; see `analytics.reach.kernels.holders.added`."""
        steps = steps_of(self.posture)
        result: tuple[np.ndarray, ...] = added(steps, self.holders, self.identities[places], rates)
        return result

    def cases(self, place: int) -> Iterator[tuple[Case, int]]:
        """Yield all grants, some at a time, as if the identity at a place had them."""
        for begin in range(0, max(len(self.grants), 1), CHUNK):
            part = slice(begin, begin + CHUNK)
            columns = {name: getattr(self.grants, name)[part] for name in (*BY_GRANT, "exposure")}
            at = np.full(len(columns["grant"]), place, np.int32)
            units = Entitlements(self.identities, place, place + 1, at, **columns)
            yield Case(self.posture, self.model, units), begin


def sums_by_holder(posture: Posture, by: Model) -> Sums:
    """Return what each accountable identity owes, as if nobody had accepted any of it.

    Equal to the sums of `analytics.assumptions.items.assess_items` for all entitlements, up to the
    order in which numbers are added.
    """
    estate = _Estate(posture, by, *in_rows(posture, by))
    amounts = np.full((len(estate.identities), len(ASSUMPTIONS), AMOUNTS), np.nan)
    for judge in all_families():
        for name, amount in _family(estate, judge).items():
            amounts[:, NUMBER[name]] = amount
    count, exposure, heaviest = estate.totals
    applicable, broken, owed, growing, unknown = np.moveaxis(amounts, -1, 0)
    return Sums(
        model=by,
        now=posture.graph.now,
        identities=estate.identities,
        applicable=by.weights * applicable,
        debt=by.weights * owed,
        principal=by.weights * broken,
        interest=by.weights * growing,
        unverified=by.weights * unknown,
        accepted=np.zeros(applicable.shape),
        broken=broken,
        unknown=unknown,
        known=posture.entitlements_known[estate.identities] | np.nan_to_num(applicable).any(axis=1),
        exposure=exposure,
        heaviest=heaviest,
        count=count,
    )


def _family(estate: _Estate, judge: Judge) -> Amounts:
    """Return what each identity owes under the assumptions of a family; none if it fails."""
    if by_identity(judge):
        rates = _rates(Case(estate.posture, estate.model, _one_each(estate)), judge)
        return {name: rate * estate.totals[1][:, None] for name, rate in rates.items()}
    kinds, size = _kinds(estate, judge), len(estate.identities)
    if kinds is None:
        return {}
    parts = []
    for places in _worthwhile(estate, kinds):
        kinds[places] = ALONE - 1
        parts.append((places, _of_kind(estate, judge, places)))
    alone = np.flatnonzero(kinds >= ALONE)
    if len(alone) or not parts:
        parts.append((alone, _of_each(estate, judge, alone)))
    names = set.intersection(*(set(amounts) for _, amounts in parts))
    joined = {name: np.zeros((size, AMOUNTS)) for name in names}
    for places, amounts in parts:
        for name in names:
            joined[name][places] = amounts[name]
    return joined


def _kinds(estate: _Estate, judge: Judge) -> np.ndarray | None:
    """Return the kind of each identity, `ALONE` where it has none; None if the family fails."""
    alike, kinds = alike_by(judge), np.full(len(estate.identities), ALONE)
    if alike is None:
        return kinds

    def told_apart() -> np.ndarray | None:
        kinds[:] = alike(estate.posture, estate.model)
        return kinds

    return guarded(estate.posture.faults, fault_name(judge), told_apart, lambda: None)


def _one_each(estate: _Estate) -> Entitlements:
    """Return one entitlement of exposure 1 for each identity, where any grant will do."""
    size = len(estate.identities)
    any_grant = {name: np.repeat(getattr(estate.grants, name)[:1], size) for name in BY_GRANT}
    places = np.arange(size, dtype=np.int32)
    return Entitlements(estate.identities, 0, size, places, exposure=np.ones(size), **any_grant)


def _worthwhile(estate: _Estate, kinds: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the places of alike identities that have more entitlements than there are grants."""
    order = np.argsort(kinds, kind="stable")
    begin = np.flatnonzero(np.diff(kinds[order], prepend=ALONE - 1))
    for places in np.split(order, begin[1:]):
        if kinds[places[0]] != ALONE and estate.totals[0][places].sum() >= len(estate.grants):
            yield places


def _of_kind(estate: _Estate, judge: Judge, places: np.ndarray) -> Amounts:
    """Return what alike identities owe, one of them being judged on every grant."""
    row = np.repeat(np.arange(len(estate.holders.grants)), estate.holders.grants)
    cases = (
        (case, row[begin : begin + len(case.units)]) for case, begin in estate.cases(places[0])
    )
    tables = _added_up(cases, judge, len(estate.holders.grants))
    autonomy = estate.autonomy[places][:, None]
    return {name: estate.added(places, table)[0] * autonomy for name, table in tables.items()}


def _of_each(estate: _Estate, judge: Judge, places: np.ndarray) -> Amounts:
    """Return what some identities owe, each of their entitlements being judged."""
    units = blocks_of(estate.posture, estate.model, estate.identities[places])
    cases = ((Case(estate.posture, estate.model, each), each.place) for each in units)
    return _added_up(cases, judge, len(places))


def _added_up(cases: Iterable[tuple[Case, np.ndarray]], judge: Judge, rows: int) -> Amounts:
    """Add up what the entitlements of some cases owe, each in the row that stands beside it.

    An assumption that could not be judged in one of the cases is left out.
    """
    sums: Amounts = {}
    judged: Counter[str] = Counter()  # the number of cases, by assumption
    count = 0
    for case, at in cases:
        count += 1
        for name, rate in _rates(case, judge).items():
            judged[name] += 1
            table = sums.setdefault(name, np.zeros((rows, AMOUNTS)))
            for column in range(AMOUNTS):
                table[:, column] += np.bincount(at, rate[:, column] * case.units.exposure, rows)
    return {name: table for name, table in sums.items() if judged[name] == count}


def _rates(case: Case, judge: Judge) -> Amounts:
    """Return by assumption what each entitlement owes for each unit of its exposure."""
    return {v.assumption: _rate(case, v) for v in verdicts_of(case, judge)}


def _rate(case: Case, verdict: Verdict) -> np.ndarray:
    """Return float64[entitlements, AMOUNTS], without the weight of the assumption."""
    rates = np.zeros((len(case.units), AMOUNTS))
    rates[:, APPLIES] = verdict.applies
    for part in verdict.parts:
        unknown = np.isnan(part.degree)
        degree = np.where(unknown, 0.0, part.degree)
        number = np.full(len(degree), NUMBER[verdict.assumption], np.int8)
        cycles = missed_cycles(case.model, case.now, number, part.since)
        owed, growing = with_interest(case.model, number, degree, cycles, part.since)
        amounts = {BROKEN: degree, OWED: owed, GROWING: growing, UNKNOWN: unknown * share(number)}
        for column, amount in amounts.items():
            rates[:, column] += np.bincount(part.entitlement, amount, len(rates))
    return rates
