"""Time to dead: how long credentials lived on after they should have ended, so far.

A credential should have ended when a source reports that it leaked, when its term passed, or when
the identity that it authenticates as ended. It lives on as long as its status is none of the ended
ones. Each snapshot shows which live on. The first that does not, and for which the same source was
read again for credentials, ends the time: at the instant that it states, else at its own. One that
could not show it ends nothing, and the last one censors it. A leak without a date counts from the
first snapshot that shows it, so it lasted at least so long.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics.figures.revocation.element_states import in_sight, next_in_sight, scopes_in
from analytics.figures.revocation.survival import Survival, survival
from analytics.history import Unread
from analytics.kept.answers import kept
from analytics.kept.of_snapshots import looks, names_since
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.instants import DAY, LATER, NEVER, milliseconds
from graph.once import once
from graph.schema import AUTHENTICATES_AS, CREDENTIAL, CREDENTIAL_ENDED, IDENTITIES

HOUR = DAY // 24  # milliseconds
ENDED = ("disabled", "retired", "deleted")  # states of an identity


@dataclass(frozen=True)
class _Look:
    """What one snapshot shows: credentials that live on, and when the ended ones did.

    `overdue` has `id`, `since` (milliseconds), `leaked` (bool) and `scope`; `ended_at` is by id.
    `in_sight` is what its sources could state.
    """

    at: int
    in_sight: frozenset[str]
    overdue: pd.DataFrame
    ended_at: pd.DataFrame


@dataclass(frozen=True)
class TimeToDead:
    """The survival of credentials that should have ended, in hours; `leaked` is that of leaks."""

    every: Survival
    leaked: Survival


@once
def time_to_dead(posture: Posture) -> TimeToDead:
    """Estimate how long credentials lived on, from the snapshots up to this one (cached)."""
    shown = [
        _called(_look_at(snapshot), names)
        for snapshot, names in zip(looks(posture), names_since(posture), strict=True)
    ]
    shown = sorted(shown or [_look(posture.graph)], key=lambda look: look.at)
    spells = _spells(shown)
    leaks = spells[spells["leaked"].to_numpy(bool)]
    return TimeToDead(*(_survival(rows) for rows in (spells, leaks)))


def _survival(spells: pd.DataFrame) -> Survival:
    return survival(spells["hours"].to_numpy(float), spells["ended"].to_numpy(bool))


def _called(look: _Look, names: dict[str, str]) -> _Look:
    """Return what a snapshot shows under other ids."""
    if not names:
        return look
    overdue, ended_at = (
        rows.assign(id=[names.get(id_, id_) for id_ in rows["id"]])
        for rows in (look.overdue, look.ended_at)
    )
    return replace(look, overdue=overdue, ended_at=ended_at)


@kept
def _look_at(snapshot: Unread) -> _Look:
    return _look(snapshot.posture.graph)


def _look(graph: AccessGraph) -> _Look:
    frame = graph.frames[CREDENTIAL]
    dead = frame["status"].isin(CREDENTIAL_ENDED).to_numpy(bool)
    dated = np.maximum(milliseconds(frame["status_at"]), milliseconds(frame["deleted_at"]))
    leaked = (frame["status"] == "leaked").fillna(False).to_numpy(bool)
    since = _since(graph, frame, leaked)
    late, known = ~dead & (since != LATER), dead & (dated != NEVER)
    overdue = frame.loc[late, ["id", "source", "scope"]]
    return _Look(
        graph.now,
        in_sight(graph.coverage),
        pd.DataFrame(
            {
                "id": overdue["id"].to_numpy(object),
                "since": since[late],
                "leaked": leaked[late],
                "scope": scopes_in(overdue),
            }
        ),
        pd.DataFrame({"id": frame["id"][known].to_numpy(object), "ended_at": dated[known]}),
    )


def _since(graph: AccessGraph, frame: pd.DataFrame, leaked: np.ndarray) -> np.ndarray:
    """Return since when each credential should have ended (milliseconds), else `LATER`."""
    dated, expires = milliseconds(frame["status_at"]), milliseconds(frame["expires_at"])
    past = (expires != NEVER) & (expires <= graph.now)
    since: np.ndarray = np.minimum.reduce(
        [
            np.where(leaked, np.where(dated == NEVER, graph.now, dated), LATER),
            np.where(past, expires, LATER),
            _identity_ended(graph)[graph.numbers(frame["id"])],
        ]
    )
    return since


def _identity_ended(graph: AccessGraph) -> np.ndarray:
    """Return when the last identity that each credential authenticates as ended, else `LATER`."""
    end = np.full(len(graph.ids), LATER)
    for label in IDENTITIES:
        frame = graph.frames[label]
        at = np.maximum(milliseconds(frame["status_at"]), milliseconds(frame["deleted_at"]))
        known = frame["status"].isin(ENDED).to_numpy(bool) & (at != NEVER)
        end[graph.numbers(frame["id"][known])] = np.minimum(at[known], graph.now)
    in_force = graph.in_force(AUTHENTICATES_AS)
    key, identity = (ends[in_force] for ends in graph.ends(AUTHENTICATES_AS))
    last = np.full(len(graph.ids), NEVER)
    np.maximum.at(last, key, end[identity])
    return np.where(last == NEVER, LATER, last)


def _spells(looks: list[_Look]) -> pd.DataFrame:
    """Return how long each credential lived on without a break, whether it `ended` and `leaked`."""
    rows = pd.concat([look.overdue.assign(seen=n) for n, look in enumerate(looks)])
    rows = rows.sort_values(["id", "seen"], ignore_index=True)
    begins = rows["id"].ne(rows["id"].shift()).to_numpy(bool, copy=True)
    seen, scope = rows["seen"].to_numpy(np.int64), rows["scope"].to_numpy(object)
    of_look = [look.in_sight for look in looks]
    for row in np.flatnonzero(~begins & (np.diff(seen, prepend=0) > 1)).tolist():
        before = scope[row - 1], CREDENTIAL.name, int(seen[row - 1])
        begins[row] = next_in_sight(of_look, *before) < seen[row]
    spells = rows.groupby(np.cumsum(begins)).agg(
        id=("id", "first"),
        since=("since", "min"),
        last=("seen", "last"),
        scope=("scope", "last"),
        leaked=("leaked", "max"),
    )
    ends = zip(spells["scope"], spells["last"].tolist(), strict=True)
    after_each = [next_in_sight(of_look, each, CREDENTIAL.name, last) for each, last in ends]
    spells["after"] = np.array(after_each, np.int64)
    dead = pd.concat([look.ended_at.assign(after=n) for n, look in enumerate(looks)])
    spells = spells.merge(dead.drop_duplicates(["id", "after"]), on=["id", "after"], how="left")
    after, last = spells["after"].to_numpy(np.int64), spells["last"].to_numpy(np.int64)
    ended = after < len(looks)
    after = np.where(ended, after, last)
    at = np.array([look.at for look in looks], np.int64)
    stated = spells["ended_at"].astype("Int64").fillna(LATER).to_numpy(np.int64)
    until = np.where(ended, np.clip(stated, at[last], at[after]), at[last])
    hours = np.maximum(until - spells["since"].to_numpy(np.int64), 0) / HOUR
    return pd.DataFrame({"hours": hours, "ended": ended, "leaked": spells["leaked"].to_numpy(bool)})
