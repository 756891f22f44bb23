"""Walks through a history that go on where an earlier walk ended."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from analytics.history import Unread
from analytics.kept.answers import Place, place_of, worth_it

State = TypeVar("State")
Step = Callable[[State | None, Unread | None, Unread], State]

EVERY = 16  # of so many states one stays, for a walk that an older export changes from there on


def walked(step: Step[State], chain: Sequence[Unread]) -> State | None:
    """Return the state after the last snapshot of `chain`, None without any.

    `step(state, before, snapshot)` returns the state after a snapshot, from that after the one
    `before` it; both are None at the first. States are kept beside their snapshots, and the walk
    goes on from the last that is kept: a further snapshot costs one step, and reads only itself and
    the one before. The chain must be all snapshots up to its last, as the key of a state says that.
    """
    name = f"{step.__module__}.{step.__qualname__}"
    places = [place_of(name, snapshot, ()) for snapshot in chain]
    state: State | None
    state, reached = _last_kept(places)
    began, sound = time.process_time(), True
    for number in range(reached, len(chain)):
        snapshot, place = chain[number], places[number]
        state = step(state, chain[number - 1] if number else None, snapshot)
        sound = sound and place is not None and place.sound(snapshot.postures)
        wanted = number == len(chain) - 1 or number % EVERY == 0
        if sound and wanted and place is not None and worth_it(began) and place.still_so():
            place.save(state)
            _forget(places, number - 2)
    return state


def _last_kept(places: Sequence[Place | None]) -> tuple[Any, int]:
    """Return the last state that is kept, and the number of snapshots that it covers."""
    for number in range(len(places), 0, -1):
        place = places[number - 1]
        if place is not None and (kept := place.load()) is not None:
            return kept[0], number
    return None, 0


def _forget(places: Sequence[Place | None], number: int) -> None:
    """Delete the state of a snapshot that two later ones made needless, unless it is to stay."""
    if number > 0 and number % EVERY and (place := places[number]) is not None:
        place.drop()
