"""Cache of snapshots for the pages: each is read once for all sessions.

The pointer to the current snapshot is read again at each run of a page, so a new ingest shows up
automatically; a snapshot never changes, so its assessment is cached.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, wraps
from typing import Concatenate, ParamSpec, TypeVar

import pandas as pd
import streamlit as st

from analytics.findings.lifecycle.states import past as past_of
from analytics.history import posture_in
from analytics.kept.answers import kept as kept_beside
from analytics.posture import Posture
from app.web.page.tasks import Shelf
from graph.journal.journal import journal_of
from graph.machine.memory import release
from graph.once import once
from graph.stores import SnapshotInfo, Store, StoreEmpty, open_store, pick

T = TypeVar("T")
P = ParamSpec("P")

KEPT, ANSWERS = 3, 32  # in memory: assessed snapshots, and answers of each kind


@dataclass(frozen=True)
class Choice:
    """The snapshot and instant of a page, and the snapshots to choose from."""

    store: Store
    snapshots: tuple[SnapshotInfo, ...]
    snapshot: SnapshotInfo
    current: bool
    as_of: pd.Timestamp | None


@st.cache_resource(show_spinner=False)
def opened(uri: str | None) -> Store:
    """Open the store once, for reading only."""
    return open_store(uri)


@st.cache_resource(show_spinner=False, max_entries=KEPT)
def _listed(_store: Store, uri: str, current: str) -> tuple[SnapshotInfo, ...]:
    return tuple(reversed(_store.snapshots()))


def choose(uri: str | None, snapshot: str | None, as_of: pd.Timestamp | None) -> Choice:
    """Find the snapshot to show: the requested one, else the current one.

    Raises
    ------
    StoreError, NoSuchSnapshot
    """
    store = opened(uri)
    current = store.current()
    if current is None:
        raise StoreEmpty(f"{store.uri} holds no snapshot yet")
    listed = _listed(store, store.uri, current.id)
    wanted = pick(list(listed), snapshot) if snapshot else current
    return Choice(store, listed, wanted, wanted.id == current.id, as_of)


def read(choice: Choice) -> Posture:
    """Return the assessed posture of the chosen snapshot, from the cache if possible.

    Later decisions of people, on a page or on the command line, count at once.
    """
    as_of = None if choice.as_of is None else choice.as_of.isoformat()
    uri, snapshot = choice.store.uri, choice.snapshot.id
    key = (uri, snapshot, as_of, journal_of(uri).mark())
    return _POSTURES.get(key, "read", partial(posture_in, choice.store, snapshot, choice.as_of))


_SHELVES: list[Shelf] = []


def shelf(doing: str, size: int) -> Shelf:
    """Return a new shelf, which `forget` clears with all others."""
    _SHELVES.append(Shelf(doing, size))
    return _SHELVES[-1]


_POSTURES = shelf("Reading the snapshot…", KEPT)


_FORGOTTEN = threading.Event()


def forget() -> None:
    """Drop all assessed snapshots and what was answered; the next page frees their memory."""
    for each in _SHELVES:
        each.clear()
    _FORGOTTEN.set()


def free() -> None:
    """Free the memory of what was forgotten, which hangs together in circles with its page."""
    if _FORGOTTEN.is_set():
        _FORGOTTEN.clear()
        release()


def moment_of(posture: Posture) -> tuple[str, ...]:
    """Return the cache key of a posture: postures with equal keys give the same answers."""
    graph = posture.graph
    facts = graph.snapshot.hash if graph.snapshot else graph.facts.hash
    past = [info.id for info in past_of(posture)]
    return facts, graph.as_of.isoformat(), _mark(posture), *past


@once
def _mark(posture: Posture) -> str:
    """Return the mark of the journal when the posture was first used."""
    return posture.journal.mark() if posture.journal is not None else ""


def kept(
    answer: Callable[Concatenate[Posture, P], T],
) -> Callable[Concatenate[Posture, P], T]:
    """Cache the results of `answer(posture, ...)` by the key of the posture."""
    return kept_while("Working it out…")(answer)


def kept_while(
    doing: str, size: int = ANSWERS
) -> Callable[[Callable[Concatenate[Posture, P], T]], Callable[Concatenate[Posture, P], T]]:
    """Cache the results of `answer(posture, ...)`; a page says what is done, and how far it is.

    An answer about the whole estate is kept beside the snapshot, too; of those with arguments there
    are as many as clicks. The other arguments must be hashable. An answer that takes long can be
    cancelled (see `tasks`).
    """

    def remember(
        answer: Callable[Concatenate[Posture, P], T],
    ) -> Callable[Concatenate[Posture, P], T]:
        answers, beside = shelf(doing, size), kept_beside(answer)
        name = f"{answer.__module__}.{answer.__qualname__}"

        @wraps(answer)
        def kept_answer(posture: Posture, /, *arguments: P.args, **named: P.kwargs) -> T:
            asked = (arguments, *sorted(named.items()))
            make = answer if arguments or named else beside
            work = partial(make, posture, *arguments, **named)
            return answers.get((moment_of(posture), *asked), (name, *asked), work)

        return kept_answer

    return remember
