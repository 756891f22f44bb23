"""The cause of each opened or closed debt item: why, when, and which facts changed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.assumptions.model import ASSUMPTIONS
from analytics.changes.differences import ADDED, CHANGED, REMOVED, changes, fields
from analytics.debt.ledger.balance import Balance, about_called
from analytics.debt.ledger.period import Period
from analytics.debt.ledger.wording import (
    BROKE,
    BROKE_BY_TIME,
    KIND,
    MENDED,
    MENDED_BY_TIME,
    OTHER,
    RESTS_ON,
    Where,
)
from graph.access import AccessGraph
from graph.element import Element, Relationship
from graph.facts import Coverage
from graph.instants import NEVER, milliseconds
from graph.schema import (
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CONTROL,
    COVERS,
    CREDENTIAL,
    CREDENTIAL_ENDED,
    FACT_NODES,
    LEVELS,
    OWNS,
    RELATIONSHIPS,
    REVIEW,
    SOD_RULE,
    USES,
)

DATES = (
    *("since", "granted_at", "reviewed_at", "rotated_at", "decided_at", "left_at", "deleted_at"),
    *("valid_from", "valid_to", "created_at", "human_used_at", "last_at", "status_at"),
)
IDENTITY = tuple(r for r in CONTROL if r.identity)
MANY = 24  # facts named for one entry
FEW = 3  # earlier ids named for one entry
Words = tuple[str, str]  # for a scope on one side only, and for a kind declared on one side only
CONNECTED: Words = ("connected", "began")
LOST: Words = ("no longer read", "ceased")


@dataclass(frozen=True)
class Item:
    """One debt item, by the ids of its parts."""

    assumption: str
    identity: str
    holder: str
    resource: str
    grant: str
    level: str
    about: str

    def parts(self, owners: Iterable[str], keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the ids of each part of the item that facts may name."""
        return {
            "identity": (self.identity,),
            "holder": (self.holder,),
            "resource": (self.resource,),
            "grant": (self.grant,),
            "about": (self.about,),
            "other": (self.about.rpartition(" by ")[2],),
            "owners": tuple(owners),
            "keys": tuple(keys),
        }


@dataclass(frozen=True)
class Cause:
    """The reason in words, the ids of changed facts, and the time (milliseconds, or `NEVER`)."""

    words: str
    facts: tuple[str, ...]
    at: int


@dataclass(frozen=True)
class _Fact:
    element: Element
    id: str
    change: str
    fields: frozenset[str]


def items(of: Balance, places: np.ndarray) -> list[Item]:
    """Return the items of a balance at some positions of `owed`."""
    graph, units, rows = of.posture.graph, of.debt.units, of.debt.rows
    row = of.row[places]
    unit = rows.entitlement[row]
    things = [_ids(graph, n[unit]) for n in (units.identity, units.holder, units.resource)]
    grants = graph.frames[CAN_ACCESS]["id"].take(units.grant[unit]).to_numpy(object)
    if of.renamed is not None:
        things = [of.renamed.called(ids) for ids in things]
        grants = of.renamed.linked(grants)
    columns = (
        [ASSUMPTIONS[k] for k in rows.assumption[row]],
        *things,
        grants,
        [LEVELS[level] for level in units.level[unit]],
        about_called(rows.about[row], of.renamed),
    )
    return [Item(*map(str, values)) for values in zip(*columns, strict=True)]


def _ids(graph: AccessGraph, numbers: np.ndarray) -> np.ndarray:
    return np.array([str(graph.thing(int(n))["id"]) for n in numbers], object)


