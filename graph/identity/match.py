"""Matching of nodes that several sources declare under several ids, with reasons and collisions.

Nodes of one label that share a strong id, or two weak facts, form a group and are merged. A
contradiction outweighs that: a source that declares two of them separately, two values of a
`single` id, a node that ended before another was created, or a journal entry that keeps them
apart. A group with a contradiction stays apart as a whole and is reported as a collision: no
guess is made which part of it is right. The result does not depend on the order of the facts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import scipy  # its parts are loaded when they are first used

from graph.aws.arn import without_path
from graph.facts import Facts
from graph.frames import records
from graph.identity.external_ids import (
    CLAIMS,
    KINDS,
    TOGETHER,
    claims,
    folded,
    formed,
    nothing,
    own_claims,
)
from graph.schema import FACT_NODES
from graph.values import UNIT_SEPARATOR, text_array

ROUNDS = 20  # of matching by weak facts: a merged manager makes his reports comparable
MEMBER = ("label", "id", "source", "scope", "first_seen", "last_seen", "created", "ended")
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Collision:
    """Nodes that share ids or facts and are kept apart nevertheless; `reason` says why."""

    label: str
    things: tuple[str, ...]
    shared: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Identities:
    """The result of matching: canonical ids, and why ids were merged.

    `canonical` maps each replaced id to its canonical id. `members` has one row per declaration of
    a merged node (`MEMBER`, and `canonical`), `links` one per fact that caused a merge:
    `canonical`, `id`, `rule`, `value`, `source`, `scope`.
    """

    canonical: dict[str, str]
    members: pd.DataFrame
    links: pd.DataFrame
    collisions: tuple[Collision, ...]

    @cached_property
    def merged(self) -> dict[str, tuple[str, ...]]:
        """The merged ids of each canonical id, itself included, sorted."""
        ids_by_canonical: dict[str, list[str]] = {}
        for old, new in self.canonical.items():
            ids_by_canonical.setdefault(new, [new]).append(old)
        return {new: tuple(sorted(ids)) for new, ids in ids_by_canonical.items()}

    @cached_property
    def grouped(self) -> dict[str, tuple[str, ...]]:
        """The merged ids of each id, itself included, the canonical one first."""
        return {
            id_: (new, *(i for i in ids if i != new))
            for new, ids in self.merged.items()
            for id_ in ids
        }

    @classmethod
    def named(cls, names: Mapping[str, str]) -> "Identities":
        """Build identities from a map of ids to canonical ids, without members or links."""
        return cls(dict(names), _no_members(), _no_links(), ())


def identify(facts: Facts, apart: Iterable[Pair] = ()) -> Identities:
    """Find which nodes of `facts` are the same.

    Parameters
    ----------
    facts : Facts
        Facts with the ids that sources use.
    apart : iterable of (id, id)
        Pairs of ids that people keep apart: the first of each stays unmerged.
    """
    stated = claims(facts)
    weak = _weak_facts(facts, stated)
    if stated.empty and weak.empty:
        return Identities({}, _no_members(), _no_links(), ())
    return _Matching(facts, stated, weak, tuple(sorted(apart))).identities()


def _no_members() -> pd.DataFrame:
    return pd.DataFrame(columns=[*MEMBER, "canonical"])


def _no_links() -> pd.DataFrame:
    return pd.DataFrame(columns=["canonical", "id", "rule", "value", "source", "scope"])


def _weak_facts(facts: Facts, stated: pd.DataFrame) -> pd.DataFrame:
    """Return e-mail, name, manager and employee number of nodes that may match by two of them."""
    claimed = stated[stated["kind"].isin([name for name, kind in KINDS.items() if not kind.strong])]
    parts = [claimed]
    for number, label in enumerate(FACT_NODES):
        frame = facts.frames[label]
        if "email" in frame:
            parts += _of_people(frame, number, claimed[claimed["label"] == number])
    rows = pd.concat(parts, ignore_index=True) if parts else nothing()
    return rows[rows["value"].notna() & (rows["value"] != "")]


def _of_people(frame: pd.DataFrame, label: int, claimed: pd.DataFrame) -> list[pd.DataFrame]:
    mailed = frame[frame["email"].notna().to_numpy(bool)]
    if mailed.empty and claimed.empty:
        return []
    mails = mailed[["id"]].assign(value=folded(mailed["email"])).drop_duplicates()
    claimed_mails = claimed[claimed["kind"] == "email"][["id", "value"]]
    mails = pd.concat([mails, claimed_mails]).drop_duplicates()
    shared = mails[mails.duplicated("value", keep=False)]
    rows = frame[frame["id"].isin({*shared["id"], *claimed["id"]})]
    rows = rows.assign(label=label)
    named = rows[rows["name"] != rows["id"]]
    columns = [("email", rows, "email"), ("name", named, "name")]
    if "manager_id" in frame:
        columns.append(("manager", rows, "manager_id"))
    return [
        some.assign(kind=kind, value=some[column] if kind == "manager" else folded(some[column]))[
            list(CLAIMS)
        ]
        for kind, some, column in columns
        if len(some)
    ]


class _Matching:
    """The state of one call of `identify`."""

    def __init__(
        self, facts: Facts, stated: pd.DataFrame, weak: pd.DataFrame, apart: tuple[Pair, ...]
    ) -> None:
        self.facts, self.stated, self.apart = facts, stated, apart
        self.collisions: dict[tuple[str, ...], Collision] = {}
        strong = stated[stated["kind"].isin([n for n, kind in KINDS.items() if kind.strong])]
        strong = pd.concat([strong, own_claims(facts, strong).assign(own=True)], ignore_index=True)
        self.labels = self._labels({*strong["id"], *weak["id"]})
        self.strong = self._keyed(strong.assign(rule="same " + strong["kind"].astype("string")))
        self.weak = self._keyed(weak.assign(own=False, rule=""))

    def identities(self) -> Identities:
        """Return the merged ids: by strong ids first, then by weak facts until these add none."""
        kept = self._accepted(self.strong.iloc[:0], self.strong)
        for _ in range(ROUNDS):
            offered = self._pairs(self._groups(kept))
            seen = pd.MultiIndex.from_frame(kept[["id", "key"]])
            offered = offered[~pd.MultiIndex.from_frame(offered[["id", "key"]]).isin(seen)]
            more = self._accepted(kept, offered)
            if len(more) == len(kept):
                break
            kept = more
        self._report_mail_alone(kept)
        return self._result(kept)

    def _labels(self, ids: set[str]) -> dict[str, int]:
        """Return the label of each id; of several, the one that the schema declares first."""
        labels: dict[str, int] = {}
        wanted = pa.array(ids, pa.string())
        for number, label in reversed(list(enumerate(FACT_NODES))):
            column = text_array(self.facts.frames[label]["id"])
            present = pc.filter(column, pc.is_in(column, wanted))
            labels |= dict.fromkeys(present.to_pylist(), number)
        return labels

    def _keyed(self, rows: pd.DataFrame) -> pd.DataFrame:
        label = rows["id"].map(self.labels).astype("Int64").astype("string")
        own = rows["own"].fillna(False).astype(bool) if "own" in rows else False
        return rows.assign(own=own, key=_joined(label, rows["rule"], rows["value"]))

    def _pairs(self, group: dict[str, str]) -> pd.DataFrame:
        """Return the pairs of weak facts per node; a manager is compared by his canonical id."""
        facts = self.weak
        managed = facts["kind"] == "manager"
        value = facts["value"].where(~managed, facts["value"].map(lambda m: group.get(m, m)))
        facts = facts.assign(value=value, canonical=facts["id"].map(lambda i: group.get(i, i)))
        parts = [self.strong.iloc[:0]]
        for first, second in TOGETHER:
            left, right = facts[facts["kind"] == first], facts[facts["kind"] == second]
            both = left.merge(right[["id", "value"]].drop_duplicates(), on="id")
            rule = f"same {first} and {second}"
            value = _joined(both["value_x"], both["value_y"])
            parts.append(self._keyed(both.assign(value=value, rule=rule))[parts[0].columns])
        return pd.concat(parts, ignore_index=True).drop_duplicates()

    # -- contradictions ---------------------------------------------------------------------

    def _accepted(self, kept: pd.DataFrame, offered: pd.DataFrame) -> pd.DataFrame:
        """Return `kept` and those rows of `offered` that no contradiction excludes."""
        both = pd.concat([kept, offered], ignore_index=True) if len(kept) else offered
        both = self._set_apart(both)
        groups = _sets(both)
        if not groups:
            return both.iloc[:0] if kept.empty else kept
        wrong = self._contradictions(groups)
        refused = {i for number in wrong for i in groups[number]}
        for number, reason in wrong.items():
            self._report(groups[number], reason, both)
        new = both["key"].isin(offered["key"]) & both["id"].isin(refused)
        return both[~new].reset_index(drop=True)

    def _set_apart(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Remove from its group each id that people keep apart from another id of the group."""
        if not self.apart or rows.empty:
            return rows
        group = {i: number for number, ids in enumerate(_sets(rows)) for i in ids}
        for thing, other in self.apart:
            if thing in group and group[thing] == group.get(other):
                self._report((thing, other), "a person keeps them apart; see journal", rows)
                rows = rows[rows["id"] != thing]
        return rows

    def _contradictions(self, groups: list[tuple[str, ...]]) -> dict[int, str]:
        """Return the first contradiction within each group that has one, by group index."""
        number = {i: n for n, ids in enumerate(groups) for i in ids}
        members = _members(self.facts, set(number))
        members = members.assign(group=members["id"].map(number))
        wrong = _ended_before(members) | _two_values(self._single(members), members)
        return wrong | _declared_apart(members)

    def _single(self, members: pd.DataFrame) -> pd.DataFrame:
        stated = self.stated[self.stated["id"].isin(members["id"])]
        stated = pd.concat([stated, formed(members)], ignore_index=True)
        arns = stated["kind"] == "arn"  # a role is the same with its path and without
        bare = stated["value"][arns].map(without_path).astype("string")
        return stated.assign(value=stated["value"].where(~arns, bare))

    def _report(self, ids: tuple[str, ...], reason: str, rows: pd.DataFrame) -> None:
        some = rows[rows["id"].isin(ids)][["id", "rule", "value"]].drop_duplicates()
        shared = some[some.duplicated(["rule", "value"], keep=False)]
        shared = shared[["rule", "value"]].drop_duplicates()
        shown = sorted(_shown(r, v) for r, v in zip(shared["rule"], shared["value"], strict=True))
        label = FACT_NODES[self.labels[ids[0]]].name
        things = tuple(sorted(ids))
        self.collisions.setdefault(things, Collision(label, things, tuple(shown), reason))

    def _report_mail_alone(self, kept: pd.DataFrame) -> None:
        """Report groups of nodes that share only an e-mail."""
        group = self._groups(kept)
        mails = self.weak[self.weak["kind"] == "email"]
        rows = mails.assign(canonical=mails["id"].map(lambda i: group.get(i, i)))
        rows = rows.assign(rule="same email", value=rows["value"])
        reported = {i for c in self.collisions for i in c}
        for _, some in rows.groupby("key")["id"]:
            ids = tuple(sorted(set(some.tolist())))
            if len({group.get(i, i) for i in ids}) > 1 and not reported.issuperset(ids):
                self._report(ids, "an e-mail alone does not merge them", rows)

    # -- canonical ids ----------------------------------------------------------------------

    def _groups(self, rows: pd.DataFrame) -> dict[str, str]:
        """Return the canonical id of each id in a group.

        Preferred is an id that other nodes claim as external id; of several, the first in order.
        The name of a role with its path is preferred to that without.
        """
        known = set(rows["id"][rows["own"]])
        canonical_by_id: dict[str, str] = {}
        for ids in _sets(rows):
            bare = {bare for i in ids if (bare := without_path(i)) != i}
            chosen = min(ids, key=lambda i: (i in bare, i not in known, i))
            canonical_by_id |= dict.fromkeys(ids, chosen)
        return canonical_by_id

    def _result(self, kept: pd.DataFrame) -> Identities:
        group = self._groups(kept)
        canonical = {old: new for old, new in group.items() if old != new}
        collisions = tuple(self.collisions[ids] for ids in sorted(self.collisions))
        if not canonical:
            return Identities({}, _no_members(), _no_links(), collisions)
        members = _members(self.facts, set(group))
        members = members.assign(canonical=members["id"].map(group))
        links = kept[kept["id"].isin(group)]
        links = links[links.groupby("key")["id"].transform("nunique") > 1]
        links = links.assign(canonical=links["id"].map(group))
        names = ["canonical", "id", "rule", "value", "source", "scope"]
        links = links[names].drop_duplicates().sort_values(names)
        return Identities(canonical, members, links.reset_index(drop=True), collisions)


