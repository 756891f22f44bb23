"""Kill sets of ended identities: what of them is alive, how long the rest lived, what came back."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, when
from analytics.answers.table import THING, Kind, Table, instants, objects
from analytics.figures.revocation.endings import (
    ALIVE,
    DEAD,
    SECOND,
    UNKNOWN,
    WINDOW_SECONDS,
    Endings,
    atomic,
    is_gone,
    late,
    speed,
)
from analytics.findings.families.revived_names import revived_names
from analytics.posture import Posture
from analytics.remediation.kill_set import KINDS
from graph.frames import records
from graph.instants import NEVER

COUNTED = (("elements", None), ("alive", ALIVE), ("dead", DEAD), ("unknown", UNKNOWN))


def of_identity(ended: Endings, id_: str | None) -> Endings:
    """Keep one identity; all without one."""
    if id_ is None:
        return ended
    return Endings(
        ended.identities[ended.identities["id"] == id_].reset_index(drop=True),
        ended.elements[ended.elements["identity"] == id_].reset_index(drop=True),
        ended.revived[ended.revived["id"] == id_].reset_index(drop=True),
    )


def kill_sets(posture: Posture, ended: Endings, limit: int) -> tuple[Table, int]:
    """Return a row for each ended identity, what is alive of it first, and how many are left out.

    `elements`, `alive`, `dead` and `unknown` are counts. `atomic` is whether all died within the
    window, None where that cannot be told. `started_at` is the first death or the end itself,
    `completed_at` the last death (null while something is alive), and `seconds` from the end to
    that. `out_of_scope_at` is the first use outside the declared scope, and `lag_seconds` from that
    to the completion, or until now. `stragglers` are alive, or surely died after the window. `gone`
    is whether the identity is deleted, or no source lists it any more.
    """
    by_identity = dict(list(ended.elements.groupby("identity", sort=False)))
    none = ended.elements.iloc[:0]
    rows = [
        _kill_set(posture, row, by_identity.get(row.id, none)) for row in records(ended.identities)
    ]
    rows.sort(key=lambda row: (-row["alive"], row["id"]))
    shown, left_out = cut(rows, limit)
    columns = list(rows[0]) if rows else [*THING, "alive"]
    frame = pd.DataFrame({name: objects([row[name] for row in shown]) for name in columns})
    return Table(frame, posture.graph.things), left_out


def _kill_set(posture: Posture, row: Any, elements: pd.DataFrame) -> dict[str, Any]:
    now, ended = posture.graph.now, int(row.ended)
    state, deaths = elements["state"], elements["most"][elements["state"] == DEAD]
    counts = {
        name: len(elements) if wanted is None else int((state == wanted).sum())
        for name, wanted in COUNTED
    }
    over = bool((state == DEAD).all()) and len(elements) > 0
    completed = int(deaths.max()) if over else NEVER
    started = min([*deaths.tolist(), *([ended] if ended != NEVER else [])], default=NEVER)
    lag = _seconds(row.drifted, completed if over else now) if len(elements) else None
    loose = elements[late(ended, elements, now)] if ended != NEVER else elements[state == ALIVE]
    return {
        **{part: getattr(row, part) for part in THING},
        "gone": is_gone(posture, row.id),
        "ended_at": when(ended),
        "seen_before": bool(row.seen_before),
        **counts,
        "atomic": atomic(ended, bool(row.seen_before), elements, now),
        "started_at": when(started),
        "completed_at": when(completed),
        "seconds": _seconds(ended, completed),
        "out_of_scope_at": when(int(row.drifted)),
        "lag_seconds": lag,
        "stragglers": [_straggler(each, ended, now) for each in records(loose)],
    }


def _straggler(element: Any, ended: int, now: int) -> dict[str, Any]:
    dead = element.state == DEAD
    return {
        **{part: getattr(element, part) for part in THING},
        "kind": KINDS[element.kind],
        "state": element.state,
        "died_at": when(element.most) if dead else None,
        "alive_seconds": _seconds(ended, element.most if dead else now),
    }


def _seconds(since: int, until: int) -> float | None:
    if NEVER in (since, until):
        return None
    return max(0, until - since) / SECOND


def time_to_kill(ended: Endings) -> dict[str, Any]:
    """Return how long the elements of kill sets outlived the end, by Kaplan and Meier.

    What is alive, or unknown, is censored. `window_seconds` is that of `atomic`.
    """
    rows = ended.dated()
    by_kind = [
        {"kind": word} | _speed(of_kind)
        for kind, word in KINDS.items()
        if len(of_kind := rows[rows["kind"] == kind])
    ]
    return _speed(rows) | {"window_seconds": WINDOW_SECONDS, "by_kind": by_kind}


def _speed(rows: pd.DataFrame) -> dict[str, Any]:
    estimate = speed(rows)
    return {
        "median_days": estimate.quantile(0.5),
        "p95_days": estimate.quantile(0.95),
        "censored": estimate.censored,
        "ended": len(rows) - estimate.censored,
    }


def loose_elements(ended: Endings) -> pd.DataFrame:
    """Return what is alive of ended identities, whatever ties it to them now.

    Returns
    -------
    DataFrame
        `id`, `label`, `name`, `kind` (a word), `of.id`, `of.label`, `of.name`, `alive_since`
        (milliseconds), and `source` and `target` (ids of the ends of a relationship, else "").
    """
    rows = ended.elements[ended.elements["state"] == ALIVE]
    ends = ended.identities.set_index("id")
    columns = {part: rows[part].to_numpy(object) for part in (*THING, "source", "target")}
    columns["kind"] = rows["kind"].map(KINDS).to_numpy(object)
    columns["of.id"] = rows["identity"].to_numpy(object)
    for part in THING[1:]:
        columns[f"of.{part}"] = rows["identity"].map(ends[part]).to_numpy(object)
    columns["alive_since"] = rows["identity"].map(ends["ended"]).to_numpy(np.int64)
    return pd.DataFrame(columns)


def revived(posture: Posture, ended: Endings, about: int | None, limit: int) -> tuple[Table, int]:
    """Return the identities whose name belonged to a deleted one, and how many are left out.

    After the node itself it has `deleted_at`, `revived_at`, `facts` (ids of what is older than the
    deletion, and works for the new one) and `shown_by`: the `source` that says so, as rule REV-03
    has it, or the `snapshots`.
    """
    stated = revived_names(posture)[["identity", "deleted", "again", "facts"]]
    seen = ended.revived.rename(columns={"id": "identity"})
    seen = seen.assign(identity=posture.graph.numbers(seen["identity"].astype("string")))
    seen = seen[(seen["identity"] >= 0) & ~seen["identity"].isin(stated["identity"])]
    parts = [stated.assign(shown_by="source"), seen.assign(shown_by="snapshots")]
    rows = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    if about is not None:
        rows = rows[rows["identity"] == about]
    shown, left_out = cut(rows, limit)
    columns = {
        "node": shown["identity"].to_numpy(np.int64),
        "deleted_at": instants(shown["deleted"].to_numpy(np.int64)).array,
        "revived_at": instants(shown["again"].to_numpy(np.int64)).array,
        "facts": objects([list(facts) for facts in shown["facts"]]),
        "shown_by": shown["shown_by"].to_numpy(object),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, {"node": Kind.ITSELF}), left_out