class Causes:
    """The changes between the two ends of a period that concern the items `about`."""

    def __init__(self, period: Period, about: list[Item]) -> None:
        self.start, self.end = period.before, period.end.posture.graph
        self._renamed = period.start.renamed
        self._owners = {i.identity: self._owners_of(i.identity) for i in about}
        self._keys = {i.identity: self._keys_of(i.identity) for i in about}
        wanted = {name for item in about for ids in self._parts(item).values() for name in ids}
        self._changed = _index(changes(self.start, self.end).rows, wanted)
        self._units = {"broken": period.start.units, "mended": period.end.units}
        self._judged = [_accountable(of) for of in (period.start, period.end)]

    def _parts(self, item: Item) -> dict[str, tuple[str, ...]]:
        return item.parts(self._owners[item.identity], self._keys[item.identity])

    def _owners_of(self, identity: str) -> tuple[str, ...]:
        return self._sources_of(identity, OWNS)

    def _keys_of(self, identity: str) -> tuple[str, ...]:
        """Return the credentials that an identity uses, or that authenticate as it."""
        opening = self._sources_of(identity, AUTHENTICATES_AS)
        return (*opening, *self._sources_of(identity, USES, turned=True))

    def _sources_of(
        self, identity: str, relationship: Relationship, turned: bool = False
    ) -> tuple[str, ...]:
        """Return the ids from which a relationship leads to an identity, at either end.

        With `turned`, those to which it leads from there.
        """
        ids: set[str] = set()
        for graph in (self.start, self.end):
            source, target = graph.ends(relationship)[:: -1 if turned else 1]
            number = graph.number(identity)
            ids.update(_ids(graph, source[target == number]) if number >= 0 else ())
        return tuple(sorted(ids))

    def opened(self, item: Item, unit: int, since: int) -> Cause:
        """Return why an item is newly owed: its access is new, or an assumption broke."""
        if not _among(unit, self._units["broken"]):
            facts = self._of_access(item)
            return Cause(self._access_words(item, facts, ADDED), _named(facts), since)
        facts = self._of(item, RESTS_ON[item.assumption])
        return Cause(self._words(item, facts, ADDED), _named(facts), since)

    def closed(self, item: Item, unit: int) -> Cause:
        """Return why an item is no longer owed: its access is gone, or its assumption holds."""
        if not _among(unit, self._units["mended"]):
            facts = self._of_access(item)
            words = self._access_words(item, facts, REMOVED)
        else:
            facts = self._of(item, RESTS_ON[item.assumption])
            words = self._words(item, facts, REMOVED)
        dates = [at for fact in facts for at in self._dates(fact)]
        if item.assumption == "necessity":
            dates += self._used(item)
        return Cause(words, _named(facts), self._within(dates))

    def _words(self, item: Item, facts: list[_Fact], change: str) -> str:
        """Describe why an assumption broke (`ADDED`) or holds again, of access that was there."""
        name, added = item.assumption, change == ADDED
        removed = any(f.change == REMOVED for f in facts if f.id != item.grant)
        if name.startswith("cred_") and removed and not added:
            return "credential removed"
        other = self._other(item, facts)
        if other is not None:
            return OTHER[other][added]
        shown = bool(facts)
        if name == "owner" and added:
            shown = any(f.element is OWNS for f in facts)
        if name == "standing":
            shown = any("expires_at" in f.fields for f in facts)
        texts = (BROKE, BROKE_BY_TIME) if added else (MENDED, MENDED_BY_TIME)
        return texts[not shown].get(name, texts[0][name]).format(about=item.about)

    def _other(self, item: Item, facts: list[_Fact]) -> str | None:
        """Return what else than the facts an assumption is named for changed; see `OTHER`."""
        status = {f.id for f in facts if "status" in f.fields}
        if item.assumption.startswith("cred_") and item.about in status:
            return "credential" if self._ended_or_back(item.about) else None
        if item.assumption == "outlived" and item.identity in status:
            return "identity"
        if item.assumption == "sod":
            rule = item.about.partition(" with ")[0]
            sides = [_sides(graph, rule) for graph in (self.start, self.end)]
            return "rule" if sides[0] != sides[1] else None
        return None

    def by_coverage(self, item: Item, appeared: bool) -> str:
        """Return which source made the difference, if only coverage changed."""
        kinds = KIND.get(item.assumption, ())
        gained = _differing(self.start.coverage, self.end.coverage, kinds, CONNECTED)
        lost = _differing(self.end.coverage, self.start.coverage, kinds, LOST)
        causes = (gained or lost) if appeared else (lost or gained)
        causes += self._joined(item)
        if causes:
            return "coverage: " + ", ".join(causes)
        return "now it is known" if appeared else "nobody can tell any more"

    def _joined(self, item: Item) -> list[str]:
        """Return a text for each earlier id that was merged into the identity of an item."""
        if self._renamed is None:
            return []
        ids = sorted(i for i, name in self._renamed.names.items() if name == item.identity)
        return [f"{id_} is known to be {item.identity}" for id_ in ids[:FEW]]

    # -- facts ------------------------------------------------------------------------------

    def _of(self, item: Item, rests_on: Iterable[Where]) -> list[_Fact]:
        parts = self._parts(item)
        facts = []
        for where in rests_on:
            for element in where.elements:
                for name in parts[where.part]:
                    for fact in self._changed.get((element, where.column, name), ()):
                        named = not where.fields or fact.fields & set(where.fields)
                        if fact.change != CHANGED or named:
                            facts.append(fact)
        return list(dict.fromkeys(facts))

    def _of_access(self, item: Item) -> list[_Fact]:
        nodes = tuple(FACT_NODES)
        return self._of(
            item,
            (
                Where((CAN_ACCESS,), "id", "grant"),
                *(Where(nodes, "id", p, ("status",)) for p in ("identity", "holder", "resource")),
                Where(IDENTITY, "source_id", "identity"),
                Where(IDENTITY, "target_id", "holder"),
                Where((CREDENTIAL,), "id", "keys", ("status",)),
            ),
        )

    def _access_words(self, item: Item, facts: list[_Fact], change: str) -> str:
        """Describe which part of an access was added or removed, the grant first."""
        added = change == ADDED
        grant = [f for f in facts if f.element is CAN_ACCESS]
        ids = {f.id for f in facts if f.change == change}
        if item.identity in ids and not added:
            return "identity removed"
        if any(f.change == change for f in grant):
            return "grant added" if added else "grant removed"
        if grant:
            return "grant widened" if added else "grant narrowed or ended"
        if item.identity in ids:
            return "identity added"
        links = [f.element for f in facts if f.element in IDENTITY and f.change == change]
        edges = sorted({element.name for element in links})
        if edges:
            return f"access {'opened' if added else 'closed'} by {', '.join(edges)}"
        if not added and any(f.id == item.identity for f in facts):
            return "identity ended"
        if item.identity not in self._judged[not added]:
            return (
                "it answers for itself now" if added else "it does not answer for itself any more"
            )
        if any(f.element is CREDENTIAL and self._ended_or_back(f.id) for f in facts):
            return OTHER["credential"][added]
        return "came into force" if added else "ended"

    def _ended_or_back(self, credential: str) -> bool:
        """Return whether a credential has ended at one end of the period only."""
        return len({_has_ended(graph, credential) for graph in (self.start, self.end)}) > 1

    def _within(self, dates: list[int]) -> int:
        """Return the earliest date within the period, else the period's end."""
        inside = [at for at in dates if self.start.now < at <= self.end.now]
        return min(inside, default=self.end.now)

    def _used(self, item: Item) -> list[int]:
        """Return the last use of the access as known at the end of the period (milliseconds)."""
        at = np.flatnonzero((self.end.frames[CAN_ACCESS]["id"] == item.grant).to_numpy(bool))
        return [int(u) for u in self.end.grant_use[1][at, LEVELS.index(item.level)]]

    def _dates(self, fact: _Fact) -> list[int]:
        graph = self.start if fact.change == REMOVED else self.end
        frame = graph.frames[fact.element]
        row = frame[frame["id"] == fact.id]
        columns = [c for c in DATES if c in frame and (fact.change != CHANGED or c in fact.fields)]
        dates = [milliseconds(row[c]) for c in columns]
        if fact.element is COVERS:
            reviews = graph.frames[REVIEW]
            decided = reviews["decided_at"][reviews["id"].isin(row["source_id"])]
            dates.append(milliseconds(decided))
        return [int(at) for column in dates for at in column if at != NEVER]


