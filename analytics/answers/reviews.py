"""Reviews: what is to be decided about access, by whom, and how past decisions were made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, edge_step, grant_step, sentence, when
from analytics.answers.support import with_facts
from analytics.answers.table import Kind, Table, as_json, instants, objects
from analytics.answers.what_if import uses
from analytics.assumptions.reviews import APPROVE, REVOKE, decisions, on_grants
from analytics.findings.lifecycle.states import RESOLVED, lives
from analytics.kept.answers import kept
from analytics.posture import Filter, Posture
from analytics.reach.paths.alternatives import doubts, surest_route
from analytics.reach.spread import Spread, spread
from analytics.remediation.removal.ended_uses import ended_by_grants
from analytics.remediation.reviewing.changed_since import NEWER, WIDER
from analytics.remediation.reviewing.independence import UNKNOWN, YES, reviewers
from analytics.remediation.reviewing.measures import against_evidence, revoked
from analytics.remediation.reviewing.pace import LEAST, batches, pace
from analytics.remediation.reviewing.packets import packets
from analytics.usage.idle_access import window_starts
from graph.instants import DAY, NEVER, milliseconds
from graph.journal.entries import DECISIONS, Acceptance
from graph.schema import CAN_ACCESS, HUMAN, REVIEW, RUNS_AS
from graph.values import iso

KINDS = dict.fromkeys(("identity", "holder", "resource", "reviewer"), Kind.NODE) | {
    "levels": Kind.LEVELS
}
NO_DECISIONS = "no source states a review, and nobody reviewed anything in the product"
NO_TIMES = f"fewer than {LEAST} decisions follow each other that are dated to less than a day"
REPLACED = "a later decision replaces each decision to revoke"
IN_FORCE, OVER, WITHDRAWN, GONE = "in_force", "expired_and_open", "withdrawn", "expired"


@dataclass(frozen=True)
class Reviews:
    """What is to be reviewed, and measures of the reviews so far; see `reviews`.

    `packets` has `id`, `identity` (a node), `identities`, `holder`, `resource` (nodes), `levels`,
    `grant` (the id of the fact), `grant_id` (its id in the source), `path` (steps), `sentence`,
    `debt`, `by_approval`, `minutes`, `debt_per_minute`, `last_used` (`at`, `observed` and
    `window`), `breaks`, `previous`, `due_since`, `reason`, `reviewer` (a node), `independent` and
    `independence` (why not). `decisions` counts those so far. `measures` has `name`, `value`,
    `count`, `of`, `because` and `detail` (a dict). `batches` has `by`, `since`, `until`,
    `decisions` and `seconds_per_item`. `exceptions` has `entry`, `finding`, `rule`, `by`, `reason`,
    `since`, `until`, `state` and `days_over`.
    """

    packets: Table
    decisions: dict[str, int]
    measures: Table
    batches: Table
    exceptions: Table
    left_out: int


@kept
def reviews(
    posture: Posture, limit: int = 0, about: int | None = None, in_full: bool = True
) -> Reviews:
    """Return the grants to review, those first that repay most debt per minute.

    `about` is the number of a node that uses or holds them. Packets that are not `in_full` lack
    `path`, `sentence`, `last_used`, `breaks` and `previous`, which take time for each; `packet`
    returns them for one. `debt` is what is owed for a grant, all
    of which goes if it is revoked; `by_approval` is the part that goes if it is approved. A measure
    that nothing known can tell has no value, and says because of what.
    """
    rows = packets(posture)
    if about is not None:
        rows = rows[(rows[["identity", "holder"]] == about).any(axis=1)].reset_index(drop=True)
    shown, packets_left = cut(rows, limit)
    fast, batches_left = cut(batches(pace(posture)), limit)
    register = _exceptions(posture)
    exceptions, exceptions_left = cut(register, limit)
    return Reviews(
        packets=_packets(posture, shown) if in_full else _outlines(posture, shown),
        decisions=_decisions(posture),
        measures=_measures(posture, register),
        batches=_batches(posture, fast),
        exceptions=Table(exceptions, posture.graph.things),
        left_out=packets_left + batches_left + exceptions_left,
    )


def packet(posture: Posture, id_: str) -> Table:
    """Return the whole packet of an id, in a table of one row; of none if there is none."""
    rows = packets(posture)
    return _packets(posture, rows[rows["id"] == id_].reset_index(drop=True))


@dataclass(frozen=True)
class ReviewsOf:
    """The reviews of one identity; see `reviews_of`.

    `last` has `decision`, `at` and `by` (a node, or None) of the last decision; None without any.
    `due` counts the grants to review, and `first` has the packet of the one that comes first.
    """

    last: dict[str, Any] | None
    due: int
    first: Table


def reviews_of(posture: Posture, number: int) -> ReviewsOf:
    """Return the last decision on an identity, and what of its access is to be reviewed next.

    A decision is on the node, on the account it runs as, or on a grant of either.
    """
    graph, rows = posture.graph, packets(posture)
    due = rows[(rows[["identity", "holder"]] == number).any(axis=1)].reset_index(drop=True)
    agent, account = graph.ends(RUNS_AS)
    own = np.array([number, *account[(agent == number) & graph.in_force(RUNS_AS)]])
    holder, _ = graph.ends(CAN_ACCESS)
    made, grants = decisions(graph), np.flatnonzero(np.isin(holder, own))
    made = made[made["thing"].isin(own)].assign(revokes=lambda made: made["decision"] == REVOKE)
    latest = [(*decided, -1) for decided in _latest(made.assign(one=0), "one").values()]
    stated = milliseconds(graph.frames[CAN_ACCESS]["reviewed_at"])[grants]
    if (counts := stated[(stated != NEVER) & (stated <= graph.now)]).size:
        at = int(counts.max())
        latest.append((at, False, APPROVE, -1, int(grants[stated == at][0])))
    last = max(latest, default=None)
    decision = _decision(posture, last[:4], last[4]) if last is not None else None
    return ReviewsOf(decision, len(due), _packets(posture, due.head(1)))


# -- packets ------------------------------------------------------------------------------------


def _packets(posture: Posture, rows: pd.DataFrame) -> Table:
    grant, paths = rows["grant"].to_numpy(np.int64), list(_live_paths(posture, rows))
    outlines = _outlines(posture, rows)
    columns = {
        "path": objects(paths),
        "sentence": objects([sentence(steps) if steps else None for steps in paths]),
        "last_used": objects(list(_last_used(posture, grant))),
        "breaks": objects([as_json(uses(posture, e)) for e in ended_by_grants(posture, grant)]),
        "previous": objects(list(_previous(posture, rows))),
    }
    return Table(outlines.frame.assign(**columns), posture.graph.things, KINDS)


def _outlines(posture: Posture, rows: pd.DataFrame) -> Table:
    """Return of each packet what takes no time for each."""
    graph, grant = posture.graph, rows["grant"].to_numpy(np.int64)
    frame, people = graph.frames[CAN_ACCESS].iloc[grant], reviewers(posture, rows)
    independent = people["independent"].to_numpy(np.int64)
    columns = {
        "id": rows["id"].array,
        "identity": rows["identity"].to_numpy(np.int64),
        "identities": rows["identities"].to_numpy(np.int64),
        "holder": rows["holder"].to_numpy(np.int64),
        "resource": rows["resource"].to_numpy(np.int64),
        "levels": graph.levels[grant].astype(np.int64),
        "grant": frame["id"].array,
        "grant_id": frame["grant_id"].array,
        "debt": rows["debt"].to_numpy(float),
        "by_approval": rows["by_approval"].to_numpy(float),
        "minutes": rows["minutes"].to_numpy(float),
        "debt_per_minute": (rows["debt"] / rows["minutes"]).to_numpy(float),
        "due_since": instants(rows["since"]).array,
        "reason": objects([_reason(*row) for row in _reasons(rows)]),
        "reviewer": people["reviewer"].to_numpy(np.int64),
        "independent": objects([None if i == UNKNOWN else i == YES for i in independent.tolist()]),
        "independence": people["because"].array,
    }
    return Table(pd.DataFrame(columns), graph.things, KINDS)


def _live_paths(posture: Posture, rows: pd.DataFrame) -> Iterator[list[dict[str, Any]] | None]:
    """Yield the steps from the identity of each packet to its grant, None if no live path leads."""
    network = posture.network(Filter("potential", identity_only=True))
    places = dict(zip(posture.grants.row.tolist(), range(len(posture.grants)), strict=True))
    spreads: dict[int, Spread] = {}
    for identity, row in zip(rows["identity"].tolist(), rows["grant"].tolist(), strict=True):
        if identity not in spreads:
            spreads[identity] = spread(network, identity)
        steps = _shortest(posture, spreads[identity], places.get(row, -1))
        yield None if steps is None else with_facts(posture, steps)


def _shortest(posture: Posture, reach: Spread, grant: int) -> list[dict[str, Any]] | None:
    """Return the shortest path to a grant (its position in the posture's)."""
    used = reach.uses()
    used = used[reach.network.grant[used["grant"].to_numpy(np.int64)] == grant]
    if used.empty:
        return None
    nearest = used.sort_values(["hops", "levels"], ascending=[True, False], kind="stable").iloc[0]
    doubt = doubts(posture.edges, reach.network.edge)
    route = surest_route(reach, int(nearest["state"]), doubt)
    steps = [edge_step(posture, int(reach.network.edge[edge])) for edge in route]
    return [*steps, grant_step(posture, grant, int(nearest["levels"]))]


def _last_used(posture: Posture, grants: np.ndarray) -> Iterator[dict[str, Any]]:
    """Yield when each grant was last used, and since when that would have been seen."""
    graph = posture.graph
    observed, _, granted = graph.grant_use
    last = posture.activity.grant_latest[grants].max(axis=1, initial=NEVER)
    starts = window_starts(posture, graph.frames[CAN_ACCESS].iloc[grants])
    begun = np.maximum(starts, granted[grants])
    seen = observed[grants].astype(bool)
    for at, since, is_seen in zip(last.tolist(), begun.tolist(), seen.tolist(), strict=True):
        window = None
        if is_seen and since != NEVER:
            window = {"since": when(since), "days": (graph.now - since) / DAY}
        yield {"at": when(at), "observed": is_seen, "window": window}


def _reasons(rows: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    columns = (rows[name].tolist() for name in ("silent", "approved", "changed"))
    return zip(*columns, strict=True)


def _reason(silent: bool, approved: int, changed: int) -> str:
    """Return why a grant is to be reviewed."""
    if silent:
        return "no source could state whether it was reviewed"
    if approved == NEVER:
        return "it was never approved"
    day = str(when(approved))[:10]
    if changed == WIDER:
        return f"it gives more than when it was approved on {day}"
    if changed == NEWER:
        return f"it was given after the approval of {day}"
    return f"it was last approved on {day}"


def _previous(posture: Posture, rows: pd.DataFrame) -> Iterator[dict[str, Any] | None]:
    """Yield the last decision on each packet's grant, its holder or its identity."""
    graph = posture.graph
    made = decisions(graph)
    made = made.assign(revokes=made["decision"] == REVOKE)
    by_thing = _latest(made[made["grant_id"].isna()], "thing")
    by_row = _latest(on_grants(graph, made[made["grant_id"].notna()]), "row")
    frame = graph.frames[CAN_ACCESS]
    stated = milliseconds(frame["reviewed_at"])
    columns = (rows[name].tolist() for name in ("grant", "holder", "identity"))
    for grant, holder, identity in zip(*columns, strict=True):
        decided = [by_row.get(grant), by_thing.get(holder), by_thing.get(identity)]
        known = [each for each in decided if each is not None]
        if stated[grant] != NEVER and stated[grant] <= graph.now:
            known.append((int(stated[grant]), False, APPROVE, -1))
        yield _decision(posture, max(known), grant) if known else None


Decided = tuple[int, bool, str, int]  # when, whether to revoke, what, and the review's number


def _latest(rows: pd.DataFrame, by: str) -> dict[int, Decided]:
    """Return the last decision on each thing or grant; of two at once the one to revoke."""
    rows = rows.sort_values(["at", "revokes"], kind="stable").drop_duplicates(by, keep="last")
    columns = (rows[name].tolist() for name in ("at", "revokes", "decision", "review"))
    return dict(zip(rows[by].tolist(), zip(*columns, strict=True), strict=True))


def _decision(posture: Posture, last: Decided, grant: int) -> dict[str, Any]:
    graph, (at, _, decision, review) = posture.graph, last
    if review < 0:
        by = graph.frames[CAN_ACCESS]["approved_by"].iloc[grant]
    else:
        reviewed = graph.frames[REVIEW]
        by = reviewed["decided_by"][reviewed["id"] == str(graph.ids[review])].iloc[0]
    return {"decision": decision, "at": when(at), "by": _person(posture, by)}


def _person(posture: Posture, by: Any) -> dict[str, Any] | None:
    """Return a person by id; one who is not in the snapshot has the id for a name."""
    if pd.isna(by):
        return None
    number = posture.graph.number(posture.graph.identities.canonical.get(by, by))
    known = posture.graph.thing(number) if number >= 0 else None
    return known or {"id": by, "label": HUMAN.name, "name": by}


# -- measures -----------------------------------------------------------------------------------


def _decisions(posture: Posture) -> dict[str, int]:
    made = decisions(posture.graph).drop_duplicates("review")["decision"].value_counts()
    return {decision: int(made.get(decision, 0)) for decision in DECISIONS}


def _measures(posture: Posture, register: pd.DataFrame) -> Table:
    """Return the measures of past reviews, each with its denominator or why it has no value."""
    none = NO_DECISIONS if decisions(posture.graph).empty else None
    rows = [
        _seconds(posture, none),
        _batched(posture, none),
        _evidence(posture, none),
        _residue(posture, none),
        _measure("expired_exceptions", int((register["state"] == OVER).sum()), len(register),
                 "nobody accepted any finding"),
    ]  # fmt: skip
    frame = pd.DataFrame({name: objects([row[name] for row in rows]) for name in rows[0]})
    return Table(frame, posture.graph.things)


def _measure(name: str, count: int, of: int, because: str, **detail: Any) -> dict[str, Any]:
    """Return a share with its parts; without a denominator it has no value."""
    value = count / of if of else None
    why = None if of else because
    return {"name": name, "value": value, "count": count, "of": of, "because": why} | {
        "detail": detail or None
    }


def _seconds(posture: Posture, none: str | None) -> dict[str, Any]:
    timed = pace(posture)
    seconds, of = timed.seconds(), int(timed.events["gap"].notna().sum())
    because = none or (NO_TIMES if seconds is None else None)
    row = {"name": "seconds_per_item", "value": seconds, "count": None, "of": of}
    return row | {"because": because, "detail": {"undated": timed.undated}}


def _batched(posture: Posture, none: str | None) -> dict[str, Any]:
    events = pace(posture).events
    approvals = events[events["decision"] == APPROVE]
    because = none or "no approval is dated to less than a day"
    return _measure(
        "batch_approvals", int((approvals["batch"] >= 0).sum()), len(approvals), because
    )


def _evidence(posture: Posture, none: str | None) -> dict[str, Any]:
    known = against_evidence(posture)
    return _measure(
        "against_evidence",
        known.unused + known.unwatched,
        known.used + known.unused + known.unwatched,
        none or "of no approved grant it is known whether it was used",
        unused=known.unused,
        unwatched=known.unwatched,
        unknown=known.unknown,
    )


def _residue(posture: Posture, none: str | None) -> dict[str, Any]:
    made = revoked(posture)
    decided = _decisions(posture)[REVOKE]
    because = none or (REPLACED if decided else "nobody decided to revoke anything")
    name, findings = "revokes_with_residue", list(made.findings)
    return _measure(name, made.left, made.count, because, findings=findings)


def _batches(posture: Posture, rows: pd.DataFrame) -> Table:
    columns = {
        "by": objects([_person(posture, by) for by in rows["by"]]),
        "since": instants(rows["since"]).array,
        "until": instants(rows["until"]).array,
        "decisions": rows["decisions"].to_numpy(np.int64),
        "seconds_per_item": rows["seconds_per_item"].to_numpy(float),
    }
    return Table(pd.DataFrame(columns), posture.graph.things)


def _exceptions(posture: Posture) -> pd.DataFrame:
    """Return the accepted findings: first what is over and holds all the same."""
    journal, as_of = posture.journal, posture.graph.as_of
    every = journal.acceptances() if journal is not None else ()
    begun = [a for a in every if a.since <= as_of]
    over = {a.number for a in lives(posture).lapsed.values()} if begun else set()
    gone = _resolved(posture) if begun else set()
    states = [
        _state(a, as_of, a.number in over, not gone.isdisjoint((a.finding, *a.also))) for a in begun
    ]
    days = [max((as_of - a.until) / pd.Timedelta(days=1), 0.0) for a in begun]
    frame = pd.DataFrame(
        {
            "entry": [a.number for a in begun],
            "finding": [a.finding for a in begun],
            "rule": [a.about[0] if a.about else None for a in begun],
            "by": objects([_person(posture, a.by) for a in begun]),
            "reason": [a.reason for a in begun],
            "since": [iso(a.since) for a in begun],
            "until": [iso(a.until) for a in begun],
            "state": states,
            "days_over": objects(
                [d if s == OVER else None for d, s in zip(days, states, strict=True)]
            ),
        }
    )
    order = [(OVER, IN_FORCE, RESOLVED, GONE, WITHDRAWN).index(state) for state in states]
    return frame.iloc[
        np.lexsort((frame["entry"].to_numpy(), np.array(order, np.int64)))
    ].reset_index(drop=True)


def _resolved(posture: Posture) -> set[str]:
    """Return the ids of findings that were resolved, also those that they had before."""
    life = lives(posture)
    gone = set(life.rows["id"][life.rows["state"] == RESOLVED])
    return gone | {old for old, new in life.replaced().items() if new in gone}


def _state(acceptance: Acceptance, as_of: pd.Timestamp, open_: bool, resolved: bool) -> str:
    withdrawn = acceptance.withdrawn_at
    if withdrawn is not None and withdrawn <= min(as_of, acceptance.until):
        return WITHDRAWN
    if acceptance.holds(as_of):
        return RESOLVED if resolved else IN_FORCE
    return OVER if open_ else GONE