def _shown(rule: str, value: str) -> str:
    return f"{rule}: {value.replace(UNIT_SEPARATOR, ', ')}"


def _joined(*columns: pd.Series) -> pd.Series:
    joined = columns[0].astype("string").fillna("")
    for column in columns[1:]:
        joined = joined + UNIT_SEPARATOR + column.astype("string").fillna("")
    return joined


def _sets(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the groups of two or more ids that common keys connect, each sorted."""
    if rows.empty:
        return []
    thing, unique = pd.factorize(rows["id"], sort=True)
    ids = np.asarray(unique, object)
    key, keys = pd.factorize(rows["key"])
    size = len(ids) + len(keys)
    links = scipy.sparse.coo_array(
        (np.ones(len(rows), bool), (thing, len(ids) + key)), shape=(size, size)
    )
    group = scipy.sparse.csgraph.connected_components(links, directed=False)[1][: len(ids)]
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.r_[True, group[order][1:] != group[order][:-1]])
    parts = np.split(order, starts[1:])
    return sorted(tuple(str(ids[i]) for i in part) for part in parts if len(part) > 1)


def _members(facts: Facts, ids: set[str]) -> pd.DataFrame:
    """Return the declarations of `ids`, and when each was created and ended (NaT if unknown)."""
    parts: list[pd.DataFrame] = []
    wanted = pa.array(ids, pa.string())
    for number, label in enumerate(FACT_NODES):
        frame = facts.frames[label]
        rows = frame[pc.is_in(text_array(frame["id"]), wanted).to_numpy(zero_copy_only=False)]
        if len(rows):
            seen = rows[["id", "source", "scope", "first_seen", "last_seen"]]
            life = {
                "created": _latest(rows, "created_at"),
                "ended": _latest(rows, "deleted_at", "left_at"),
            }
            parts.append(seen.assign(label=number, **life)[list(MEMBER)])
    return pd.concat(parts, ignore_index=True)


def _latest(rows: pd.DataFrame, *columns: str) -> pd.Series:
    """Return the latest of several instants of each row; columns that are missing are ignored."""
    latest = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[ms, UTC]")
    for column in columns:
        if column in rows:
            instants = rows[column].astype(latest.dtype)
            latest = latest.where(instants.isna() | (latest >= instants), instants)
    return latest


def _declared_apart(members: pd.DataFrame) -> dict[int, str]:
    pairs = members[["group", "source", "scope", "id"]].drop_duplicates()
    counts = pairs.groupby(["group", "source", "scope"])["id"].size()
    twice = counts[counts > 1].reset_index().drop_duplicates("group")
    return {
        int(row.group): f"{row.source} ({row.scope}) declares them as two things"
        for row in records(twice)
    }


def _two_values(stated: pd.DataFrame, members: pd.DataFrame) -> dict[int, str]:
    group = dict(zip(members["id"], members["group"], strict=True))
    single = stated[stated["kind"].isin([name for name, kind in KINDS.items() if kind.single])]
    single = single.assign(group=single["id"].map(group))
    values = single[["group", "kind", "value"]].drop_duplicates()
    counts = values.groupby(["group", "kind"])["value"].size()
    several = counts[counts > 1].reset_index().sort_values("kind").drop_duplicates("group")
    return {int(r.group): f"they have different ids of the kind {r.kind}" for r in records(several)}


def _ended_before(members: pd.DataFrame) -> dict[int, str]:
    lives = members.groupby(["group", "id"])[["created", "ended"]].max().reset_index()
    ended = lives["ended"].where(~(lives["created"] > lives["ended"]))  # else it was revived
    first = ended.groupby(lives["group"]).min()
    last = lives["created"].groupby(lives["group"]).max()
    reason = "one ended before another was created"
    return {int(str(n)): reason for n in first.index[(first < last).to_numpy(bool)]}
