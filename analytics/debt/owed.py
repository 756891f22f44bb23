"""The debt owed by a posture, without interest for the time in which items were accepted.

An estate has up to as many entitlements as identities times grants. So what needs sums only takes
`sums_of`, and what needs some items goes through `parts_of`: neither ever holds more than a block
of the items, however many there are. `debt_of` holds them all.
"""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from analytics.assumptions.by_holder import sums_by_holder
from analytics.assumptions.entitlements import (
    blocks_of,
    entering,
    entitlements_of,
    in_one_block,
)
from analytics.assumptions.items import (
    Debt,
    Sums,
    assess_items,
    items_in_parts,
    items_of,
    with_pauses,
)
from analytics.assumptions.model import Model, model
from analytics.debt.pauses import accepted_nodes, pauses
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.once import once


def debt_of(posture: Posture, by: Model | None = None) -> Debt:
    """Return the trust debt of a posture with all its items, computed once for each model."""
    return _owed(posture, model() if by is None else by)


@once
def _owed(posture: Posture, by: Model) -> Debt:
    return _paused(posture, items_of(posture, by))


def _paused(posture: Posture, owed: Debt) -> Debt:
    stood = pauses(posture, owed)
    return owed if stood is None else with_pauses(owed, stood.time, stood.now)


def sums_of(posture: Posture, by: Model | None = None) -> Sums:
    """Return what each accountable identity of a posture owes, computed once for each model."""
    return _sums(posture, model() if by is None else by)


@once
@kept
def _sums(posture: Posture, by: Model) -> Sums:
    if in_one_block(posture, by):
        return Sums(**_fields(debt_of(posture, by)))
    sums = sums_by_holder(posture, by)
    _pause(posture, by, sums)
    return sums


def _fields(sums: Sums) -> dict[str, Any]:
    return {field.name: getattr(sums, field.name) for field in fields(Sums)}


def _pause(posture: Posture, by: Model, sums: Sums) -> None:
    """Put in place the sums of those identities of whose items some were accepted."""
    about = entering(posture, accepted_nodes(posture))[sums.identities]
    places = np.flatnonzero(about)
    for units in blocks_of(posture, by, sums.identities[places]):
        paused = _fields(_paused(posture, assess_items(posture, by, units)))
        at = places[units.begin : units.end]
        for name, values in paused.items():
            if isinstance(values, np.ndarray):
                getattr(sums, name)[at] = values


def parts_of(posture: Posture, by: Model | None = None) -> Iterator[Debt]:
    """Yield the debt of some identities after the other, with its items.

    A small estate has one part, which is `debt_of` it.
    """
    by = model() if by is None else by
    if in_one_block(posture, by):
        yield debt_of(posture, by)
        return
    for part in items_in_parts(posture, by):
        yield _paused(posture, part)


def part_of(posture: Posture, place: int, by: Model | None = None) -> Debt:
    """Return a part of the debt that has all of the identity at a place (in `accountable`)."""
    by = model() if by is None else by
    if in_one_block(posture, by):
        return debt_of(posture, by)
    return _paused(posture, assess_items(posture, by, entitlements_of(posture, by, place)))
