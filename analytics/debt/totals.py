"""Totals of trust debt: of all identities, or of groups of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from analytics.assumptions.entitlements import blocks
from analytics.assumptions.families.credentials import credential_pairs
from analytics.assumptions.items import Sums
from analytics.assumptions.model import ASSUMPTIONS, NOT_RATED, Model, model
from analytics.debt.owed import sums_of
from analytics.evidence.deciding import DENIED
from analytics.findings.families.evidence import by_software
from analytics.findings.families.leaks import leaked
from analytics.posture import Posture
from graph.once import once
from graph.schema import CREDENTIAL

ALARM = (
    "a credential that leaked still opens something, or an action that policy denied still went "
    "through"
)
FAILED = "an assumption could not be judged, by a fault of trustdebt"
ORPHAN = "nobody in any role answers for an identity that can do much"
NOT_KNOWN = "of no identity is it known what it may use"
NO_DATA = "it is a day before any data"
ALL_BUT_ROUNDING = 1 - 1e-9  # sums of the same exposures in another order may differ by so much


@dataclass(frozen=True)
class Caps:
    """The reasons that cap a grade, for each accountable identity (masks).

    `alarm`: it holds a live leaked credential, or did what was denied. `orphan`: it has no owner in
    any role, and holds heavy access. `usage`: for the whole estate, whether any source declares
    use; `before_data`: whether the moment lies before any data.
    """

    alarm: np.ndarray
    orphan: np.ndarray
    usage: bool
    before_data: bool


@dataclass(frozen=True)
class Total:
    """The debt of a set of identities.

    `identities` counts them, `not_known` those whose access no source could declare: the sums do
    not cover these.
    """

    debt: float
    principal: float
    interest: float
    applicable: float
    unverified: float
    cap: float
    identities: int
    not_known: int

    @classmethod
    def of(cls, sums: Sequence[float], cap: float, known: np.ndarray) -> "Total":
        """Build a total from its sums, in the order of the fields, and the cap of the model.

        `known` is a mask of the identities whose access is known.
        """
        debt, principal, interest, applicable, unverified = map(float, sums)
        count = int(np.count_nonzero(~known))
        return cls(debt, principal, interest, applicable, unverified, cap, len(known), count)

    @property
    def known(self) -> bool:
        """Whether the sums are meaningful: not if the access of every identity is unknown."""
        return not self.not_known or self.not_known < self.identities

    @property
    def most(self) -> float:
        """The most that could be owed."""
        return (1 + self.cap) * self.applicable

    @property
    def ratio(self) -> float:
        """Debt as a share of the most that could be owed: the trust debt ratio."""
        return self.debt / self.most if self.most else 0.0

    @property
    def verified(self) -> bool:
        """Whether the ratio says anything: not if all of the exposure is unverified."""
        return not self.applicable or self.unverified < self.applicable * ALL_BUT_ROUNDING

    @property
    def range(self) -> tuple[float, float]:
        """The ratio if all unknown exposure were kept, and if all of it were long broken."""
        if not self.most:
            return 0.0, 0.0
        return self.ratio, (self.debt + (1 + self.cap) * self.unverified) / self.most

    @property
    def coverage(self) -> float:
        """The share of the exposure that is known to be kept or broken."""
        return 1 - self.unverified / self.applicable if self.applicable else 1.0

    @property
    def lag(self) -> float | None:
        """Debt divided by principal: one more than the average number of missed cycles."""
        return self.debt / self.principal if self.principal else None


def total(owed: Sums, which: np.ndarray | slice = slice(None)) -> Total:
    """Add up the debt of the identities at some places (default: all)."""
    return Total.of([s[which].sum() for s in _sums(owed)], owed.model.cap, owed.known[which])


def rated(of: Total, by: Model, alarm: bool, orphan: bool, caps: Caps) -> tuple[str, str | None]:
    """Return the grade of a total, and the reason if it differs from the grade of its ratio.

    `alarm` and `orphan`: whether any identity in the total has that cap.
    """
    if caps.before_data:
        return NOT_RATED, NO_DATA
    if np.isnan(of.debt):
        return NOT_RATED, FAILED
    plain = by.grade(of.ratio)
    if alarm:
        return max(plain, "D"), ALARM if plain < "D" else None
    if orphan:
        return max(plain, "C"), ORPHAN if plain < "C" else None
    if not of.known:
        return NOT_RATED, NOT_KNOWN
    if of.not_known > (1 - by.least_coverage) * of.identities:
        least = f"{by.least_coverage:.0%}"
        return NOT_RATED, f"of less than {least} of the identities it is known what they may use"
    if not of.applicable:
        return NOT_RATED, "there is nothing to owe for"
    if of.coverage < by.least_coverage:
        return NOT_RATED, f"less than {by.least_coverage:.0%} of the exposure is verified"
    return (plain, None) if caps.usage else (NOT_RATED, "no source sees use")


def graded(
    posture: Posture, owed: Sums, which: np.ndarray | slice = slice(None)
) -> tuple[str, str | None]:
    """Return the grade of the identities at some places, with the reason of `rated`."""
    caps = caps_of(posture, owed.model)
    capped = bool(caps.alarm[which].any()), bool(caps.orphan[which].any())
    return rated(total(owed, which), owed.model, *capped, caps)


def caps_of(posture: Posture, by: Model | None = None) -> Caps:
    """Return the caps of the grades of a posture."""
    return _caps(posture, model() if by is None else by)


@once
def _caps(posture: Posture, by: Model) -> Caps:
    owed = sums_of(posture, by)
    heavy = owed.heaviest >= by.orphan_exposure
    return Caps(
        holds_leaked(posture) | _denied(posture, by),
        posture.ownership.nobody()[owed.identities] & heavy,
        "usage" in posture.graph.declared,
        posture.before_data,
    )


def holds_leaked(posture: Posture) -> np.ndarray:
    """Return a mask of the accountable identities that hold a live leaked credential."""
    frame, pairs = posture.graph.frames[CREDENTIAL], credential_pairs(posture)
    which = leaked(posture)[posture.graph.numbers(frame["id"])]
    mask = np.zeros(len(posture.accountable), bool)
    mask[pairs.place[which[pairs.row]]] = True
    return mask


def _denied(posture: Posture, by: Model) -> np.ndarray:
    """Return a mask of the identities that did, or act as one that did, what had been denied.

    By the uses that EVD-02 finds: those of the last 90 days.
    """
    identities = by_software(posture, DENIED)["identity"].to_numpy(np.int64)
    denied = np.isin(posture.accountable, identities)
    if not len(identities):
        return denied
    for units in blocks(posture, by):
        denied[units.place[np.isin(units.holder, identities)]] = True
    return denied


# -- groups -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Group:
    """The debt of one group of identities; `key` is what they have in common.

    `because` is the reason if the grade differs from that of its ratio.
    """

    key: object
    total: Total
    grade: str | None
    because: str | None = None


Places = np.ndarray | slice


def by_assumption(owed: Sums, which: Places = slice(None)) -> Iterator[Group]:
    """Yield the debt of each assumption, over the identities at some places."""
    added = [s[which].sum(axis=0) for s in _sums(owed)]
    for k, name in enumerate(ASSUMPTIONS):
        part = Total.of([a[k] for a in added], owed.model.cap, owed.known[which])
        yield Group(name, part, None)


def grouped(
    posture: Posture, owed: Sums, key: np.ndarray, which: Places = slice(None)
) -> Iterator[Group]:
    """Yield the debt of each group of identities with the same key (any sortable values)."""
    names, group = np.unique(key[which], return_inverse=True)
    caps = caps_of(posture, owed.model)
    added = [np.bincount(group, s[which].sum(axis=1), len(names)) for s in _sums(owed)]
    alarm = np.bincount(group, caps.alarm[which], len(names)) > 0
    orphan = np.bincount(group, caps.orphan[which], len(names)) > 0
    known, order = owed.known[which], np.argsort(group, kind="stable")
    begin = np.searchsorted(group[order], np.arange(len(names) + 1))
    for k, name in enumerate(names):
        members = order[begin[k] : begin[k + 1]]
        part = Total.of([a[k] for a in added], owed.model.cap, known[members])
        yield Group(name, part, *rated(part, owed.model, bool(alarm[k]), bool(orphan[k]), caps))


def _sums(owed: Sums) -> tuple[np.ndarray, ...]:
    """Return the sums of a debt in the order of the fields of `Total`."""
    return owed.debt, owed.principal, owed.interest, owed.applicable, owed.unverified
