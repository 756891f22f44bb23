"""Drill: the leak of some credentials played through, from whose they are to what outlives them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, as_json, instants, objects
from analytics.answers.what_if import uses
from analytics.figures.revocation.survival import Survival
from analytics.figures.revocation.time_to_dead import time_to_dead
from analytics.posture import Filter, Posture
from analytics.reach.joint import Joint
from analytics.remediation.handover import Target, handover
from analytics.remediation.leak.kill import ended_by, kill_set_of_leak
from analytics.remediation.leak.opened import Opened, opened
from analytics.remediation.leak.outliving import Outliving, outliving
from analytics.remediation.leak.rotation import UNOBSERVABLE, broken_uses, rotation
from analytics.remediation.leak.selection import Selection, selected
from analytics.weights import UNKNOWN
from graph.schema import CREDENTIAL, SENSITIVITIES

LISTED = 100  # uses listed in one row of the rotation; `uses` counts all
NAMED = 3  # nodes named in a sentence
ITSELF = {"thing": Kind.ITSELF}


@dataclass(frozen=True)
class Drill:
    """A leak of credentials, played through; see `drill`.

    `credentials` has, after the node itself, `type`, `storage`, `created_at`, `last_used_at` and
    `bound`; `dead` has `status` and `expires_at`. `identities` has `authenticated_by` and `uses`,
    counts of the leaked credentials. `kill_set` has `kind`, `action`, `shared`, and `command`,
    `place` and `undo` of its hand-over. `rotation` has `credential` (a node), `order`, `use`,
    `breaks` (a list), `uses`, `unobserved` and `weighted`.
    `alive_after_kill` has `by` (a node), `relationship`, `rule`, `resources` and `weighted`.
    Weights and counts of reach are null where it is not known.
    `still_reachable` has `sensitivity`, `levels`, `weight` and `through` (a node).
    """

    sentence: str
    notes: list[str]
    mode: str
    credentials: Table
    dead: Table
    identities: Table
    reach: dict[str, Any]
    kill_set: Table
    rotation: Table
    alive_after_kill: Table
    alive_reach: dict[str, Any]
    still_reachable: Table
    hours_to_dead: dict[str, Any]
    counts: dict[str, int]
    left_out: int


@dataclass(frozen=True)
class _Played:
    """A leak played through: what the live credentials open, what ends it, and what outlives it."""

    opened: Opened
    kill_set: pd.DataFrame
    broken: pd.DataFrame
    rotation: pd.DataFrame
    outliving: Outliving

    @classmethod
    def of(cls, posture: Posture, keys: np.ndarray, mode: str) -> "_Played":
        opens, kill = opened(posture, keys, mode), kill_set_of_leak(posture, keys, mode)
        broken = broken_uses(posture, keys)
        return cls(
            opens,
            kill,
            broken,
            rotation(posture, keys, broken, mode),
            outliving(posture, opens.reach, ended_by(kill), mode),
        )


def drill(posture: Posture, selection: Selection, mode: str = "standing", limit: int = 0) -> Drill:
    """Return the effect of a leak of all credentials of a `selection` at once.

    `credentials` are the live ones. Those that are `dead` are listed, and count for nothing.
    `identities` are those that they authenticate as, and the agents that use them. `reach` is the
    joint reach of whoever has them all, each resource and level once: None if no source could have
    stated it, and a lower bound if that is so of some credentials (`not_known`).

    `kill_set` is what ends the leak, in order. `rotation` is the order of ending the credentials
    that breaks least. Its `breaks` are the observed uses that fail if that one alone is ended, as
    `what-if` has them; its `use` is `not_observable` where nobody could have seen any.

    `alive_after_kill` are possible footholds: what could be taken over for good with the
    credentials while they were live (`analytics.remediation.leak.outliving`). `still_reachable` is
    what those reach after the kill. `hours_to_dead` is how long credentials of this estate lived on
    after they should have ended, so far. Each list is cut at `limit`; `counts` has its length.

    Raises
    ------
    WrongSelection, WrongSelector, UnknownThing, AmbiguousThing
    """
    return drill_of(posture, selected(posture, selection), mode, limit)


def drill_of(
    posture: Posture, credentials: np.ndarray, mode: str = "standing", limit: int = 0
) -> Drill:
    """Return the effect of a leak of credentials (numbers of nodes); see `drill`."""
    live = posture.graph.live[credentials]
    keys, dead = credentials[live], credentials[~live]
    played = _Played.of(posture, keys, mode)
    reachable = played.outliving.reach.resources
    heavy = played.outliving.reach.weights(posture.sensitivities["weight"].to_numpy())
    identities = _identities(played.opened)
    lists: dict[str, Any] = {
        "credentials": keys,
        "dead": dead,
        "identities": identities,
        "kill_set": played.kill_set,
        "rotation": played.rotation,
        "alive_after_kill": played.outliving.footholds,
        "still_reachable": np.lexsort((reachable, -heavy)),
    }
    shown = {name: cut(rows, limit)[0] for name, rows in lists.items()}
    counts = {name: len(rows) for name, rows in lists.items()}
    reach, alive = _reach(posture, played.opened), _alive(posture, played)
    return Drill(
        sentence=_sentence(posture, played, reach, alive),
        notes=_notes(played, len(dead)),
        mode=mode,
        credentials=_credentials(posture, shown["credentials"], played.opened),
        dead=_dead(posture, shown["dead"]),
        identities=Table(shown["identities"], posture.graph.things, {"identity": Kind.ITSELF}),
        reach=reach,
        kill_set=_killed(posture, shown["kill_set"]),
        rotation=_rotation(posture, shown["rotation"], played.broken, mode),
        alive_after_kill=_footholds(posture, shown["alive_after_kill"], mode),
        alive_reach=alive,
        still_reachable=_reachable(posture, played.outliving.reach, shown["still_reachable"]),
        hours_to_dead=_hours(posture),
        counts=counts,
        left_out=sum(counts[name] - len(rows) for name, rows in shown.items()),
    )


# -- the credentials, and whose they are -------------------------------------------------------


def _rows_of(posture: Posture, credentials: np.ndarray) -> pd.DataFrame:
    """Return the facts of credentials (numbers), in their order."""
    frame = posture.graph.frames[CREDENTIAL]
    row = np.full(len(posture.graph.ids), -1, np.int64)
    row[posture.graph.numbers(frame["id"])] = np.arange(len(frame))
    facts: pd.DataFrame = frame.iloc[row[credentials]]
    return facts


def _credentials(posture: Posture, keys: np.ndarray, opens: Opened) -> Table:
    facts = _rows_of(posture, keys)
    columns = {
        "thing": keys,
        "type": facts["type"].array,
        "storage": facts["storage"].array,
        "created_at": facts["created_at"].array,
        "last_used_at": instants(posture.activity.last_active[keys]).array,
        "bound": opens.bound[: len(keys)],
    }
    return Table(pd.DataFrame(columns), posture.graph.things, ITSELF)


def _dead(posture: Posture, dead: np.ndarray) -> Table:
    facts = _rows_of(posture, dead)
    columns = {
        "thing": dead,
        "status": facts["status"].array,
        "expires_at": facts["expires_at"].array,
    }
    return Table(pd.DataFrame(columns), posture.graph.things, ITSELF)


def _identities(opens: Opened) -> pd.DataFrame:
    """Return each identity with the counts of credentials that authenticate as it and it uses."""
    parts = {"authenticated_by": opens.taken_for, "uses": opens.used_by}
    counts = [part.set_index("identity")["keys"].rename(name) for name, part in parts.items()]
    both = pd.concat(counts, axis=1).fillna(0).astype(np.int64).rename_axis("identity")
    rows = both.reset_index()
    order = np.lexsort((rows["identity"], -rows["uses"], -rows["authenticated_by"]))
    identities: pd.DataFrame = rows.iloc[order].reset_index(drop=True)
    return identities


# -- what they open, and what is left -----------------------------------------------------------


def _reach(posture: Posture, opens: Opened) -> dict[str, Any]:
    not_known = int(np.count_nonzero(~opens.complete))
    figures = _figures(posture, opens.reach, opens.reach_known)
    return figures | {"not_known": not_known, "of_credentials": len(opens.keys)}


def _alive(posture: Posture, played: _Played) -> dict[str, Any]:
    return _figures(posture, played.outliving.reach, played.opened.reach_known)


def _figures(posture: Posture, reach: Joint, known: bool) -> dict[str, Any]:
    classes = (*SENSITIVITIES, UNKNOWN)
    of = int((posture.sensitivities["stated"] != "").sum())
    if not known:
        nothing = {"resources": None, "of": of, "weighted": None}
        return nothing | {"by_sensitivity": dict.fromkeys(classes)}
    stated = posture.sensitivities["stated"].iloc[reach.resources].value_counts()
    return {
        "resources": len(reach.resources),
        "of": of,
        "weighted": float(reach.weights(posture.sensitivities["weight"].to_numpy()).sum()),
        "by_sensitivity": {name: int(stated.get(name, 0)) for name in classes},
    }


def _footholds(posture: Posture, rows: pd.DataFrame, mode: str) -> Table:
    known = posture.known(Filter(mode)).known[rows["thing"].to_numpy(np.int64)]
    rows = rows.assign(
        resources=rows["resources"].astype("Int64").where(known),
        weighted=rows["weighted"].astype("Float64").where(known),
    )
    return Table(rows, posture.graph.things, ITSELF | {"by": Kind.NODE})


def _reachable(posture: Posture, reach: Joint, shown: np.ndarray) -> Table:
    resources = reach.resources[shown]
    stated = posture.sensitivities["stated"].iloc[resources].astype("string")
    columns = {
        "thing": resources,
        "sensitivity": stated.mask(stated == UNKNOWN).array,
        "levels": reach.levels[resources],
        "weight": reach.weights(posture.sensitivities["weight"].to_numpy())[shown],
        "through": reach.through[shown].astype(np.int64),
    }
    kinds = ITSELF | {"levels": Kind.LEVELS, "through": Kind.NODE}
    return Table(pd.DataFrame(columns), posture.graph.things, kinds)


# -- what ends it ------------------------------------------------------------------------------


def _killed(posture: Posture, rows: pd.DataFrame) -> Table:
    """Describe what is to end, with what a person needs to end it."""
    steps = [
        handover(posture, action, Target(node=node))
        for node, action in zip(rows["thing"].tolist(), rows["action"].tolist(), strict=True)
    ]
    parts = {
        name: pd.array([getattr(step, name) for step in steps], dtype="string")
        for name in ("command", "place", "undo")
    }
    return Table(rows.assign(**parts), posture.graph.things, ITSELF)


def _rotation(posture: Posture, rows: pd.DataFrame, broken: pd.DataFrame, mode: str) -> Table:
    keys = rows["credential"].to_numpy(np.int64)
    columns = {
        "credential": keys,
        "order": np.arange(1, len(keys) + 1),
        "use": rows["use"].array,
        "breaks": _breaks(posture, keys, broken),
        "uses": rows["uses"].array,
        "unobserved": rows["unobserved"].array,
        "weighted": rows["weighted"].where(posture.known(Filter(mode)).known[keys]),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, {"credential": Kind.NODE})


def _breaks(posture: Posture, keys: np.ndarray, broken: pd.DataFrame) -> np.ndarray:
    """Return the first uses that break with each of `keys`, as a column of plain data."""
    rows = broken[broken["credential"].isin(keys)]
    rows = rows[rows.groupby("credential").cumcount() < LISTED]
    listed: dict[int, list[Any]] = {key: [] for key in keys.tolist()}
    plain = as_json(uses(posture, rows))
    for key, use in zip(rows["credential"].tolist(), plain, strict=True):
        listed[key].append(use)
    return objects([listed[key] for key in keys.tolist()])


def _hours(posture: Posture) -> dict[str, Any]:
    past = time_to_dead(posture)
    return _survived(past.every) | {"leaked": _survived(past.leaked)}


def _survived(past: Survival) -> dict[str, Any]:
    ended = int(past.ended.sum())
    return {
        "median": past.quantile(0.5),
        "p95": past.quantile(0.95),
        "from": ended + past.censored,
        "ended": ended,
        "censored": past.censored,
    }


# -- in words ----------------------------------------------------------------------------------


def _sentence(
    posture: Posture, played: _Played, reach: dict[str, Any], alive: dict[str, Any]
) -> str:
    keys, breaking = played.opened.keys, int((played.rotation["uses"] > 0).sum())
    if not len(keys):
        return "Nothing of this opens anything: every selected credential is dead."
    parts = [_opening(len(keys), reach)]
    taken = played.opened.taken_for["identity"].tolist()
    if taken:
        names = [posture.graph.thing(n)["name"] for n in taken[:NAMED]]
        more = f" and {len(taken) - NAMED:,} more" if len(taken) > NAMED else ""
        parts.append(f"They authenticate as {', '.join(names)}{more}.")
    parts.append(f"Ending {breaking:,} of {len(keys):,} breaks uses that were seen.")
    footholds = len(played.outliving.footholds)
    if footholds and alive["resources"] is not None:
        count = _plural(footholds, "possible foothold")
        parts.append(f"{count} may outlive that, with {_plural(alive['resources'], 'resource')}.")
    return " ".join(parts)


def _opening(keys: int, reach: dict[str, Any]) -> str:
    holder = f"Whoever has {'this credential' if keys == 1 else f'these {keys:,} credentials'}"
    if reach["resources"] is None:
        return f"{holder} answers to nobody; what they reach is not known."
    least = "at least " if reach["not_known"] else ""
    return (
        f"{holder} reaches {least}{_plural(reach['resources'], 'resource')} of {reach['of']:,}, "
        f"with a weight of {reach['weighted']:,.1f}, and nobody answers for what they do."
    )


def _notes(played: _Played, dead: int) -> list[str]:
    bound = int(played.opened.bound.sum())
    unseen = int((played.rotation["use"] == UNOBSERVABLE).sum())
    shared = int(played.kill_set["shared"].sum())
    notes = {
        "already dead: listed, and not counted": dead,
        "bound to a client or without a secret: a thief needs more than a copy": bound,
        "without any use seen, but nobody could have seen one: not unused": unseen,
        "of the kill set serve something else as well, which their end stops too": shared,
    }
    return [f"{count:,} {words}." for words, count in notes.items() if count]


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
