"""The entries of the journal: what each kind of decision holds, and their form as JSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

import pandas as pd

from graph.journal.campaign_steps import CampaignStep
from graph.values import instant, iso

ROLES = ("business", "technical", "sponsor")
DECISIONS = ("approve", "revoke", "modify")
OTHERS = ("also", "owner_also")  # other ids, absent if empty
LISTS = (*OTHERS, "about")  # fields of several texts
TUPLES = (*LISTS, "outcome")
CONFIRMED = ("second", "confirmed_at", "confirmed_by")
OMITTED = (*LISTS, *CONFIRMED, "session", "account")  # fields that JSON omits if empty
INSTANTS = ("at", "since", "until", "due", "as_of")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One decision: its `number` in the journal, its author `by`, its `reason` and its instants.

    `at` is when it was written; it is in force from `since` until `withdrawn_at`, if any. `by` is
    the id of a person whom a source declares; if no source declares any person, it is a name as
    given, and not `verified`. Who is `signed_in` proved to be `by` with an `account` of the
    identity provider (`issuer|subject`); otherwise `by` is asserted by the operating-system account
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
    account: str | None = None

    @property
    def begins(self) -> pd.Timestamp:
        """The instant from which the entry counts."""
        return self.since

    def holds(self, moment: pd.Timestamp) -> bool:
        """Return whether the entry is in force at an instant."""
        return self.since <= moment and (self.withdrawn_at is None or moment < self.withdrawn_at)

    def record(self) -> dict[str, Any]:
        """Return the entry as a dict for JSON."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        present = {k: v for k, v in values.items() if k not in OMITTED or v}
        shown = {name: _shown(value) for name, value in present.items()}
        return {"entry": shown.pop("number"), "kind": self.kind} | shown


def _shown(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, pd.Timestamp):
        return iso(value)
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance(Entry):
    """A finding that somebody accepts until an instant.

    `also` are the other ids of the finding then, from merged ids of its nodes. `about` holds the
    parts of its id: rule, identity, other node or "", and the parts of its key, if any. They
    describe the accepted finding after the finding itself is gone.

    If it needs a `second` person, it is in force only from when `confirmed_by` has confirmed it.
    """

    kind: ClassVar[str] = "acceptance"
    finding: str
    until: pd.Timestamp
    about: tuple[str, ...]
    also: tuple[str, ...] = ()
    second: bool = False
    confirmed_at: pd.Timestamp | None = None
    confirmed_by: str | None = None

    @property
    def begins(self) -> pd.Timestamp:
        """The instant from which it counts, once it is confirmed if it needs that."""
        return self.since if self.confirmed_at is None else max(self.since, self.confirmed_at)

    @property
    def counts(self) -> bool:
        """Whether it needs no second person, or has one."""
        return not self.second or self.confirmed_at is not None

    @property
    def undecided(self) -> bool:
        """Whether a second person may still confirm it: nobody did, and nobody withdrew it."""
        return not self.counts and self.withdrawn_at is None

    def waits(self, moment: pd.Timestamp) -> bool:
        """Return whether it waits at an instant for a second person, who may confirm it later."""
        confirmed = self.confirmed_at is not None and self.begins <= moment
        return self.second and not confirmed and Entry.holds(self, moment) and moment < self.until

    def holds(self, moment: pd.Timestamp) -> bool:
        """Return whether the acceptance is in force at an instant; it lapses at `until`."""
        begun = self.counts and self.begins <= moment
        return begun and Entry.holds(self, moment) and moment < self.until

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
class Confirmation(Entry):
    """The consent of a second person to the acceptance with the number `confirms`."""

    kind: ClassVar[str] = "confirmation"
    confirms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal(Entry):
    """The end of the entry with the number `withdraws`."""

    kind: ClassVar[str] = "withdrawal"
    withdraws: int


FINAL = (Confirmation, Withdrawal)  # of these nothing is withdrawn
STANDING = (Acceptance, Attestation, Review, Apart, Campaign, Closing)
KINDS: dict[str, type[Entry]] = {k.kind: k for k in (*STANDING, *FINAL)}
E = TypeVar("E", bound=Entry)


