"""What a leadership figure is, and the population that all of them share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from analytics.assumptions.items import Debt
from analytics.assumptions.model import NUMBER
from analytics.debt.owed import debt_of
from analytics.debt.totals import NOT_KNOWN, Total, total
from analytics.figures.stated_kinds import PER_IDENTITY, stated_kinds
from analytics.posture import Posture
from analytics.residue import alive
from analytics.runtime.faults import PartFailed, guarded
from graph.once import once

MORE, LESS, NEITHER = "more", "less", "neither"  # which is better
SHARE, TP, TP_DAY, DAYS, RATIO, COUNT = "share", "tp", "tp/day", "days", "ratio", "count"


@dataclass(frozen=True)
class Published:
    """A figure that somebody published, to look at beside ours; never an input of it."""

    says: str
    source: str
    year: int


@dataclass(frozen=True)
class Measured:
    """The value of a measure, of what numerator and denominator, or why there is none.

    `detail` holds further figures of the same measure. `range` is within what the value lies
    whatever the unknown turns out to be, None where nothing is unknown.
    """

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    because: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    range: tuple[float, float] | None = None

    @property
    def broken(self) -> bool:
        """Whether something that it counts could not be judged, by a fault of ours."""
        counted = (self.value, self.numerator, self.denominator)
        return any(figure is not None and np.isnan(figure) for figure in counted)


UNMEASURED = Measured(None, because="what it counts could not be judged, by a fault of trustdebt")


@dataclass(frozen=True)
class Measure:
    """A leadership figure: how it is defined, and the function that measures it.

    `numerator` and `denominator` say in words what is counted, `source` where the definition
    comes from. `needs` are kinds of fact without which it is not measured. `rows` is the
    command that lists what stands behind it. `three` marks the figures that count most.
    `references` are controls that it is evidence of.
    """

    name: str
    order: int
    title: str
    numerator: str
    denominator: str
    unit: str
    better: str
    source: str
    rows: str
    measure: Callable[[Posture], Measured]
    needs: tuple[str, ...] = ()
    target: float | None = None
    three: bool = False
    references: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()

    def of(self, posture: Posture) -> Measured:
        """Measure it, or say why not."""
        known = posture.graph.declared | (stated_kinds(posture.graph) & PER_IDENTITY)
        lacking = [kind for kind in self.needs if kind not in known]
        if lacking:
            return Measured(None, because=f"no source declares {', '.join(lacking)}")
        found = guarded(
            posture.faults, self.name, lambda: self._measured(posture), lambda: UNMEASURED
        )
        return UNMEASURED if found.broken else found

    def _measured(self, posture: Posture) -> Measured:
        try:
            return self.measure(posture)
        except PartFailed as failed:
            return Measured(None, because=failed.because)


def ratio(
    numerator: float, denominator: float, empty: str, unknown: float = 0, **detail: Any
) -> Measured:
    """Return a share; where there is nothing to share in, `empty` says so.

    `unknown` is how much more there is of which nobody knows whether it belongs to the
    numerator.
    """
    if unknown:
        detail |= {"unknown": unknown}
    if not denominator:
        return Measured(None, numerator, denominator, empty, detail)
    whole = denominator + unknown
    within = (float(numerator / whole), float((numerator + unknown) / whole)) if unknown else None
    return Measured(float(numerator / denominator), numerator, denominator, None, detail, within)


@dataclass(frozen=True)
class Population:
    """Whom the figures are about: identities by number, exposure by entitlement.

    `identities` are the accountable ones in service; `place` says where among all accountable
    ones they stand, and so in the sums of `debt`. `exposure` (float64) is that of each one's
    entitlements. `known` (bool) says of which identities it is known what they may use,
    `reach_known` of which what they reach.
    """

    debt: Debt
    identities: np.ndarray
    place: np.ndarray
    exposure: np.ndarray
    known: np.ndarray
    reach_known: np.ndarray

    @cached_property
    def empty(self) -> str:
        """Why there is no exposure, where there is none."""
        if total(self.debt).known:
            return "no accountable identity has an entitlement"
        return NOT_KNOWN

    @property
    def unreached(self) -> str | None:
        """Why no reach is measured, where it is known of none of them."""
        if not len(self.identities) or self.reach_known.any():
            return None
        return "of no accountable identity in service is it known what it reaches"

    @cached_property
    def every_exposure(self) -> float:
        """The exposure of all entitlements, also of identities out of service."""
        return float(self.debt.units.exposure.sum())

    def broken(self, assumption: str) -> np.ndarray:
        """Return the exposure of each entitlement for which an assumption is broken (float64)."""
        return self._share(assumption, known=True)

    def unknown(self, assumption: str) -> np.ndarray:
        """Return the exposure of each entitlement for which nobody knows of it (float64)."""
        return self._share(assumption, known=False)

    def _share(self, assumption: str, known: bool) -> np.ndarray:
        rows, units, k = self.debt.rows, self.debt.units, NUMBER[assumption]
        mine = (rows.assumption == k) & (np.isnan(rows.degree) != known)
        amount = (rows.principal if known else rows.unverified)[mine]
        weighed = amount / self.debt.model.weight[k]
        return np.bincount(rows.entitlement[mine], weighed, len(units))


@once
def population(posture: Posture) -> Population:
    """Return whom the figures are about, once for a posture."""
    debt = debt_of(posture)
    place = np.flatnonzero(alive(posture)[posture.accountable])
    units = debt.units
    exposure = np.bincount(units.place, units.exposure, len(debt.identities))
    who = posture.accountable[place]
    return Population(
        *(debt, who, place, exposure[place]), debt.known[place], posture.reach_known[who]
    )


def owed(posture: Posture) -> Total | None:
    """Return what all owe together; None where of nobody it is known what they may use."""
    whole = total(population(posture).debt)
    return whole if whole.known else None


def not_owed() -> Measured:
    """Return the measure of a debt of which nothing is known."""
    return Measured(None, because=NOT_KNOWN)


def kept_share(posture: Posture, assumption: str, empty: str) -> Measured:
    """Return the exposure for which an assumption is known to hold, of that where it is known.

    `detail` counts identities in the same way: those for whose every entitlement it holds.
    """
    who = population(posture)
    broken, unknown = who.broken(assumption), who.unknown(assumption)
    known = who.every_exposure - unknown.sum()
    bad = np.bincount(who.debt.units.place, (broken > 0) | (unknown > 0), len(who.debt.identities))
    doubtful = np.bincount(who.debt.units.place, unknown > 0, len(who.debt.identities))
    some = np.bincount(who.debt.units.place, minlength=len(who.debt.identities)) > 0
    counted = some[who.place] & ~(doubtful[who.place] > 0)
    return ratio(
        known - float(broken.sum()),
        float(known),
        empty if who.every_exposure else who.empty,
        unknown=float(unknown.sum()),
        identities=int((counted & ~(bad[who.place] > 0)).sum()),
        of_identities=int(counted.sum()),
    )
