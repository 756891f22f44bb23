"""The trail of decisions: who decided what and when, with the chain of the entries verified."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.answers.journal import journal_of
from analytics.answers.table import INSTANT, Table
from analytics.posture import Posture
from graph.journal.entries import (
    Acceptance,
    Apart,
    Attestation,
    Campaign,
    Closing,
    Confirmation,
    Entry,
    Review,
    Withdrawal,
)
from graph.journal.hash_chain import FIRST_HASH
from graph.seal.key import key_in_use

TEXT = "string"
FINDING = "F-"  # how ids of findings begin, which name nothing to a reader
COLUMNS = {
    "entry": "int64",
    "at": INSTANT,
    "by": TEXT,
    "by_name": TEXT,
    "signed_in": "boolean",
    "verified": "boolean",
    "account": TEXT,
    "os_user": TEXT,
    "session": TEXT,
    "kind": TEXT,
    "about": TEXT,
    "about_name": TEXT,
    "decided": TEXT,
    "reason": TEXT,
    "since": INSTANT,
    "until": INSTANT,
    "confirmed_by": TEXT,
    "confirmed_at": INSTANT,
    "withdrawn_at": INSTANT,
    "hash": TEXT,
}


@dataclass(frozen=True)
class Trail:
    """The entries of the journal, the latest first, which were verified as they were read.

    `entries` has the columns `COLUMNS`. `head` is the hash of the last entry: who keeps it
    elsewhere sees later whether entries were taken off. `sealed`: a key of the seal was at hand, so
    that forged entries would have shown, and not only changed ones.
    """

    entries: Table
    count: int
    head: str
    sealed: bool


def trail(posture: Posture) -> Trail:
    """List who decided what and when.

    Raises
    ------
    Refused, StoreError
        Also if an entry is not as it was written, or the chain is not whole.
    """
    journal = journal_of(posture)
    hashes = journal.hashes()
    entries = [e for e in reversed(journal.entries()) if e.number in hashes]
    rows = [_row(posture, entry) | {"hash": hashes[entry.number]} for entry in entries]
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
    head = frame["hash"].iloc[0] if len(frame) else FIRST_HASH
    return Trail(Table(frame, posture.graph.things), len(frame), head, key_in_use() is not None)


def _row(posture: Posture, entry: Entry) -> dict[str, Any]:
    about = _about(entry)
    return {
        "entry": entry.number,
        "at": entry.at,
        "by": entry.by,
        "by_name": _name(posture, entry.by),
        "signed_in": entry.signed_in,
        "verified": entry.verified,
        "account": entry.account,
        "os_user": entry.os_user,
        "session": entry.session,
        "kind": entry.kind,
        "about": " ".join(about),
        "about_name": " ".join(_name(posture, id_) for id_ in about if id_[:2] != FINDING),
        "decided": _decided(posture, entry),
        "reason": entry.reason,
        "since": entry.since,
        "until": getattr(entry, "until", None),
        "confirmed_by": getattr(entry, "confirmed_by", None),
        "confirmed_at": getattr(entry, "confirmed_at", None),
        "withdrawn_at": entry.withdrawn_at,
    }


def _about(entry: Entry) -> Sequence[str]:
    """Return the ids of what an entry is about, or the number of another entry."""
    match entry:
        case Acceptance():
            return [*entry.about[:2], entry.finding]
        case Attestation() | Review():
            return [entry.thing]
        case Apart():
            return [entry.thing, entry.other]
        case Campaign():
            return [entry.id, entry.name]
        case Closing():
            return [f"C-{entry.closes}"]
        case Confirmation():
            return [f"entry {entry.confirms}"]
        case Withdrawal():
            return [f"entry {entry.withdraws}"]
    return []


def _decided(posture: Posture, entry: Entry) -> str | None:
    match entry:
        case Acceptance() if not entry.counts:
            return "pending, not confirmed"
        case Attestation():
            return f"{entry.role} owner: {_name(posture, entry.owner)}"
        case Review():
            return f"{entry.decision} {entry.grant or 'all access'}"
        case Campaign():
            return f"{len(entry.steps)} steps"
    return None


def _name(posture: Posture, id_: str) -> str:
    """Return the name of a node, or the id of one that is not known here."""
    number = posture.graph.number(id_)
    return id_ if number < 0 else posture.graph.thing(number)["name"]
