"""Rows of security event tokens: the states of accounts, credentials and sessions, with instants.

A token is taken once. What is dated in the future, is for another audience, or states no fact that
is kept is counted. Reasons that people gave are not kept.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.instants import millisecond
from graph.receipts.dates import instant_of
from graph.receipts.jws import WrongJws
from graph.receipts.keys import KeyRing, read_keys
from graph.schema import AUTHENTICATES_AS, CREDENTIAL
from graph.values import canonical, iso
from ingest.clock import latest_of
from ingest.files.export import (
    Budget,
    ExportFile,
    files_of,
    readable,
    refuse_all,
    scope_of,
)
from ingest.lives import in_order
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.signals.subjects import Subject, subject_of
from ingest.sources.signals.tokens import token_of, tokens_of

SUFFIXES = (".json", ".jsonl", ".ndjson", ".log", ".jwt", ".txt")
FAMILIES = tuple(
    f"https://schemas.openid.net/secevent/{family}/event-type/" for family in ("caep", "risc")
)
ACCOUNTS = {
    "account-disabled": "disabled",
    "account-enabled": "active",
    "account-purged": "deleted",
}
SESSIONS = ("session-revoked", "sessions-revoked")
SEEN = ("session-established", "session-presented")
CHANGED, COMPROMISED = "credential-change", "credential-compromise"
CHANGES = {"create": "active", "update": "active", "revoke": "revoked", "delete": "deleted"}
TYPES = {"password": "password", "pin": "password", "x509": "certificate"}
NAMING = ("x509_serial", "credential_id")  # either tells a credential of a subject from others
DESCRIBING = ("fido2_aaguid", "friendly_name")  # its model and its name, which others may share
INITIATORS = ("admin", "user", "policy", "system")
# Instants in milliseconds, with a state, what brought it, and who initiated that or "".
State = tuple[int, str, str, str]
States = list[State]


def read(request: Request) -> Reading:
    """Read the tokens at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If nothing is a security event token, or a given key cannot be used.
    """
    scope, keys = scope_of(request).replace("/", ":"), read_keys(request.keys)
    log, budget = _Log(scope, latest_of(request), request.audience, keys), Budget()
    for file in files_of(request, log.rows, SUFFIXES):
        before = log.tokens
        readable(log.rows, lambda file=file: log.take_file(file, budget))  # type: ignore[misc]
        if file.alone and log.tokens == before and not log.rows.rejected:
            raise InputRefused(file.path, "", "holds no security event token")
    if not log.tokens:
        refuse_all(request, log.rows, "nothing in it is a security event token")
    if log.last is None and request.taken_at is None:
        refuse_all(request, log.rows, "no security event token in it can be used")
    log.write()
    taken = request.taken_at if request.taken_at is not None else _stamp(log.last or 0)
    return log.rows.reading(scope_of(request), taken, ())


def _stamp(ms: int) -> pd.Timestamp:
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")


@dataclass
class _Log:
    """Adds tokens up: of each identity and credential the states that it came into."""

    scope: str
    latest: int
    audience: str | None
    keys: KeyRing
    rows: Rows = field(default_factory=Rows)
    tokens: int = 0
    last: int | None = None
    unchecked: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    known: set[tuple[str, str]] = field(default_factory=set)
    subjects: dict[str, tuple[Subject, Place]] = field(default_factory=dict)
    accounts: dict[str, States] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    credentials: dict[str, tuple[str, dict[str, Any], States, Place]] = field(default_factory=dict)

    def take_file(self, file: ExportFile, budget: Budget) -> None:
        """Add the tokens of a file."""
        for value, place in tokens_of(file, budget, self.rows):
            self.take(value, place)

    def take(self, value: Any, place: Place) -> None:
        """Add one token."""
        try:
            token = token_of(value, self.keys)
        except WrongJws as wrong:
            self.tokens += 1
            self.rows.all_read = False
            self.rows.reject(place, str(wrong))
            return
        if token is None and not isinstance(value, dict):
            self.rows.all_read = False
            self.rows.reject(place, "a record must be an object or a signed token")
            return
        self.rows.also_read += 1
        if token is None:
            self.passed["records that are no security event token"] += 1
            return
        self.tokens += 1
        claims = token.claims
        if self._is_left_out(claims, token.verified):
            return
        for kind, details in claims["events"].items():
            details = details if isinstance(details, dict) else {}
            at = _milliseconds(details.get("event_timestamp"), claims.get("toe"), claims.get("iat"))
            if at is None:
                self.rows.all_read = False
                self.rows.reject(place, "an event must have an instant")
            elif at > self.latest:
                self.passed["events dated in the future"] += 1
            else:
                self.last = at if self.last is None else max(self.last, at)
                self._event(kind, details, claims, at, place)

    def _is_left_out(self, claims: Mapping[str, Any], verified: bool | None) -> bool:
        """Return whether a token is not to be taken; it is counted then."""
        audiences = [text(each) for each in listed(claims.get("aud"))]
        once = text(claims.get("iss")), text(claims.get("jti"))
        if self.audience is not None and self.audience not in audiences:
            self.passed["tokens of another audience"] += 1
        elif self.keys.keys and not verified:
            self.passed["tokens that no given key verifies"] += 1
        elif once[1] and once in self.known:
            self.passed["tokens that came twice"] += 1
        else:
            self.known.add(once)
            self.unchecked += verified is None
            return False
        return True

    def _event(
        self,
        kind: str,
        details: Mapping[str, Any],
        claims: Mapping[str, Any],
        at: int,
        place: Place,
    ) -> None:
        name = next((kind.removeprefix(f) for f in FAMILIES if kind.startswith(f)), "")
        subject = subject_of(claims.get("sub_id") or details.get("subject"), self.scope)
        if not name:
            self.passed["events of other families"] += 1
        elif subject is None:
            self.passed["events about no identity"] += 1
        elif name in ACCOUNTS:
            self._subject(subject, place)
            state = at, ACCOUNTS[name], name, _initiator(details)
            self.accounts.setdefault(subject.id, []).append(state)
        elif name in SESSIONS:
            self._session(subject, details, at, place)
        elif name in SEEN:
            self._subject(subject, place)
            self.seen[subject.id] = max(at, self.seen.get(subject.id, at))
        elif name in (CHANGED, COMPROMISED):
            self._credential(name, subject, details, at, place)
        else:
            shown = redact_text(name) if len(name) < 40 else "of a long name"
            self.passed[f"events {shown}, which state no fact that is kept,"] += 1

    def _subject(self, subject: Subject, place: Place) -> None:
        self.subjects.setdefault(subject.id, (subject, place))

    def _session(self, subject: Subject, details: Mapping[str, Any], at: int, place: Place) -> None:
        """Record the end of a session; of all of them, where none is named."""
        name = f"session/{subject.session}" if subject.session else "sessions"
        state = at, "revoked", name, _initiator(details)
        self._ended(subject, name, {"type": "token"}, state, place)

    def _credential(
        self, name: str, subject: Subject, details: Mapping[str, Any], at: int, place: Place
    ) -> None:
        kind = redact_text(text(details.get("credential_type"))) or "credential"
        change = text(details.get("change_type"))
        state = "leaked" if name == COMPROMISED else CHANGES.get(change)
        if state is None:
            self.passed["changes of credentials of no known kind"] += 1
            return
        own = next(filter(None, _texts(details, NAMING)), "")
        own = own or " ".join(filter(None, _texts(details, DESCRIBING)))
        facts = {"type": TYPES.get(kind), "name": f"{kind} {own}".strip()}
        id_ = f"{kind}/{own}" if own else kind
        self._ended(subject, id_, facts, (at, state, change, _initiator(details)), place)

    def _ended(
        self,
        subject: Subject,
        name: str,
        facts: dict[str, Any],
        state: State,
        place: Place,
    ) -> None:
        self._subject(subject, place)
        id_ = f"{subject.id}#{name}"
        self.credentials.setdefault(id_, (subject.id, facts, [], place))[2].append(state)

    # -- rows ------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write the identities and credentials with their states."""
        for id_, (subject, place) in self.subjects.items():
            seen = self.seen.get(id_)
            self.rows.node(
                subject.label,
                id_,
                place,
                email=subject.email,
                external_ids=canonical(list(subject.external_ids))
                if subject.external_ids
                else None,
                last_active_at=iso(_stamp(seen)) if seen is not None else None,
                **_state(self.accounts.get(id_, [])),
            )
        for id_, (owner, facts, states, place) in self.credentials.items():
            self.rows.node(CREDENTIAL, id_, place, **facts, **_state(states))
            self.rows.link(AUTHENTICATES_AS, id_, owner, place)
        for kind, count in sorted(self.passed.items()):
            self.rows.warn(f"{count} {kind} were passed over")
        if self.unchecked:
            self.rows.warn(f"{self.unchecked} tokens were read without checking a signature")


def _texts(details: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    return [redact_text(text(details.get(name))) for name in names]


def _initiator(details: Mapping[str, Any]) -> str:
    """Return who initiated an event, "" where it does not say so in a word of CAEP."""
    word = text(details.get("initiating_entity")).lower()
    return word if word in INITIATORS else ""


def _milliseconds(*values: Any) -> int | None:
    """Return the first value that is an instant, in milliseconds."""
    at = next((at for value in values if (at := instant_of(value)) is not None), None)
    return millisecond(pd.Timestamp(at)) if at is not None else None


def _state(states: States) -> dict[str, Any]:
    """Return the state of a thing after all its changes, in the order of time."""
    facts: dict[str, Any] = {}
    for at, state, change, initiator in in_order(states):
        instant = iso(_stamp(at))
        facts |= {"status": state, "status_at": instant, "status_by": initiator or None}
        if state == "deleted":
            facts["deleted_at"] = instant
        elif change == "create":
            facts["created_at"] = instant
        elif change == "update":
            facts["rotated_at"] = instant
    return facts
