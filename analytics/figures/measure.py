"""The type of a leadership figure, and the population that all figures share."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from analytics.assumptions.items import Sums
from analytics.assumptions.model import NUMBER
from analytics.debt.owed import sums_of
from analytics.debt.totals import NOT_KNOWN, Total, total
from analytics.figures.stated_kinds import PER_IDENTITY, stated_kinds
from analytics.posture import Posture
from analytics.residue import alive
from analytics.runtime.faults import PartFailed, guarded
from graph.once import once

MORE, LESS, NEITHER = "more", "less", "neither"  # the better direction
SHARE, TP, TP_DAY, DAYS, RATIO, COUNT = "share", "tp", "tp/day", "days", "ratio", "count"


@dataclass(frozen=True)
class Published:
    """A published figure for comparison; never an input."""

    says: str
    source: str
    year: int


@dataclass(frozen=True)
class Headline:
    """How a figure is shown to who reads only a few: a short title, and a sentence on what it is.

    `counted` says what was done with those counted, of all: `reviewed`, "" where it is a part.
    """

    title: str
    sentence: str
    counted: str = ""


@dataclass(frozen=True)
class Measured:
    """The value of a measure with numerator and denominator, or why there is none.

    `detail` holds further figures of the same measure. `range` bounds the value whatever the
    unknown turns out to be, None if nothing is unknown.
    """

    value: float | None
    numerator: float | None = None
    denominator: float | None = None
    because: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    range: tuple[float, float] | None = None

    @property
    def broken(self) -> bool:
        """Whether a part of it could not be judged because of an error in trustdebt."""
        counted = (self.value, self.numerator, self.denominator)
        return any(figure is not None and np.isnan(figure) for figure in counted)


UNMEASURED = Measured(None, because="what it counts could not be judged, by a fault of trustdebt")


@dataclass(frozen=True)
class Measure:
    """A leadership figure: its definition, and the function that measures it.

    `numerator` and `denominator` describe what is counted, `source` where the definition comes
    from. `needs` are kinds of fact without which it is not measured. `rows` is the command that
    lists the rows behind it. Those that count most have a `headline`. `references` are the controls
    that it is evidence of.
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
    headline: Headline | None = None
    references: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()

    def of(self, posture: Posture) -> Measured:
        """Return the measured value, or the reason for none."""
        known = posture.graph.declared | (stated_kinds(posture.graph) & PER_IDENTITY)
        lacking = [kind for kind in self.needs if kind not in known]
        if lacking:
            return Measured(None, because=f"no source declares {', '.join(lacking)}")
        measured = guarded(
            posture.faults, self.name, lambda: self._measured(posture), lambda: UNMEASURED
        )
        return UNMEASURED if measured.broken else measured

    def _measured(self, posture: Posture) -> Measured:
        try:
            return self.measure(posture)
        except PartFailed as failed:
            return Measured(None, because=failed.because)


def ratio(
    numerator: float, denominator: float, empty: str, unknown: float = 0, **detail: Any
) -> Measured:
    """Return a share; for an empty denominator, `empty` is the reason for no value.

    `unknown` is the further amount that may or may not belong to the numerator.
    """
    if unknown:
        detail |= {"unknown": unknown}
    if not denominator:
        return Measured(None, numerator, denominator, empty, detail)
    possible = denominator + unknown
    within = (
        (float(numerator / possible), float((numerator + unknown) / possible)) if unknown else None
    )
    return Measured(float(numerator / denominator), numerator, denominator, None, detail, within)


@dataclass(frozen=True)
class Population:
    """The population of the figures.

    `owed` has the sums of all accountable identities. `identities` (numbers) are those in service;
    `place` are their positions in `owed`. `exposure` (float64) is that of each one's
    entitlements. `known` is a mask of the identities whose access is known, `reach_known` of those
    whose reach is known.
    """

    owed: Sums
    identities: np.ndarray
    place: np.ndarray
    exposure: np.ndarray
    known: np.ndarray
    reach_known: np.ndarray

    @cached_property
    def empty(self) -> str:
        """Why there is no exposure, if there is none."""
        if total(self.owed).known:
            return "no accountable identity has an entitlement"
        return NOT_KNOWN

    @property
    def unreached(self) -> str | None:
        """Why no reach is measured, if it is known of no identity."""
        if not len(self.identities) or self.reach_known.any():
            return None
        return "of no accountable identity in service is it known what it reaches"

    @cached_property
    def every_exposure(self) -> float:
        """The exposure of all entitlements, also of identities out of service."""
        return float(self.owed.exposure.sum())

    def broken(self, assumption: str) -> np.ndarray:
        """Return the exposure of each identity for which an assumption is broken (float64)."""
        return np.asarray(self.owed.broken[:, NUMBER[assumption]])

    def unknown(self, assumption: str) -> np.ndarray:
        """Return the exposure of each identity for which an assumption is unknown (float64)."""
        return np.asarray(self.owed.unknown[:, NUMBER[assumption]])


@once
def population(posture: Posture) -> Population:
    """Return the population of the figures, once for a posture."""
    owed = sums_of(posture)
    place = np.flatnonzero(alive(posture)[posture.accountable])
    identities = posture.accountable[place]
    return Population(
        owed=owed,
        identities=identities,
        place=place,
        exposure=owed.exposure[place],
        known=owed.known[place],
        reach_known=posture.reach_known[identities],
    )


def owed(posture: Posture) -> Total | None:
    """Return the total debt of all identities; None if the access of none is known."""
    amounts = total(population(posture).owed)
    return amounts if amounts.known else None


def not_owed() -> Measured:
    """Return the measure of an unknown debt."""
    return Measured(None, because=NOT_KNOWN)


def of_exposure(
    posture: Posture,
    share: Measured,
    within: np.ndarray | None = None,
    outside: np.ndarray | None = None,
) -> Measured:
    """Return a share of exposure, with what the access may do to it that nobody could state.

    `within` and `outside` are masks of the identities in service whose exposure may be in the
    numerator, and outside it; by default that of any identity may be either.
    """
    judged = population(posture)
    if share.value is None or judged.owed.known.all():
        return share
    low, high = share.range or (share.value, share.value)
    may_rise, may_fall = (m is None or bool((m & ~judged.known).any()) for m in (within, outside))
    return replace(share, range=(0.0 if may_fall else low, 1.0 if may_rise else high))


def kept_share(posture: Posture, assumption: str, empty: str) -> Measured:
    """Return the share of known exposure for which an assumption holds.

    Identities to which it does not apply, as a role has no declared scope, are in neither part.
    `detail` counts identities in the same way: those for whose every entitlement it holds.
    """
    judged = population(posture)
    broken, unknown = judged.broken(assumption), judged.unknown(assumption)
    applies = judged.owed.applicable[:, NUMBER[assumption]] > 0
    known = float((judged.owed.exposure * applies - unknown).sum())
    counted = ((judged.owed.count > 0) & applies & ~(unknown > 0))[judged.place]
    share = ratio(
        known - float(broken.sum()),
        known,
        empty if judged.every_exposure else judged.empty,
        unknown=float(unknown.sum()),
        identities=int((counted & ~(broken[judged.place] > 0)).sum()),
        of_identities=int(counted.sum()),
    )
    return of_exposure(posture, share)