def _accountable(of: Balance) -> set[str]:
    """Return the ids of the accountable identities of a balance, under the ids of the end."""
    ids = _ids(of.posture.graph, of.posture.accountable)
    return set(ids if of.renamed is None else of.renamed.called(ids))


def _has_ended(graph: AccessGraph, credential: str) -> bool:
    frame = graph.frames[CREDENTIAL]
    return bool(frame["status"][frame["id"] == credential].isin(CREDENTIAL_ENDED).any())


def _sides(graph: AccessGraph, rule: str) -> set[tuple[str, ...]]:
    """Return what a rule of separation keeps apart, as it is stated."""
    frame = graph.frames[SOD_RULE]
    columns = [f"{side}_{field}" for side in ("left", "right") for field in ("resource", "level")]
    rows = frame[columns][frame["rule"] == rule].fillna("")
    return set(rows.itertuples(index=False, name=None))


def _among(key: int, keys: np.ndarray) -> bool:
    at = int(np.searchsorted(keys, np.uint64(key)))
    return at < len(keys) and int(keys[at]) == key


def _named(facts: list[_Fact]) -> tuple[str, ...]:
    return tuple(sorted({f.id for f in facts}))[:MANY]


def _index(
    rows: dict[Element, pd.DataFrame], wanted: set[str]
) -> dict[tuple[Element, str, str], list[_Fact]]:
    """Index the changes that name one of the ids `wanted`, by element, column and id."""
    index: dict[tuple[Element, str, str], list[_Fact]] = defaultdict(list)
    for element, frame in rows.items():
        columns = ("id", "source_id", "target_id") if element in RELATIONSHIPS else ("id",)
        for column in columns:
            for row in frame[frame[column].isin(wanted)].to_dict("records"):
                named = frozenset(fields(element, int(row["fields"])))
                fact = _Fact(element, str(row["id"]), str(row["what"]), named)
                index[element, column, str(row[column])].append(fact)
    return index


def _differing(
    old: tuple[Coverage, ...], new: tuple[Coverage, ...], kinds: tuple[str, ...], words: Words
) -> list[str]:
    """Describe the scopes that only `new` has, and the `kinds` that a scope declares only there."""
    declared = {c.key: c.declares for c in old}
    alone, began = words
    scopes = [f"{c.source}/{c.scope} {alone}" for c in new if c.key not in declared]
    return scopes + [
        f"{c.source}/{c.scope} {began} to declare {kind}"
        for c in new
        for kind in kinds
        if c.key in declared and kind in c.declares and kind not in declared[c.key]
    ]
