"""Time to revoke what should have ended, and time until changes of access are reviewed.

Each snapshot shows what is overdue then: grants past their end or revoked on paper, credentials
past their expiry, agents past their term, roles whose last owner left. An overdue item ends with
the first snapshot that could show it and does not; an item in the last snapshot, or one that
vanished with its source, is censored: it has lasted at least so long.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.assumptions.entitlements import Entitlements, entitlements
from analytics.assumptions.families.credentials import credential_pairs
from analytics.assumptions.families.term import judge
from analytics.assumptions.judgement import Case
from analytics.assumptions.model import NUMBER, model
from analytics.assumptions.reviews import approvals_stated, decisions, on_grants
from analytics.figures.revocation.element_states import in_sight, next_in_sight, scopes_in
from analytics.figures.revocation.survival import Survival, survival
from analytics.figures.revocation.vacancies import empty_roles, renamed, still_vacant, vacancies
from analytics.history import Unread
from analytics.kept.answers import kept
from analytics.kept.of_snapshots import merged_in
from analytics.posture import Posture
from graph.identity.renamed_ids import RenamedIds, changes_of, names_in_each
from graph.instants import DAY, NEVER, milliseconds
from graph.once import once
from graph.schema import AGENT, CAN_ACCESS, CREDENTIAL, CREDENTIAL_ENDED
from graph.stores import last_of_each_instant

GRANT, CREDENTIALS, IDENTITY, OWNER = KINDS = ("grant", "credential", "identity", "owner")
STATED_AS = {GRANT: "CAN_ACCESS", CREDENTIALS: "Credential", IDENTITY: "Agent", OWNER: "OWNS"}
BETWEEN = " -> "  # between the holder of a grant and its resource
RECENT_DAYS = 365  # older changes do not reflect the current speed of review
UNSEEN = np.iinfo(np.int64).max
COLUMNS = ("kind", "key", "since", "identity", "scope")
ITEM = ["kind", "key"]


@dataclass(frozen=True)
class Spells:
    """Overdue or changed items, how long each lasted, and whether it has ended.

    `rows` has a row for each: `kind`, `key` (a grant's holder and resource, the id of a credential
    or identity; for an owner's role the identity, a slash and the role), `identity` (id of one that
    it concerns), `since`, `until` (milliseconds), `ended` (bool) and `days`.
    """

    rows: pd.DataFrame

    @property
    def estimate(self) -> Survival:
        """The survival estimate of their durations."""
        return survival(self.rows["days"].to_numpy(float), self.rows["ended"].to_numpy(bool))

    def of(self, kind: str) -> "Spells":
        """Keep the items of one kind."""
        return Spells(self.rows[self.rows["kind"] == kind])

    def within(self, days: float) -> tuple[int, int]:
        """Count the items that ended within `days`, and those for which this is known."""
        ended = self.rows["ended"].to_numpy(bool)
        short = self.rows["days"].to_numpy(float) <= days
        return int((ended & short).sum()), int((ended | ~short).sum())


@dataclass(frozen=True)
class _Moment:
    """One snapshot: its overdue items, its changes, and what its sources can state.

    `overdue` has a row for each identity that an item concerns and each instant since when it is
    overdue, of each item the oldest first. `empty` are the roles without an owner.
    """

    at: int
    in_sight: frozenset[str]
    empty: np.ndarray
    overdue: pd.DataFrame
    changed: pd.DataFrame


def overdue(
    posture: Posture, about: int | None = None, whose: frozenset[str] | None = None
) -> Spells:
    """Track overdue items through the snapshots up to this one.

    `about` (a node's number) keeps what concerns one identity, `whose` what concerns one of these
    ids of accountable identities.
    """
    moments = _moments(posture, about)
    shown = [m.overdue if whose is None else _of(m.overdue, whose) for m in moments]
    rows = _restated(moments, _numbered(shown))
    vacant = (rows["kind"] == OWNER).to_numpy(bool)
    longer = still_vacant(
        rows[vacant], *zip(*((m.empty, m.in_sight) for m in moments), strict=True)
    )
    return Spells(_followed(moments, pd.concat([rows[~vacant], longer], ignore_index=True)))


def _of(rows: pd.DataFrame, whose: frozenset[str]) -> pd.DataFrame:
    return rows[rows["identity"].isin(whose)]


def ungoverned(posture: Posture) -> Spells:
    """Track each grant of the last year until it was approved, decided on or removed."""
    moments = _moments(posture, None)
    rows = _followed(moments, _numbered([m.changed for m in moments]))
    decided = pd.concat([m.changed for m in moments]).groupby(["key", "since"])["decided"].min()
    at = decided.reindex(pd.MultiIndex.from_frame(rows[["key", "since"]])).to_numpy()
    acted = at < rows["until"].to_numpy()
    rows["ended"] = rows["ended"] | (at != UNSEEN)
    rows["until"] = np.where(acted, at, rows["until"])
    return Spells(_timed(rows[rows["since"] >= posture.graph.now - RECENT_DAYS * DAY]))


def recent_changes(posture: Posture) -> pd.DataFrame:
    """Return the grants of the last year that this snapshot has, and the first decision on each.

    A grant that several identities have is one of each.

    Returns
    -------
    DataFrame
        `identity` (an id), `since` (milliseconds), `decided` (bool) and `days` from the grant until
        the decision, or until now.
    """
    now = posture.graph.now
    rows = _dated(Case(posture, model(), entitlements(posture, model())))
    rows = rows[rows["since"] >= now - RECENT_DAYS * DAY]
    decided = (rows["decided"] != UNSEEN).to_numpy(bool)
    until = np.where(decided, rows["decided"].to_numpy(np.int64), now)
    days = np.maximum(until - rows["since"].to_numpy(np.int64), 0) / DAY
    ids = posture.graph.things["id"].reindex(rows["identity"]).to_numpy(object)
    return rows[["since"]].assign(identity=ids, decided=decided, days=days)


# -- through the snapshots ----------------------------------------------------------------------


@once
def _moments(posture: Posture, about: int | None) -> list[_Moment]:
    """Return the moment of each snapshot, under the ids of the posture."""
    before = _before(posture)
    if about is None:
        moments = [*map(_moment_of, before), _moment(posture, None)]
    else:
        thing = posture.graph.thing(about)["id"]
        moments = [
            _moment(past, RenamedIds(past.graph, posture.graph).numbers(thing))
            for past in (*(snapshot.posture for snapshot in before), posture)
        ]
    identities = changes_of([*map(merged_in, before), posture.graph.identities])
    names = names_in_each(posture.graph, identities)
    return [_called(*each) for each in zip(moments, names, strict=True)]


def _called(moment: _Moment, names: dict[str, str]) -> _Moment:
    """Return a moment with nodes renamed by `names`."""
    if not names:
        return moment
    overdue, changed = (
        rows.assign(
            key=[_key(k, key, names) for k, key in zip(rows["kind"], rows["key"], strict=True)],
            identity=[names.get(i, i) for i in rows["identity"]],
        )
        for rows in (moment.overdue, moment.changed)
    )
    return replace(moment, overdue=overdue, changed=changed, empty=renamed(moment.empty, names))


def _key(kind: str, key: str, names: dict[str, str]) -> str:
    """Rename the nodes of a key: the ends of a grant, the owned node of a role, else the node."""
    if kind == GRANT:
        return BETWEEN.join(names.get(end, end) for end in key.split(BETWEEN))
    thing, slash, role = key.rpartition("/") if kind == OWNER else (key, "", "")
    return f"{names.get(thing, thing)}{slash}{role}"


def _before(posture: Posture) -> list[Unread]:
    """Return the earlier snapshots, oldest first.

    Of several at the same instant, the one published last counts.
    """
    history, info, as_of = posture.history, posture.graph.snapshot, posture.graph.as_of
    if history is None or info is None:
        return []
    before = [i for i in history.until(info) if i.id != info.id and i.taken_at < as_of]
    return [Unread(history, each, each.taken_at) for each in last_of_each_instant(before)]


@kept
def _moment_of(snapshot: Unread) -> _Moment:
    return _moment(snapshot.posture, None)


def _moment(posture: Posture, about: list[int] | None) -> _Moment:
    case = Case(posture, model(), entitlements(posture, model()))
    parts = [_grants(case), _credentials(posture), _agents(posture), _owners(posture)]
    rows = pd.concat(parts, ignore_index=True)
    if about is not None:
        rows = rows[rows["number"].isin(about)]
    ids = posture.graph.things["id"]
    rows["identity"] = ids.reindex(rows["number"]).to_numpy(object)
    first = rows.drop(columns="number").sort_values(["kind", "key", "since", "identity"])
    stated = in_sight(posture.graph.coverage)
    once = first.drop_duplicates(["kind", "key", "since", "identity"])[list(COLUMNS)]
    return _Moment(posture.graph.now, stated, empty_roles(posture), once, _changes(case))


def _numbered(shown: list[pd.DataFrame]) -> pd.DataFrame:
    """Join what each moment shows, with the number of the moment in `seen`."""
    parts = [rows[list(COLUMNS)].assign(seen=n) for n, rows in enumerate(shown)]
    return pd.concat(parts, ignore_index=True)


def _restated(moments: list[_Moment], shown: pd.DataFrame) -> pd.DataFrame:
    """Return the oldest of each overdue item at each moment, under the date stated last.

    An item whose date a source corrects has not ended. One that was overdue at the moment before by
    its new date too is the same, unless either moment shows both: then these are two, as of two
    grants with the same ends.
    """
    of_item = [*ITEM, "seen"]
    rows = shown.drop_duplicates(of_item).sort_values(of_item, ignore_index=True)
    seen, since = rows["seen"].to_numpy(np.int64), rows["since"].to_numpy(np.int64)
    joined = rows[ITEM].eq(rows[ITEM].shift(-1)).all(axis=1).to_numpy(bool, copy=True)
    dated_anew = np.flatnonzero(joined & (since != np.append(since[1:], NEVER)))
    if not len(dated_anew):
        return rows
    about = shown[shown["key"].isin(rows["key"].iloc[dated_anew])]
    dates = set(about[[*ITEM, "seen", "since"]].itertuples(index=False, name=None))
    for row in dated_anew.tolist():
        item, then, now = rows.loc[row, ITEM], row, row + 1
        two = (*item, seen[then], since[now]) in dates or (*item, seen[now], since[then]) in dates
        follows = seen[now] == seen[then] + 1
        joined[row] = follows and not two and since[now] <= moments[seen[then]].at
    ends = np.flatnonzero(~joined)
    last = ends[np.searchsorted(ends, np.arange(len(rows)))]
    return rows.assign(since=since[last])


def _followed(moments: list[_Moment], shown: pd.DataFrame) -> pd.DataFrame:
    """Join the items of all moments: the start and end of each, and whether it ended."""
    spells = shown.sort_values("seen").groupby(["kind", "key", "since"], as_index=False).last()
    at = np.array([m.at for m in moments], np.int64)
    last = spells["seen"].to_numpy(np.int64)
    places = zip(spells["scope"], spells["kind"].map(STATED_AS), last.tolist(), strict=True)
    seen = [m.in_sight for m in moments]
    after = np.array([next_in_sight(seen, *place) for place in places], np.int64)
    spells["ended"] = after < len(at)
    spells["until"] = at[np.where(spells["ended"], after, last)]
    return _timed(spells)


def _timed(spells: pd.DataFrame) -> pd.DataFrame:
    days = np.maximum(spells["until"] - spells["since"], 0) / DAY
    order = ["kind", "since", "key"]
    return spells.assign(days=days).sort_values(order, ignore_index=True)


# -- what is overdue ----------------------------------------------------------------------------


def _rows(kind: str, key: object, since: object, number: object, scope: object) -> pd.DataFrame:
    rows = pd.DataFrame({"key": key, "since": since, "number": number, "scope": scope})
    dated = rows[rows["since"] != NEVER].assign(kind=kind)
    return dated.astype({"since": np.int64, "number": np.int64, "key": object, "scope": object})


def _grants(case: Case) -> pd.DataFrame:
    """Return the grants of accountable identities that outlived their end."""
    (part,) = judge(case)[1].parts
    grant = case.units.grant[part.entitlement]
    frame = case.posture.graph.frames[CAN_ACCESS]
    identity = case.units.identity[part.entitlement]
    return _rows(GRANT, _access(case.posture)[grant], part.since, identity, scopes_in(frame)[grant])


def _credentials(posture: Posture) -> pd.DataFrame:
    """Return the credentials of accountable identities that are live after their expiry."""
    frame, pairs = posture.graph.frames[CREDENTIAL], credential_pairs(posture)
    expires = milliseconds(frame["expires_at"])
    late = (expires != NEVER) & (expires <= posture.graph.now)
    late &= ~frame["status"].isin(CREDENTIAL_ENDED).to_numpy(bool)
    overdue_pairs = late[pairs.row]
    row, identity = pairs.row[overdue_pairs], posture.accountable[pairs.place[overdue_pairs]]
    return _rows(CREDENTIALS, _ids(frame)[row], expires[row], identity, scopes_in(frame)[row])


def _agents(posture: Posture) -> pd.DataFrame:
    """Return the agents in service past their term."""
    frame = posture.graph.frames[AGENT]
    number, expires = posture.graph.numbers(frame["id"]), milliseconds(frame["expires_at"])
    late = (expires != NEVER) & (expires <= posture.graph.now) & posture.in_service[number]
    return _rows(IDENTITY, _ids(frame)[late], expires[late], number[late], scopes_in(frame)[late])


def _owners(posture: Posture) -> pd.DataFrame:
    """Return the roles that nobody took over from an owner who left."""
    rows = vacancies(posture)
    return _rows(OWNER, *(rows[name].array for name in ("key", "since", "number", "scope")))


def _access(posture: Posture) -> np.ndarray:
    """Return a key of each grant from its ends, so that a new id does not count as a removal."""
    frame = posture.graph.frames[CAN_ACCESS]
    return np.asarray((frame["source_id"] + BETWEEN + frame["target_id"]).to_numpy(object))


def _ids(frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(frame["id"].to_numpy(object))


# -- what changed -------------------------------------------------------------------------------


def _changes(case: Case) -> pd.DataFrame:
    """Return the dated grants of accountable identities, and the first decision on each."""
    graph, frame = case.posture.graph, case.posture.graph.frames[CAN_ACCESS]
    first = _dated(case).groupby("row", as_index=False).min()
    at = first["row"].to_numpy()
    ids = graph.things["id"].reindex(first["identity"]).to_numpy(object)
    key = _access(case.posture)[at]
    return first.assign(kind=GRANT, key=key, identity=ids, scope=scopes_in(frame)[at])


def _dated(case: Case) -> pd.DataFrame:
    """Return the dated grants (`row` of CAN_ACCESS) of each accountable `identity` (number).

    With `since` and `decided`, the first decision on the grant for that identity (milliseconds).
    """
    units = case.units
    rows = pd.DataFrame(
        {
            "row": units.grant,
            "identity": units.identity,
            "since": units.granted,
            "decided": _decided(case, units),
        }
    )
    rows = rows[(rows["since"] != NEVER) & (rows["since"] <= case.posture.graph.now)]
    return rows.groupby(["row", "identity"], as_index=False).min()


def _decided(case: Case, units: Entitlements) -> np.ndarray:
    """Return when each was first approved or decided on since its grant, `UNSEEN` if unknown."""
    graph = case.posture.graph
    rows = decisions(graph)
    single = on_grants(graph, rows[rows["grant_id"].notna()])
    general = rows[rows["grant_id"].isna()]
    things = general["thing"].to_numpy(np.int64), general["at"].to_numpy(np.int64)
    stated = approvals_stated(graph)
    dated = np.flatnonzero(stated != NEVER)
    grants = (
        np.append(single["row"].to_numpy(np.int64), dated),
        np.append(single["at"].to_numpy(np.int64), stated[dated]),
    )
    first = _first_since(*grants, units.grant, units.granted)
    for node in (units.holder, units.identity):
        first = np.minimum(first, _first_since(*things, node, units.granted))
    return first


def _first_since(
    number: np.ndarray, at: np.ndarray, wanted: np.ndarray, since: np.ndarray
) -> np.ndarray:
    """Return for each `wanted` number its first instant that is not before `since` (int64).

    `at` are instants, each of a `number`; `UNSEEN` where a number has none so late.
    """
    times = np.unique(at)
    size = len(times) + 1
    keys = np.sort(number * size + np.searchsorted(times, at))
    wanted = wanted.astype(np.int64)
    place = np.searchsorted(keys, wanted * size + np.searchsorted(times, since))
    key = np.append(keys, -1)[place]
    return np.where(key // size == wanted, np.append(times, UNSEEN)[key % size], UNSEEN)


def time_to_revoke(posture: Posture, spells: Spells) -> dict[str, Any]:
    """Return the time to revoke by Kaplan and Meier, with open items as censored.

    `met_sla` is the share that ended within the cycle of the assumption `outlived`, of the items
    for which this is known: open items that are not yet so old are left out.
    """
    days = model().cycle[NUMBER["outlived"]]
    return _speed(spells, days) | {
        "sla_days": days,
        "by_kind": [
            {"kind": kind} | _speed(of_kind, days)
            for kind in KINDS
            if len((of_kind := spells.of(kind)).rows)
        ],
        "snapshots": _snapshots(posture),
    }


def _speed(spells: Spells, days: float) -> dict[str, Any]:
    estimate, (met, of) = spells.estimate, spells.within(days)
    still = spells.rows["days"][~spells.rows["ended"].astype(bool)]
    return {
        "median_days": estimate.quantile(0.5),
        "p95_days": estimate.quantile(0.95),
        "censored": estimate.censored,
        "ended": len(spells.rows) - estimate.censored,
        "open_p90_days": float(np.quantile(still, 0.9)) if len(still) else None,
        "met_sla": met / of if of else None,
        "met": met,
        "met_of": of,
    }


def _snapshots(posture: Posture) -> int:
    """Count the snapshots that were examined."""
    return len(_before(posture)) + 1
