"""Ended identities, and how long each element of their kill sets outlived them.

Each snapshot shows which identities are no longer in service. The kill set of such an identity is
that of the last snapshot which shows it in service (`analytics.remediation.kill_set`), or of the
first that knows it; every later snapshot shows which of its elements are still alive, whatever
still ties them to the identity. A death lies between the last snapshot that shows the element alive
and the first that does not, or at the instant that a source states. An element that is gone with
its source is unknown: it lived at least until it was last seen. What comes back had not ended.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.figures.revocation.element_states import (
    ELEMENT,
    elements_of,
    in_sight,
    look_at,
    scopes,
    still_in_sight,
)
from analytics.figures.revocation.survival import Survival, survival
from analytics.findings.families.scope_use import outside
from analytics.history import Unread
from analytics.kept.walk import walked
from analytics.past import past
from analytics.posture import Posture
from analytics.residue import ended_at
from graph.identity.renamed_ids import names_in
from graph.instants import DAY, LATER, NEVER
from graph.once import once
from graph.schema import AGENT

SECOND = 1_000  # milliseconds
WINDOW_SECONDS = 86_400  # a kill is atomic if all is dead within so long after the identity's end
ALIVE, DEAD, UNKNOWN = "alive", "dead", "unknown"
NAMED = ("identity", "id", "source", "target")  # columns of elements with ids of nodes
COLUMNS = ("identity", *ELEMENT, "seen", "least", "most", "state")
ENDING = ("id", "label", "name", "ended", "drifted", "seen_before", "earliest")
INSTANTS = ("ended", "drifted", "earliest")
REVIVED = ("id", "deleted", "again", "facts")


@dataclass(frozen=True)
class Endings:
    """Ended identities and the elements of their kill sets; instants in milliseconds.

    `identities` has `id`, `label`, `name`, `ended` (`NEVER` where unknown), `drifted` (the first
    use outside its scope that its last snapshot in service shows, `NEVER` for none),
    `seen_before` (whether there is such a snapshot, so that the kill set is complete) and
    `earliest` (from when on it may have ended, `LATER` where that is unknown). `elements`
    has `identity` (an id), the columns of `elements_of`, `seen` (last seen alive), `least` and
    `most` (died between these; `LATER` while alive) and `state`. `revived` has `id`, `deleted`,
    `again` (the snapshot, or the creation) and `facts` (ids of elements that were still alive) of
    identities that a snapshot showed as deleted, or did not show, before they were made anew.
    """

    identities: pd.DataFrame
    elements: pd.DataFrame
    revived: pd.DataFrame

    def dated(self) -> pd.DataFrame:
        """Return the elements of dated ends, each once and from its first end on.

        `ended` (milliseconds) and `days` are added: how long it is known to have outlived the end.
        """
        rows = self.elements.assign(ended=self._ends().to_numpy(np.int64))
        rows = rows[rows["ended"] != NEVER].sort_values("ended", kind="stable")
        is_node = (rows["source"] == "").to_numpy(bool)
        key = [np.where(is_node, rows["id"], ""), *(rows[n] for n in ("label", "source", "target"))]
        rows = rows[
            ~pd.DataFrame(dict(enumerate(map(np.asarray, key)))).duplicated().to_numpy(bool)
        ]
        until = np.where(rows["state"] == DEAD, rows["most"], rows["seen"]).astype(np.int64)
        return rows.assign(days=np.maximum(until - rows["ended"].to_numpy(np.int64), 0) / DAY)

    def _ends(self) -> pd.Series:
        return self.elements["identity"].map(self.identities.set_index("id")["ended"])


def speed(rows: pd.DataFrame) -> Survival:
    """Return the survival estimate of rows of `Endings.dated`; what is not dead is censored."""
    return survival(rows["days"].to_numpy(float), (rows["state"] == DEAD).to_numpy(bool))


def late(ended: int, elements: pd.DataFrame, now: int) -> np.ndarray:
    """Return a mask of the elements that surely outlived the window after an end."""
    last = ended + WINDOW_SECONDS * SECOND
    state = elements["state"].to_numpy(object)
    over = (elements["least"].to_numpy(np.int64) > last) & (state == DEAD)
    return np.asarray(over | ((state == ALIVE) & (now > last)))


def atomic(ended: int, seen_before: bool, elements: pd.DataFrame, now: int) -> bool | None:
    """Return whether a kill set died within the window; None where that cannot be told.

    A death between two snapshots may lie on either side of the end of the window, and an element
    may be unknown, or alive before that end. Of an empty set there is nothing to tell.
    """
    if ended == NEVER or elements.empty:
        return None
    if late(ended, elements, now).any():
        return False
    in_time = elements["most"].to_numpy(np.int64) <= ended + WINDOW_SECONDS * SECOND
    dead = (elements["state"] == DEAD).to_numpy(bool)
    return True if seen_before and (in_time & dead).all() else None


@once
def endings(posture: Posture) -> Endings:
    """Follow all ended identities through the snapshots up to this one (cached)."""
    history, infos = posture.history, past(posture)
    chain = [Unread(history, info, info.taken_at) for info in infos] if history is not None else []
    before = chain[-1].posture if chain else None
    after = _next(walked(_after, chain), before, posture)
    return Endings(after.identities, after.elements, after.revived)


@dataclass(frozen=True)
class _Followed:
    """The frames of `Endings` after a snapshot, under its ids.

    `gone` are the ids of ended identities that it shows as deleted, or does not state, `in_sight`
    what sources could state at any moment so far.
    """

    identities: pd.DataFrame
    elements: pd.DataFrame
    revived: pd.DataFrame
    gone: tuple[str, ...]
    in_sight: frozenset[str]


def _after(state: _Followed | None, before: Unread | None, snapshot: Unread) -> _Followed:
    return _next(state, before.posture if before is not None else None, snapshot.posture)


def _next(state: _Followed | None, before: Posture | None, now: Posture) -> _Followed:
    """Return what is followed after a posture, from that after the one before."""
    tracked, names = _Tracked(state), {}
    if before is not None:
        names = names_in(now.graph, [before.graph.identities])
        tracked.rename(names)
    tracked.begin(before, now, names)
    tracked.update(now)
    return tracked.followed()


_End = tuple[str, str, int, int, bool, int]  # the columns of `ENDING` after the id


class _Tracked:
    """The ended identities and their elements so far, under the ids of the last snapshot seen."""

    def __init__(self, state: _Followed | None) -> None:
        self._ends: dict[str, _End] = {}
        self._gone: set[str] = set()  # of these, what was deleted, or no longer stated
        self.revived: list[tuple[str, int, int, tuple[str, ...]]] = []
        self.elements = _typed(pd.DataFrame({name: [] for name in COLUMNS}))
        self._in_sight: frozenset[str] = frozenset()  # at any moment so far
        if state is not None:
            self._ends = {row[0]: row[1:] for row in _rows(state.identities)}
            self._gone, self._in_sight = set(state.gone), state.in_sight
            self.revived = list(_rows(state.revived))
            self.elements = state.elements

    def followed(self) -> _Followed:
        """Return the state as frames."""
        rows = [(id_, *row) for id_, row in self._ends.items()]
        identities = pd.DataFrame(rows, columns=list(ENDING))
        return _Followed(
            identities.astype(dict.fromkeys(INSTANTS, np.int64) | {"seen_before": bool}),
            self.elements,
            pd.DataFrame(self.revived, columns=list(REVIVED)),
            tuple(sorted(self._gone)),
            self._in_sight,
        )

    def rename(self, names: dict[str, str]) -> None:
        """Replace ids by those of the next snapshot."""
        if not names:
            return
        self._ends = {names.get(id_, id_): row for id_, row in self._ends.items()}
        self._gone = {names.get(id_, id_) for id_ in self._gone}
        self.revived = [(names.get(row[0], row[0]), *row[1:]) for row in self.revived]
        columns = {n: [names.get(id_, id_) for id_ in self.elements[n]] for n in NAMED}
        self.elements = self.elements.assign(**columns)

    def begin(self, before: Posture | None, now: Posture, names: dict[str, str]) -> None:
        """Add the identities that ended since the snapshot before; drop those that are back."""
        self._drop(now)
        parts = [self.elements]
        for posture, number, id_ in _ended(before, now, names):
            if id_ not in self._ends:
                thing = posture.graph.thing(number)
                earliest, end = _ended_between(posture, now, id_)
                drift, before_it = _drifts(posture).get(number, NEVER), posture is not now
                named = thing["label"], thing["name"]
                self._ends[id_] = *named, end, drift, before_it, earliest
                parts.append(_elements(posture, number, id_, names))
        self.elements = pd.concat(parts, ignore_index=True)
        self._gone = {id_ for id_ in self._ends if is_gone(now, id_)}

    def _drop(self, now: Posture) -> None:
        """Forget the identities that are in service; note those that were made anew."""
        active = set(now.graph.things["id"].iloc[np.flatnonzero(now.in_service)])
        back = active & self._ends.keys()
        if not back:
            return
        for id_ in sorted(back & self._gone):
            self._revive(now, id_)
        self._ends = {id_: row for id_, row in self._ends.items() if id_ not in back}
        self.elements = self.elements[~self.elements["identity"].isin(back)]

    def _revive(self, now: Posture, id_: str) -> None:
        """Note an identity that was gone, unless it is as old as the one that ended."""
        ended, created = self._ends[id_][2], int(now.created_at[now.graph.number(id_)])
        if created == NEVER or created > ended:
            rows = self.elements[self.elements["identity"] == id_]
            facts = tuple(rows["id"][rows["state"] == ALIVE])
            again = now.graph.now if created == NEVER else created
            self.revived.append((id_, ended, again, facts))

    def update(self, now: Posture) -> None:
        """Look which elements are alive, and when the others died."""
        rows, at, before = self.elements, now.graph.now, self._in_sight
        self._in_sight |= in_sight(now.graph.coverage)
        if rows.empty:
            return
        earliest = np.array([self._ends[id_][-1] for id_ in rows["identity"]], np.int64)
        shown, state = look_at(now, rows, earliest, before), rows["state"].to_numpy(object).copy()
        seen, least, most = (rows[n].to_numpy(np.int64).copy() for n in ("seen", "least", "most"))
        dead = ~shown.alive & shown.read & (state != DEAD)
        stated = shown.died != NEVER
        died = np.clip(shown.died, seen, at)
        least[dead] = np.where(stated, died, seen)[dead]
        most[dead] = np.where(stated, died, at)[dead]
        state[~shown.alive & ~shown.read & (state != DEAD)] = UNKNOWN
        state[dead], state[shown.alive] = DEAD, ALIVE
        least[shown.alive] = most[shown.alive] = LATER
        seen[shown.alive] = at
        self.elements = rows.assign(id=shown.ids, seen=seen, least=least, most=most, state=state)


def _elements(posture: Posture, number: int, id_: str, names: dict[str, str]) -> pd.DataFrame:
    """Return the elements of an identity when it was last looked at, under the ids of `names`."""
    rows = elements_of(posture, number)
    now = posture.graph.now
    rows = rows.assign(identity=id_, seen=now, least=LATER, most=LATER, state=ALIVE)
    for column in NAMED[1:]:
        rows[column] = [names.get(each, each) for each in rows[column]]
    return _typed(rows)


def _rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    return zip(*(frame[column].tolist() for column in frame), strict=True)


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    numbers, others = ("kind", "seen", "least", "most"), ("shared",)
    types = {n: np.int64 if n in numbers else bool if n in others else object for n in COLUMNS}
    return rows[list(COLUMNS)].astype(types)


def _ended(
    before: Posture | None, now: Posture, names: dict[str, str]
) -> Iterator[tuple[Posture, int, str]]:
    """Yield the identities that ended: the posture to look at, the number there, the id now.

    Those that were in service before come first. One that is gone with its source has not ended,
    nor has one that is yet to be created.
    """
    if before is not None:
        numbers = before.accountable[before.in_service[before.accountable]]
        stated = before.graph.things["id"].to_numpy(object)[numbers].tolist()
        ids = [names.get(id_, id_) for id_ in stated]
        yield from _no_longer(before, now, numbers, ids)
    judged = now.graph.has_label(AGENT)
    judged[now.accountable] = True
    for number in np.flatnonzero(judged & now.graph.existing & ~now.in_service).tolist():
        yield now, number, str(now.graph.ids[number])


def _no_longer(
    before: Posture, now: Posture, numbers: np.ndarray, ids: Sequence[str]
) -> Iterator[tuple[Posture, int, str]]:
    number_now = now.graph.numbers(pd.Series(ids, dtype="string"))
    then, later = in_sight(before.graph.coverage), in_sight(now.graph.coverage)
    labels = before.graph.things["label"].to_numpy(object)[numbers]
    pairs = zip(scopes(before)[numbers], labels, strict=True)
    read = np.array([still_in_sight(*pair, then, later) for pair in pairs], bool)
    gone = np.where(number_now < 0, read, ~now.in_service[number_now])
    for place in np.flatnonzero(gone).tolist():
        yield before, int(numbers[place]), ids[place]


def _ended_between(last: Posture, now: Posture, id_: str) -> tuple[int, int]:
    """Return from when on an identity may have ended, and when it counts as ended.

    Both are the instant that a source states. Else it ended after the `last` snapshot that shows it
    in service, and counts as ended at the first that does not. Where there is none such, `last` is
    `now`, and nobody knows: `LATER` and `NEVER`.
    """
    number = now.graph.number(id_)
    at = int(ended_at(now)[number]) if number >= 0 else NEVER
    if at not in (NEVER, LATER):
        return at, at
    return (LATER, NEVER) if last is now else (last.graph.now, now.graph.now)


@once
def _drifts(posture: Posture) -> dict[int, int]:
    """Return the first use of each identity outside its declared scope (cached)."""
    first = outside(posture).groupby("identity")["first"].min()
    return {int(str(number)): int(at) for number, at in first.items()}


def is_gone(now: Posture, id_: str) -> bool:
    """Return whether an identity is deleted, or no longer stated."""
    number = now.graph.number(id_)
    return number < 0 or bool(now.deleted[number])
