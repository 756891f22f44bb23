"""Decisions of people in the product: accept a finding, confirm that, attest an owner, review."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.findings.lifecycle.about import takes_two, what_it_is_about
from analytics.findings.lifecycle.names import other_names
from analytics.findings.lifecycle.states import LISTED, lives
from analytics.ownership.bus_factor import keepers
from analytics.ownership.owners import active_owners, active_people
from analytics.posture import Posture
from analytics.remediation.reviewing.packets import PACKET, grant_of
from graph.access import AmbiguousThing, UnknownThing
from graph.element import Node
from graph.frames import records
from graph.identity.lookup import nearest
from graph.journal.actor import By
from graph.journal.entries import (
    DECISIONS,
    ROLES,
    Acceptance,
    Campaign,
    Closing,
    Entry,
    of_kind,
)
from graph.journal.journal import Journal
from graph.journal.rights import NotAllowed, require_own
from graph.schema import CAN_ACCESS, COVERS, GROUP, HUMAN, OWNS, TEAM, USES
from graph.values import WrongValue, iso, text

LONGEST = {"by": 200, "name": 200, "reason": 2000, "note": 2000}


class Refused(Exception):
    """A decision that cannot be written; the text gives the reason."""

    exit_code, code = 2, "refused"


def accept(
    posture: Posture, finding: str, until: pd.Timestamp, by: str | By, reason: str
) -> dict[str, Any]:
    """Accept a finding until an instant; it stays listed, and is open again after that.

    It counts from the moment looked at, which may be before now: that of the snapshot. A finding
    that is critical counts as accepted only from when another person confirms it: see `confirm`.

    Raises
    ------
    Refused, NotAllowed, UnknownThing, AmbiguousThing, StoreError
    """
    finding_id = _finding(posture, finding)
    as_of = posture.graph.as_of
    if until <= as_of:
        raise Refused(f"--until must lie after {iso(as_of)}, the instant looked at")
    person, why = decider(posture, by), checked_text("reason", reason)
    also = other_names(posture, finding_id)
    about = what_it_is_about(posture, finding_id)
    second = takes_two(posture, finding_id)
    own = answering(posture, finding_id)
    written = journal_of(posture).accept(
        finding_id, until, person, why, as_of, about, also, second, own
    )
    return _recorded(written) | {"note": _note(written)}


def answering(posture: Posture, finding: str) -> frozenset[str]:
    """Return the ids of the active people who answer for what a finding is about.

    Those are its owners, the members of teams that own it, and those of its parents in service. For
    what has no owner of its own, such as a key, they are those of the identities that use it.
    """
    about = what_it_is_about(posture, finding)
    people = keepers(posture)
    graph, subject = posture.graph, posture.graph.number(about[1]) if about else -1
    users, used = graph.ends(USES)
    uses_it = (used == subject) & graph.in_force(USES)
    things = [subject] if subject in people else users[uses_it].tolist()
    numbers = {person for thing in things for person in people.get(thing, ())}
    return frozenset(str(graph.ids[number]) for number in numbers)


def may_accept(posture: Posture, finding: str, by: By) -> bool:
    """Return whether an author, by id, e-mail or account, may accept a finding.

    Whom nobody knows may: what is wrong about them is told when they decide.
    """
    try:
        require_own(decider(posture, by), Acceptance.kind, answering(posture, finding))
    except NotAllowed:
        return False
    except (Refused, UnknownThing, AmbiguousThing):
        return True
    return True


def _note(written: Acceptance) -> str | None:
    """Return why an acceptance does not count now, if it does not."""
    if not written.counts:
        return (
            "it is critical, so it is pending until another person confirms it: "
            f"trustdebt confirm {written.number}"
        )
    past = "by the clock that is past: it counts only in what is asked as of earlier"
    return past if written.until <= written.at else None


def confirm(posture: Posture, entry: int, by: str | By, reason: str) -> dict[str, Any]:
    """Confirm the acceptance of a critical finding as a second person; it counts from then.

    Like the acceptance, it counts from the moment looked at.

    Raises
    ------
    Refused, NotAllowed, NoSuchEntry, StoreError
    """
    journal, as_of = journal_of(posture), posture.graph.as_of
    person, why = decider(posture, by), checked_text("reason", reason)
    accepted = of_kind(Acceptance, journal.entries())
    first = next((a.by for a in accepted if a.number == entry and a.undecided), None)
    if first is not None and posture.graph.identities.canonical.get(first, first) == person.name:
        raise Refused(f"{person.name} accepted it: another person has to confirm it")
    return _recorded(journal.confirm(entry, person, why, as_of))


def waiting(posture: Posture) -> dict[str, Acceptance]:
    """Return the acceptances that wait for a second person, by the present id of the finding.

    One that was confirmed later than the moment looked at still waits then.
    """
    if posture.journal is None:
        return {}
    entries = posture.journal.waiting(posture.graph.as_of)
    called = lives(posture).called if entries else str
    return {called(a.finding): a for a in entries}


def attest(
    posture: Posture,
    thing: str,
    owner: str,
    role: str,
    by: str | By,
    note: str = "",
    since: pd.Timestamp | None = None,
) -> dict[str, Any]:
    """Attest that a person or a team owns a node; it counts from `since`, or from now.

    Raises
    ------
    Refused, UnknownThing, AmbiguousThing, StoreError
    """
    graph = posture.graph
    owned, owning = graph.find(thing), graph.find(owner)
    _require(posture, owned, OWNS.targets, "nothing can own")
    _require(posture, owning, (HUMAN, TEAM, GROUP), "an owner is a person or a team, not")
    if not active_owners(graph)[owning]:
        name, person = graph.thing(owning)["name"], graph.has_label(HUMAN)[owning]
        gone = f"{name} is no longer here" if person else f"nobody who is here is in {name}"
        raise Refused(f"{gone}; name somebody who is")
    if role not in ROLES:
        raise Refused(f"a role is one of {', '.join(ROLES)}")
    journal = journal_of(posture)
    person, why = decider(posture, by), checked_text("note", note, needed=False)
    ids = graph.thing(owned)["id"], graph.thing(owning)["id"]
    also = _also(posture, ids[0]), _also(posture, ids[1])
    written = _recorded(journal.attest(*ids, role, person, why, _not_ahead(journal, since), also))
    return written | {"note": written["reason"], "counts": _counts(posture, written["since"])}


def review(
    posture: Posture,
    thing: str,
    decision: str,
    by: str | By,
    reason: str,
    grant: str | None = None,
    since: pd.Timestamp | None = None,
) -> dict[str, Any]:
    """Record a review decision on the access of a node, or on one of its grants by grant id.

    `thing` may also be a packet of `reviews`, which is about one grant.

    Raises
    ------
    Refused, UnknownThing, AmbiguousThing, StoreError
    """
    number, grant = _reviewed(posture, thing, grant)
    if decision not in DECISIONS:
        raise Refused(f"a decision is one of {', '.join(DECISIONS)}")
    journal = journal_of(posture)
    person, why = decider(posture, by), checked_text("reason", reason)
    about = posture.graph.thing(number)["id"]
    when = _not_ahead(journal, since)
    also = _also(posture, about)
    written = _recorded(journal.review(about, decision, person, why, when, grant, also))
    return written | {"counts": _counts(posture, written["since"])}


def apart(posture: Posture, thing: str, other: str, by: str | By, reason: str) -> dict[str, Any]:
    """Separate an id from a merged node, so that it is a node of its own.

    Raises
    ------
    Refused, UnknownThing, AmbiguousThing, StoreError
    """
    graph = posture.graph
    merged = graph.thing(graph.find(other))
    ids = graph.identities.merged.get(merged["id"], (merged["id"],))
    if thing not in ids or len(ids) < 2:
        raise Refused(f"{merged['name']} is made of {', '.join(ids)}; name one of several")
    rest = [i for i in ids if i != thing]
    not_this = other if other in rest else merged["id"] if merged["id"] in rest else rest[0]
    person, why = decider(posture, by), checked_text("reason", reason)
    return _recorded(journal_of(posture).set_apart(thing, not_this, person, why))


def withdraw(posture: Posture, entry: int, by: str | By, reason: str) -> dict[str, Any]:
    """Withdraw an entry of the journal, which stays there.

    Raises
    ------
    Refused, NotAllowed, NoSuchEntry, StoreError
    """
    journal = journal_of(posture)
    judged = (Acceptance, Campaign, Closing)  # they count from the instant looked at
    begun = {e.number: e.begins for e in journal.entries() if isinstance(e, judged)}
    since = max(begun[entry], posture.graph.as_of) if entry in begun else None
    person, why = decider(posture, by), checked_text("reason", reason)
    return _recorded(journal.withdraw(entry, person, why, since))


def journal(posture: Posture, limit: int = 0) -> dict[str, Any]:
    """List the decisions in the product, the latest first.

    `expired_and_open` are expired acceptances of findings that still hold.
    """
    entries = journal_of(posture).entries()
    rows = [e.record() for e in reversed(entries)]
    shown = rows[:limit] if limit else rows
    accepted = any(isinstance(e, Acceptance) for e in entries)
    over = lives(posture).lapsed if accepted else {}
    return {
        "entries": shown,
        "expired_and_open": [a.record() | {"finding": i} for i, a in sorted(over.items())],
        "left_out": len(rows) - len(shown),
    }


def journal_of(posture: Posture) -> Journal:
    """Return the journal of the store that `posture` was read from."""
    if posture.journal is None:
        raise Refused("this snapshot is in no store, so nothing can be written beside it")
    return posture.journal


def _finding(posture: Posture, asked: str) -> str:
    """Find an unresolved finding by any of its ids, or by a unique start of one."""
    life = lives(posture)
    rows = life.rows
    unresolved = rows["id"][rows["state"].isin(LISTED)]
    matching = unresolved[unresolved == life.called(asked)].tolist()
    matching = matching or unresolved[unresolved.str.startswith(asked)].tolist()
    if not matching:
        had = {new for old, new in life.replaced().items() if old.startswith(asked)}
        matching = unresolved[unresolved.isin(had)].tolist()
    if len(matching) == 1:
        return str(matching[0])
    if matching:
        raise AmbiguousThing(asked, sorted(matching)[:10])
    if (rows["id"] == life.called(asked)).any():
        raise Refused(f"{asked} is resolved: there is nothing to accept")
    raise UnknownThing(asked, [])


def _also(posture: Posture, thing: str) -> list[str]:
    """Return the other ids of a node, under which the entry counts if this one is gone."""
    return [i for i in posture.graph.identities.merged.get(thing, ()) if i != thing]


def decider(posture: Posture, person: str | By) -> By:
    """Return the active person who decides; if no source declares any person, the name as given.

    Whom the identity provider knows and no source declares decides under the name that it vouches
    for, unverified as a person.

    Raises
    ------
    Refused, UnknownThing, AmbiguousThing
    """
    claimed = By.of(person)
    name, graph = checked_text("by", claimed.name), posture.graph
    people = deciders(posture)
    try:
        number = _identified(posture, claimed, name)
    except UnknownThing:
        if graph.has_label(HUMAN).any() and not claimed.signed_in:
            near = nearest(graph, name, people)
            raise UnknownThing(name, near, "no person who could decide") from None
        return replace(claimed, name=name, verified=False)
    _require(posture, number, (HUMAN,), "only a person can decide, not")
    if number not in people:
        raise Refused(f"{graph.thing(number)['name']} is no longer here, and cannot decide")
    return replace(claimed, name=graph.thing(number)["id"])


def _identified(posture: Posture, claimed: By, name: str) -> int:
    """Return the number of the node that an author names, or signed in with the account of."""
    try:
        return posture.graph.find(name)
    except UnknownThing:
        if claimed.account is None:
            raise
        return posture.graph.find(claimed.account)


def deciders(posture: Posture) -> np.ndarray:
    """Return the numbers of the people who may decide: the active ones."""
    return np.flatnonzero(active_people(posture.graph)[0])


def _recorded(entry: Entry) -> dict[str, Any]:
    """Return an entry as written, with a note if its author could not be verified."""
    unverified = f"no source states any person: that {entry.by} decided it is not verified"
    if entry.signed_in:
        unverified = f"{entry.by} signed in, but no source states this person"
    return entry.record() | {"unverified": None if entry.verified else unverified}


def checked_text(option: str, value: str, needed: bool = True) -> str:
    """Return the text of an option without spaces around it, or refuse it."""
    try:
        stripped = text(value).strip()
    except WrongValue as error:
        raise Refused(f"--{option} {error}") from None
    if needed and not stripped:
        raise Refused(f"--{option} must not be empty")
    if len(stripped) > LONGEST[option]:
        raise Refused(f"--{option} is longer than {LONGEST[option]} characters")
    return stripped


def _require(posture: Posture, number: int, allowed: tuple[Node, ...], why: str) -> None:
    if not posture.graph.has_label(*allowed)[number]:
        thing = posture.graph.thing(number)
        raise Refused(f"{why} {thing['name']}, which is of the label {thing['label']}")


def _grants(posture: Posture, number: int) -> list[str]:
    """Return the ids of the grants that a node holds."""
    holder, _ = posture.graph.ends(CAN_ACCESS)
    grants = posture.graph.frames[CAN_ACCESS][holder == number]
    return sorted({str(row.grant_id) for row in records(grants[grants["grant_id"].notna()])})


def _reviewed(posture: Posture, thing: str, grant: str | None) -> tuple[int, str | None]:
    """Return the node that a review is about, and the grant if it is about one."""
    if PACKET.fullmatch(thing) and posture.graph.number(thing) < 0:
        if grant is not None:
            raise Refused("a packet is about one grant already: leave out --grant")
        return _packet(posture, thing)
    number = posture.graph.find(thing)
    _require(posture, number, COVERS.targets, "a review cannot be about")
    if grant is not None and grant not in (grant_ids := _grants(posture, number)):
        near = (
            f"; it holds {', '.join(grant_ids[:5])}"
            if grant_ids
            else "; it holds none that has an id"
        )
        raise Refused(f"{posture.graph.thing(number)['name']} holds no grant {grant!r}{near}")
    return number, grant


def _packet(posture: Posture, packet: str) -> tuple[int, str]:
    """Return the holder of the grant of a packet, and the id of the grant that no other has."""
    row = grant_of(posture, packet)
    if row is None:
        raise UnknownThing(packet, [], "no packet of a review")
    frame, (holder, _) = posture.graph.frames[CAN_ACCESS], posture.graph.ends(CAN_ACCESS)
    _require(posture, int(holder[row]), COVERS.targets, "a review cannot be about")
    named = frame["grant_id"].iloc[row]
    alike = (holder == holder[row]) & (frame["grant_id"] == named).fillna(False).to_numpy(bool)
    unique = alike.sum() == 1
    return int(holder[row]), str(named if unique else frame["id"].iloc[row])


def _not_ahead(journal: Journal, since: pd.Timestamp | None) -> pd.Timestamp | None:
    if since is not None and since > journal.now():
        raise Refused("--since must not lie in the future: nobody has decided that yet")
    return since


def _counts(posture: Posture, since: str) -> str | None:
    """Return a note on when an entry takes effect, if the moment looked at is earlier."""
    as_of = iso(posture.graph.as_of)
    if pd.Timestamp(since) <= posture.graph.as_of:
        return None
    return (
        f"from {since} on, when it was decided; what is asked as of {as_of}, as here, does not see "
        f"it, and what is asked with --as-of {since} does"
    )
