"""Reading of logs: sums of uses, keys, and the periods that the logs cover.

A session counts as its role. Calls by services, failed calls and unknown actors make no identity.
The events themselves are not kept.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from graph.aws.actions import known_services
from graph.aws.arn import ACCOUNT
from graph.schema import AGENT, AUTHENTICATES_AS, CREDENTIAL, RESOURCE, USED
from graph.values import WrongValue, canonical, instant
from ingest.clock import latest_of
from ingest.files.export import Budget, export_files, refuse_all, scope_of
from ingest.rows import Place, Rows, text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.cloudtrail.actors import Actor, actor, label_of
from ingest.sources.cloudtrail.lives import Turn, lived, named, turn
from ingest.sources.cloudtrail.records import (
    DIGEST,
    NO_OBJECT,
    NO_RECORD,
    in_utc,
    is_insight,
    records,
)
from ingest.sources.cloudtrail.resources import access_level, action_of, resource_of
from ingest.usage.fold import EVENTS, FOLDED, fold_parquet, fold_table
from ingest.usage.log import used_rows

DECLARES = ("usage",)
SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz")
DIGESTS = "CloudTrail-Digest"  # the folder of files that hold hashes of the logs
CALLS = ("AwsApiCall", "AwsConsoleAction", "")  # types of event with an actor
BATCH = 100_000  # events written at once
MAX_TOTAL = 64 * 1024 * 1024 * 1024  # bytes of all files; they are read one by one
NAME = re.compile(r"[\w.-]{1,128}", re.ASCII)
ARROW = {"string": pa.string(), "int64": pa.int64(), "array<int64>": pa.list_(pa.int64())}
SCHEMA = pa.schema([*((name, ARROW[kind]) for name, kind in EVENTS.items()), ("event", pa.int64())])
Lives = dict[str, tuple[Turn, dict[str, int | str]]]
Call = tuple[str, str | None, str, str, str, int, int]  # a row of SCHEMA


@dataclass
class Log:
    """The sums of all events. `kinds` counts those that show no use.

    Events after `latest` (milliseconds) are dated in the future: only counted, in `ahead`.
    """

    rows: Rows
    latest: int
    kinds: Counter[str] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)
    accounts: dict[str, None] = field(default_factory=dict)
    spans: list[tuple[int, int]] = field(default_factory=list)
    span: tuple[int, int] | None = None
    used: dict[str, int] = field(default_factory=dict)
    keys: dict[Actor, int] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    unnamed: int = 0
    ahead: int = 0

    def note(self, at_ms: int) -> None:
        """Count an event of any kind, and record its instant."""
        self.rows.also_read += 1
        first, last = self.span or (at_ms, at_ms)
        self.span = min(first, at_ms), max(last, at_ms)

    def next_file(self) -> None:
        """Record the period of the last file."""
        self.spans += [self.span] if self.span else []
        self.span = None

    def acted(self, identity: Actor, at_ms: int) -> None:
        """Record the activity of an identity, and of its key."""
        self.used[identity.principal] = max(at_ms, self.used.get(identity.principal, at_ms))
        if identity.key:
            self.keys[identity] = max(at_ms, self.keys.get(identity, at_ms))

    def event(self, record: dict[str, Any]) -> int:
        """Return a number that identifies an event, also if it is delivered again.

        An action that concerns two accounts is logged in both, under ids of their own.
        """
        addendum = record.get("addendum")
        original = text(addendum.get("originalEventID")) if isinstance(addendum, dict) else ""
        id_ = text(record.get("sharedEventID")) or original or text(record.get("eventID"))
        if not id_:
            self.unnamed += 1
            return self.unnamed
        return -1 - (int.from_bytes(blake2b(id_.encode(), digest_size=8).digest(), "big") >> 1)


def read(request: Request) -> Reading:
    """Read the logs at or below the paths of `request`, and add up their uses.

    Raises
    ------
    InputRefused
        If a file is broken, or if nothing is a log.
    """
    log = Log(Rows(), latest_of(request))
    folded, written = _folded(_calls(request, log))
    if not log.spans:
        dated = " that is not dated in the future" if log.ahead else ""
        refuse_all(request, log.rows, f"holds no event of CloudTrail{dated}")
    failed = pc.sum(folded["failures"]).as_py() or 0
    twice = written - failed - (pc.sum(folded["count"]).as_py() or 0)
    for kind, count in (("failed", failed), ("delivered twice", twice)):
        if count:
            log.kinds[kind] = count
    used = used_rows(folded, request.paths[0])
    log.rows.also_read = max(log.rows.also_read - len(used), 0)
    _add_things(log, used, Place(str(request.paths[0])))
    _warn(log)
    accounts = list(log.accounts)
    scope = request.scope or (accounts[0] if len(accounts) == 1 else scope_of(request))
    last = max(last for _, last in log.spans)
    reading = log.rows.reading(scope, request.taken_at or _stamp(last), DECLARES)
    reading.rows[USED] = used
    reading.usage_periods = tuple((_stamp(first), _stamp(last)) for first, last in log.spans)
    return reading


def _stamp(ms: int) -> pd.Timestamp:
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")


def _folded(calls: Iterator[Call]) -> tuple[pa.Table, int]:
    """Fold calls, and count them; many are written to a file first."""
    batch = list(islice(calls, BATCH))
    if not batch:
        return _no_use(), 0
    if len(batch) < BATCH:
        return fold_table(_table(batch)), len(batch)
    count = 0
    with TemporaryDirectory(prefix="trustdebt-trail-") as folder:
        events = Path(folder) / "events.parquet"
        with pq.ParquetWriter(events, SCHEMA) as writer:
            while batch:
                writer.write_table(_table(batch))
                count += len(batch)
                batch = list(islice(calls, BATCH))
        return fold_parquet([events]), count


def _table(batch: list[Call]) -> pa.Table:
    columns = zip(*batch, strict=True)
    arrays = [pa.array(c, kind.type) for c, kind in zip(columns, SCHEMA, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def _no_use() -> pa.Table:
    """Return the fold of no events, without starting a database."""
    return pa.schema([(name, ARROW[kind]) for name, kind in FOLDED.items()]).empty_table()


def _add_things(log: Log, used: pd.DataFrame, place: Place) -> None:
    """Add the identities, keys and resources in uses, and things made or deleted."""
    lives = lived(named(log.turns, log.used))
    latest: dict[str, int] = {}  # a user that was renamed used its key under both names
    for user, at_ms in log.keys.items():
        latest[user.key] = max(at_ms, latest.get(user.key, at_ms))
    for user, at_ms in log.keys.items():
        at, id_ = _stamp(at_ms), str(user.credential)
        known = canonical([f"aws_id:{user.key}"])
        facts: dict[str, Any] = {"name": user.key, "type": "access_key", "external_ids": known}
        facts |= {**_life(lives, id_), "last_used_at": _stamp(latest[user.key])}
        log.rows.node(CREDENTIAL, id_, place, **facts)
        log.rows.link(AUTHENTICATES_AS, id_, user.principal, place, last_used_at=at)
    for id_ in dict.fromkeys([*used["source_id"], *(user.principal for user in log.keys)]):
        if id_ in log.used:
            life = _life(lives, id_)
            log.rows.node(label_of(id_), id_, place, **life, last_used_at=_stamp(log.used[id_]))
    for id_ in dict.fromkeys(used["target_id"]):
        log.rows.node(RESOURCE, str(id_), place)
    for id_, (change, _) in lives.items():
        key = {"name": change.key, "type": "access_key"} if change.key else {}
        if change.key:
            key["external_ids"] = canonical([f"aws_id:{change.key}"])
        elif change.label is CREDENTIAL:
            key = {"name": f"password of {change.name}", "type": "password"}
        log.rows.node(change.label, id_, place, **key, **_life(lives, id_))


def _life(lives: Lives, id_: str) -> dict[str, Any]:
    """Return the facts of creation and deletion of a thing."""
    facts = lives[id_][1] if id_ in lives else {}
    return {k: v if isinstance(v, str) else _stamp(v) for k, v in facts.items()}


def _warn(log: Log) -> None:
    if log.ahead:
        log.rows.warn(f"{log.ahead} events dated in the future were passed over")
    if log.kinds:
        counts = ", ".join(f"{kind} ({count})" for kind, count in sorted(log.kinds.items()))
        log.rows.warn(f"events that show no use of a resource by an identity: {counts}")
    if log.services:
        common = [f"{name} ({count})" for name, count in sorted(log.services.items())]
        log.rows.warn(f"events without a known resource, by service: {', '.join(common)}")


# -- events ----------------------------------------------------------------------------------------


def _calls(request: Request, log: Log) -> Iterator[Call]:
    budget = Budget(MAX_TOTAL)
    for file in export_files(request.paths, beside=(DIGESTS,)):
        if not file.alone and not file.path.name.endswith(SUFFIXES):
            continue
        count, digest, written = 0, False, records(file, budget, log.rows)
        for record, place in written or ():
            if record is DIGEST:
                digest = True
                continue
            count += 1
            call = _call(record, place, log)
            if call is not None:
                yield call
        log.next_file()
        if written is None:
            continue
        if not count and file.alone:
            raise InputRefused(file.path, "", "holds no record of CloudTrail")
        if not count and not digest:
            log.rows.warn(f"{file.path}: holds no record of CloudTrail; passed over")


def _call(record: Any, place: Place, log: Log) -> Call | None:
    if not isinstance(record, dict):
        log.rows.reject(place, NO_OBJECT)
        return None
    if is_insight(record):
        log.kinds["of unusual activity (Insights)"] += 1
        log.rows.also_read += 1
        return None
    source, name = text(record.get("eventSource")), text(record.get("eventName"))
    if not NAME.fullmatch(source) or not NAME.fullmatch(name):
        log.rows.reject(place, NO_RECORD)
        return None
    try:
        at_ms = _milliseconds(text(record.get("eventTime")))
    except WrongValue as wrong:
        log.rows.reject(place.at("eventTime"), f"the instant {wrong}")
        return None
    if at_ms > log.latest:
        log.ahead += 1
        log.rows.also_read += 1
        return None
    log.note(at_ms)
    made_or_gone = turn(record, source, name, at_ms)
    if made_or_gone is not None:
        log.turns.append(made_or_gone)
    account = text(record.get("recipientAccountId"))
    if ACCOUNT.fullmatch(account):
        log.accounts[account] = None
    used = _used(record, source, name, at_ms, log)
    about_agent = made_or_gone is not None and made_or_gone.label is AGENT
    return None if about_agent else used  # an agent is no resource


@lru_cache(maxsize=65_536)
def _milliseconds(stamp: str) -> int:
    return round(instant(in_utc(stamp)).timestamp() * 1000)


def _used(record: dict[str, Any], source: str, name: str, at_ms: int, log: Log) -> Call | None:
    if text(record.get("eventType")) not in CALLS:
        log.kinds["done by a service, or signing in"] += 1
        return None
    identity = actor(record.get("userIdentity"))
    if identity is None:
        log.kinds["by an actor that is no identity of an account"] += 1
        return None
    failed = bool(text(record.get("errorCode")) or text(record.get("errorMessage")))
    if not failed:
        log.acted(identity, at_ms)
    prefix, action = action_of(source, name)
    if prefix == "sts":
        log.kinds["about sessions"] += 1
        return None
    resource = resource_of(record, prefix, action)
    if resource is None:
        shown = prefix if prefix in known_services() else "unknown"
        log.services[shown] += 1
        return None
    outcome, level = "failure" if failed else "success", access_level(prefix, action)
    return (
        identity.principal,
        identity.credential,
        resource,
        level,
        outcome,
        at_ms,
        log.event(record),
    )
