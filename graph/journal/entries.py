"""The entries of the journal: what each kind of decision holds, and their form as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

import pandas as pd

from graph.journal.campaign_steps import CampaignStep
from graph.values import instant, iso

ROLES = ("business", "technical", "sponsor")
DECISIONS = ("approve", "revoke", "modify")
OTHERS = ("also", "owner_also")  # other ids, absent if empty
LISTS = (*OTHERS, "about")  # fields of several texts
TUPLES = (*LISTS, "outcome")
OMITTED = (*LISTS, "session")  # fields that JSON omits if empty
INSTANTS = ("at", "since", "until", "due", "as_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision: its `number` in the journal, its author `by`, its `reason` and its instants.

    `at` is when it was written; it is in force from `since` until `withdrawn_at`, if any. `by` is
    the id of a person whom a source declares; if no source declares any person, it is a name as
    given, and not `verified`. Nobody signs in, so `by` is asserted by the operating-system account
    `os_user`, in a `session` of the app or, if that is None, by a command.
    """

    kind: ClassVar[str]
    number: int
    by: str
    reason: str
    at: pd.Timestamp
    since: pd.Timestamp
    withdrawn_at: pd.Timestamp | None = None
    verified: bool = True
    signed_in: bool = False
    os_user: str
    session: str | None

    def holds(self, moment: pd.Timestamp) -> bool:
        """Return whether the entry is in force at an instant."""
        return self.since <= moment and (self.withdrawn_at is None or moment < self.withdrawn_at)

    def record(self) -> dict[str, Any]:
        """Return the entry as a dict for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        present = {k: v for k, v in values.items() if k not in OMITTED or v}
        shown = {k: iso(v) if isinstance(v, pd.Timestamp) else v for k, v in present.items()}
        return {"entry": shown.pop("number"), "kind": self.kind} | shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance(Entry):
    """A finding that somebody accepts until an instant.

    `also` are the other ids of the finding then, from merged ids of its nodes. `about` holds the
    parts of its id: rule, identity, other node or "", and the parts of its key, if any. They
    describe the accepted finding after the finding itself is gone.
    """

    kind: ClassVar[str] = "acceptance"
    finding: str
    until: pd.Timestamp
    about: tuple[str, ...]
    also: tuple[str, ...] = ()

    def holds(self, moment: pd.Timestamp) -> bool:
        """Return whether the acceptance is in force at an instant; it lapses at `until`."""
        return Entry.holds(self, moment) and moment < self.until

    @property
    def ends(self) -> pd.Timestamp:
        """The instant it ends: `until`, or its withdrawal if that is earlier."""
        return self.until if self.withdrawn_at is None else min(self.until, self.withdrawn_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation(Entry):
    """An attestation that `owner` is responsible for `thing` (ids) in a role.

    `also` and `owner_also` are the other ids of both at that time.
    """

    kind: ClassVar[str] = "attestation"
    thing: str
    owner: str
    role: str
    also: tuple[str, ...] = ()
    owner_also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Entry):
    """A review of the access of `thing` (an id; `also` are its others), or of one of its grants."""

    kind: ClassVar[str] = "review"
    thing: str
    grant: str | None
    decision: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart(Entry):
    """A declaration that `thing` and `other` (ids as sources use them) are different nodes.

    It corrects the matching of ids, so it applies at any instant, until it is withdrawn.
    """

    kind: ClassVar[str] = "apart"
    thing: str
    other: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign(Entry):
    """Steps that somebody undertakes to have carried out until they are `due`.

    They were worked out on a `snapshot` (id), judged at `as_of`. `owner` is the id of the person
    who answers for those steps that nobody else does.
    """

    kind: ClassVar[str] = "campaign"
    name: str
    snapshot: str
    as_of: pd.Timestamp
    owner: str
    due: pd.Timestamp
    steps: tuple[CampaignStep, ...]

    @property
    def id(self) -> str:
        """The id of the campaign, which no other of the journal has."""
        return f"C-{self.number}"

    def record(self) -> dict[str, Any]:
        """Return the entry as a dict for JSON, of each step what is to be done."""
        return Entry.record(self) | {"steps": [step.record() for step in self.steps]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing(Entry):
    """The close of the campaign with the number `closes`: nothing more is expected of it.

    `outcome` holds what became of each of its steps, as judged at `as_of`.
    """

    kind: ClassVar[str] = "closing"
    closes: int
    as_of: pd.Timestamp
    outcome: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal(Entry):
    """The end of the entry with the number `withdraws`."""

    kind: ClassVar[str] = "withdrawal"
    withdraws: int


KINDS: dict[str, type[Entry]] = {
    k.kind: k for k in (Acceptance, Attestation, Review, Apart, Campaign, Closing, Withdrawal)
}
E = TypeVar("E", bound=Entry)


class NoSuchEntry(LookupError):
    """The journal has no entry of that number that could be withdrawn or closed."""

    exit_code, code = 2, "unknown-entry"


def begun(entries: Sequence[Entry], number: int) -> pd.Timestamp:
    """Return the instant from which an entry is in force.

    Raises
    ------
    NoSuchEntry
        No entry has that number, or it was withdrawn already, or is itself a withdrawal.
    """
    entry = next((e for e in entries if e.number == number), None)
    if entry is None or isinstance(entry, Withdrawal):
        raise NoSuchEntry(f"the journal has no entry {number} that could be withdrawn")
    if number in _withdrawn(entries):
        raise NoSuchEntry(f"entry {number} was withdrawn already")
    return entry.since


def under_way(entries: Sequence[Entry]) -> tuple[Campaign, ...]:
    """Return the campaigns that nobody closed or withdrew, oldest first."""
    gone = _withdrawn(entries)
    closed = {e.closes for e in of_kind(Closing, entries) if e.number not in gone}
    campaigns = of_kind(Campaign, entries)
    return tuple(c for c in campaigns if c.number not in closed and c.number not in gone)


def open_campaign(entries: Sequence[Entry], number: int) -> Campaign:
    """Return the campaign of that number, if it is under way.

    Raises
    ------
    NoSuchEntry
    """
    campaign = next((c for c in under_way(entries) if c.number == number), None)
    if campaign is None:
        raise NoSuchEntry(f"the journal has no campaign {number} that is under way")
    return campaign


def _withdrawn(entries: Sequence[Entry]) -> set[int]:
    return {e.withdraws for e in of_kind(Withdrawal, entries)}


def entry_of(kind: type[E], number: int, body: str) -> E:
    """Return an entry of a kind from its JSON."""
    record = json.loads(body)
    names = {f.name for f in fields(kind)}
    values = {k: v for k, v in record.items() if k in names}
    values |= {k: instant(values[k]) for k in INSTANTS if k in values}
    values |= {k: tuple(values[k]) for k in TUPLES if k in values}
    if "steps" in values:
        values["steps"] = tuple(CampaignStep.of(step) for step in values["steps"])
    return kind(number=number, **values)


def of_kind(kind: type[E], entries: Iterable[Entry]) -> tuple[E, ...]:
    """Return the entries of a kind, in their order."""
    return tuple(e for e in entries if isinstance(e, kind))