class NoSuchEntry(LookupError):
    """The journal has no entry of that number that could be withdrawn, closed or confirmed."""

    exit_code, code = 2, "unknown-entry"


class PromisedSince(NoSuchEntry):
    """Another campaign has promised what a closed one would promise again if it went on."""

    code = "promised-since"


def settled(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return the entries with what later ones say of them: confirmed, or withdrawn."""
    ended = {e.withdraws: e.since for e in reversed(entries) if isinstance(e, Withdrawal)}
    second = {e.confirms: e for e in reversed(entries) if isinstance(e, Confirmation)}
    return tuple(_ended(_confirmed(e, second), ended.get(e.number)) for e in entries)


def _confirmed(entry: Entry, second: Mapping[int, Confirmation]) -> Entry:
    confirmation = second.get(entry.number)
    if confirmation is None or not isinstance(entry, Acceptance):
        return entry
    return replace(entry, confirmed_at=confirmation.since, confirmed_by=confirmation.by)


def _ended(entry: Entry, end: pd.Timestamp | None) -> Entry:
    return replace(entry, withdrawn_at=end and max(end, entry.begins))


def to_withdraw(entries: Sequence[Entry], number: int) -> Entry:
    """Return the entry of that number, if it may still be withdrawn.

    Raises
    ------
    NoSuchEntry
        No entry has that number, or it was withdrawn already, or nothing withdraws its kind.
    PromisedSince
        It closes a campaign of whose items another one under way has promised some.
    """
    entry = next((e for e in settled(entries) if e.number == number), None)
    if entry is None or isinstance(entry, FINAL):
        raise NoSuchEntry(f"the journal has no entry {number} that could be withdrawn")
    if entry.withdrawn_at is not None:
        raise NoSuchEntry(f"entry {number} was withdrawn already")
    if isinstance(entry, Closing):
        _require_unpromised(entries, entry.closes)
    return entry


def _require_unpromised(entries: Sequence[Entry], number: int) -> None:
    """Refuse that a closed campaign goes on where another one has promised some of its items."""
    closed = next(c for c in of_kind(Campaign, entries) if c.number == number)
    keys = _promised(closed) if number not in _withdrawn(entries) else set()
    for other in under_way(entries):
        if not keys.isdisjoint(_promised(other)):
            raise PromisedSince(
                f"{other.id} has promised since what {closed.id} would promise once more: "
                f"withdraw or close {other.id} first"
            )


def _promised(campaign: Campaign) -> set[str]:
    return {key for step in campaign.steps for key, _ in step.items}


def to_confirm(entries: Sequence[Entry], number: int, moment: pd.Timestamp) -> Acceptance:
    """Return the acceptance of that number, if it waits at an instant for a second person.

    Raises
    ------
    NoSuchEntry
    """
    entry = next((e for e in settled(entries) if e.number == number), None)
    if not isinstance(entry, Acceptance) or not entry.undecided or moment >= entry.until:
        raise NoSuchEntry(f"the journal has no acceptance {number} that waits for a second person")
    return entry


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


def timeline(entries: Sequence[Entry]) -> list[tuple[pd.Timestamp, dict[str, Any]]]:
    """Return by its instant each step that changes what holds from then on, oldest first.

    They are the decisions, and the withdrawals of some. What keeps ids apart counts at any instant
    and is left out, as are campaigns. `entries` are settled.
    """
    steps = []
    for entry in entries:
        if isinstance(entry, (Acceptance, Attestation, Review)):
            steps.append((entry.since, _ended(entry, None).record()))
            if entry.withdrawn_at is not None:
                steps.append((entry.withdrawn_at, {"withdrawn": entry.number}))
    return sorted(steps, key=lambda step: step[0])


def of_kind(kind: type[E], entries: Iterable[Entry]) -> tuple[E, ...]:
    """Return the entries of a kind, in their order."""
    return tuple(e for e in entries if isinstance(e, kind))
