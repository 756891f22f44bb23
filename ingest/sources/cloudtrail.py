"""AWS CloudTrail: who used which resource, at which level, when first, when last and how often.

The shape of records is documented at
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html. Sessions
count as the role they are of. What a service did by itself, what failed and who cannot be named
makes no identity. Events are added up; they are not kept.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from graph.element import Node
from graph.schema import HUMAN, LEVELS, RESOURCE, ROLE, USED
from graph.values import WrongValue, instant
from ingest.exports import Budget, ExportFile, export_files, scope_of
from ingest.files import decode, parse_json
from ingest.redaction import redact_text
from ingest.rows import Place, Rows, text
from ingest.source import InputRefused, Reading, Request, Source
from ingest.sources.aws.actions import Service, known_services, level_of
from ingest.sources.aws.arn import ACCOUNT, account_id, parse
from ingest.sources.aws.targets import whole
from ingest.usage_fold import EVENTS, fold_parquet
from ingest.usage_log import used_rows

SUFFIXES = (".json", ".json.gz", ".jsonl", ".jsonl.gz")
CALLS = ("AwsApiCall", "AwsConsoleAction", "")  # sorts of event in which somebody did something
BATCH = 100_000  # events written at once
MAX_TOTAL = 64 * 1024 * 1024 * 1024  # bytes of all files; they are read one by one
VERSION = re.compile(r"\d{8}(?:v\d+)?$")
SESSION = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
QUEUE = re.compile(r"https://(?:sqs\.)?([\w-]+)\.(?:queue\.)?amazonaws\.com(?:\.cn)?/(\d{12})/(.+)")
NAME = re.compile(r"[\w.-]{1,128}", re.ASCII)
SIMPLE = re.compile(r"[^\s*?]{1,1500}")


@dataclass(frozen=True, slots=True)
class Call:
    """One event: who did what, on what, when, and how it ended."""

    principal: str
    resource: str
    level: str
    outcome: str
    at_ms: int


@dataclass
class Log:
    """What became of all events. `kinds` counts those that say nothing of use."""

    rows: Rows
    kinds: Counter[str] = field(default_factory=Counter)
    services: Counter[str] = field(default_factory=Counter)
    accounts: dict[str, None] = field(default_factory=dict)
    first_ms: int | None = None
    last_ms: int | None = None
    seen: set[str] = field(default_factory=set)

    def note(self, at_ms: int) -> None:
        """Note when an event happened, whatever it is."""
        self.first_ms = at_ms if self.first_ms is None else min(self.first_ms, at_ms)
        self.last_ms = at_ms if self.last_ms is None else max(self.last_ms, at_ms)


def read(request: Request) -> Reading:
    """Read the logs at or below the paths of `request`, and add up what they tell.

    Raises
    ------
    InputRefused
        If a file is broken, or if nothing is a log.
    """
    log = Log(Rows())
    with TemporaryDirectory(prefix="trustdebt-trail-") as folder:
        events = Path(folder) / "events.parquet"
        _write(_calls(request, log), events)
        if log.first_ms is None or log.last_ms is None:
            raise InputRefused(request.paths[0], "", "holds no event of CloudTrail")
        used = used_rows(fold_parquet([events]), request.paths[0])
    _say(log)
    for id_ in dict.fromkeys(used["source_id"]):
        log.rows.node(_label(str(id_)), str(id_), Place(str(request.paths[0])))
    for id_ in dict.fromkeys(used["target_id"]):
        log.rows.node(RESOURCE, str(id_), Place(str(request.paths[0])))
    accounts = list(log.accounts)
    scope = request.scope or (accounts[0] if len(accounts) == 1 else scope_of(request))
    reading = log.rows.reading(scope, request.taken_at or _stamp(log.last_ms), SOURCE.declares)
    reading.rows[USED] = used
    reading.usage_window_start = _stamp(log.first_ms)
    return reading


def _stamp(ms: int) -> pd.Timestamp:
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")


def _write(calls: Iterator[Call], path: Path) -> None:
    types = {"string": pa.string(), "int64": pa.int64()}
    schema = pa.schema([(name, types[kind]) for name, kind in EVENTS.items()])
    batch: list[dict[str, object]] = []
    with pq.ParquetWriter(path, schema) as writer:
        for call in calls:
            batch.append(
                {
                    "principal": call.principal,
                    "resource": call.resource,
                    "level": call.level,
                    "outcome": call.outcome,
                    "at_ms": call.at_ms,
                }
            )
            if len(batch) == BATCH:
                writer.write_table(pa.Table.from_pylist(batch, schema))
                batch.clear()
        writer.write_table(pa.Table.from_pylist(batch, schema))


def _say(log: Log) -> None:
    if log.kinds:
        said = ", ".join(f"{what} ({count})" for what, count in sorted(log.kinds.items()))
        log.rows.warn(f"events that tell of no use of a resource by an identity: {said}")
    if log.services:
        common = [f"{name} ({count})" for name, count in sorted(log.services.items())]
        log.rows.warn(f"events whose resource is not told, by service: {', '.join(common)}")


# -- files and records -----------------------------------------------------------------------------


def _calls(request: Request, log: Log) -> Iterator[Call]:
    budget = Budget(MAX_TOTAL)
    for file in export_files(request.paths):
        if not file.alone and not file.path.name.endswith(SUFFIXES):
            continue
        found = 0
        for record, place in _records(file, budget):
            found += 1
            call = _call(record, place, log)
            if call is not None:
                yield call
        if not found and file.alone:
            raise InputRefused(file.path, "", "holds no record of CloudTrail")
        if not found:
            log.rows.warn(f"{file.path}: holds no record of CloudTrail; passed over")


def _records(file: ExportFile, budget: Budget) -> Iterator[tuple[Any, Place]]:
    """Yield the records of a file: as CloudTrail writes it, as looked up, or one on each line."""
    said = decode(budget.read(file.path), file.path)
    if ".jsonl" in file.path.name:
        for number, line in enumerate(said.splitlines(), 1):
            if line.strip():
                place = Place(str(file.path), f"line {number}")
                yield parse_json(line, file.path, at=place.pointer), place
        return
    document = parse_json(said, file.path)
    if not isinstance(document, dict):
        return
    for name in ("Records", "Events"):
        listed = document.get(name)
        for number, record in enumerate(listed if isinstance(listed, list) else ()):
            place = file.place.at(name, number)
            inner = record.get("CloudTrailEvent") if isinstance(record, dict) else None
            if isinstance(inner, str):
                place = place.at("CloudTrailEvent")
                record = parse_json(inner, file.path, at=place.pointer)
            yield record, place


def _call(record: Any, place: Place, log: Log) -> Call | None:
    if not isinstance(record, dict):
        log.rows.reject(place, "a record must be an object")
        return None
    source, name = text(record.get("eventSource")), text(record.get("eventName"))
    if not NAME.fullmatch(source) or not NAME.fullmatch(name):
        log.rows.reject(place, "a record must have an eventSource and an eventName")
        return None
    try:
        at_ms = int(instant(text(record.get("eventTime"))).value // 1_000_000)
    except WrongValue as wrong:
        log.rows.reject(place.at("eventTime"), f"the instant {wrong}")
        return None
    id_ = text(record.get("eventID"))[:64]
    if id_ and id_ in log.seen:
        log.kinds["delivered twice"] += 1
        return None
    log.seen.add(id_)
    log.note(at_ms)
    account = text(record.get("recipientAccountId"))
    if ACCOUNT.fullmatch(account):
        log.accounts[account] = None
    return _used(record, source, name, at_ms, log)


def _used(record: dict[str, Any], source: str, name: str, at_ms: int, log: Log) -> Call | None:
    if text(record.get("eventType")) not in CALLS:
        log.kinds["done by a service, or signing in"] += 1
        return None
    principal = _principal(record.get("userIdentity"))
    if principal is None:
        log.kinds["by nobody who is an identity of an account"] += 1
        return None
    prefix, action = _action(source, name)
    if prefix == "sts":
        log.kinds["about sessions"] += 1
        return None
    resource = _resource(record, prefix, action)
    if resource is None:
        shown = prefix if prefix in known_services() else "unknown"
        log.services[shown] += 1
        return None
    failed = bool(text(record.get("errorCode")) or text(record.get("errorMessage")))
    outcome = "failure" if failed else "success"
    return Call(principal, resource, _level(prefix, action), outcome, at_ms)


# -- who -------------------------------------------------------------------------------------------


def _principal(said: Any) -> str | None:
    """Return the identity of an account that acted: a user, the role of a session, or root."""
    if not isinstance(said, dict):
        return None
    sort, arn = text(said.get("type")), text(said.get("arn"))
    if sort in ("AssumedRole", "FederatedUser"):
        context = said.get("sessionContext")
        issuer = context.get("sessionIssuer") if isinstance(context, dict) else None
        issued_by = text(issuer.get("arn")) if isinstance(issuer, dict) else ""
        session = SESSION.fullmatch(arn)
        if not issued_by and session is not None:
            issued_by = f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
        arn = issued_by
    elif sort == "Root":
        return f"{arn}#user" if _is_root(arn) else None
    elif sort not in ("IAMUser", "Role"):
        return None
    if _is_root(arn):
        return f"{arn}#user"
    parsed = parse(arn) if _plain(arn) else None
    return arn if parsed is not None and parsed.is_principal and parsed.kind != "group" else None


def _is_root(arn: str) -> bool:
    parsed = parse(arn) if _plain(arn) else None
    root = parsed is not None and parsed.service == "iam" and parsed.resource == "root"
    return root and bool(ACCOUNT.fullmatch(parsed.account if parsed else ""))


def _label(principal: str) -> Node:
    """Name what an identity is, as far as a log tells; the account's own export knows better."""
    return ROLE if ":role/" in principal else HUMAN


def _plain(said: str) -> bool:
    return bool(SIMPLE.fullmatch(said)) and redact_text(said) == said


# -- what ------------------------------------------------------------------------------------------


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=65_536)
def _action(source: str, name: str) -> tuple[str, str]:
    """Return the service's prefix and the action that permits an event."""
    first = source.partition(".")[0].lower()
    prefix = str(_table()["services"].get(first, first))
    action = VERSION.sub("", name)
    other = str(_table()["actions"].get(f"{prefix}:{action}", f"{prefix}:{action}"))
    return prefix, other.partition(":")[2]


@lru_cache(maxsize=1024)
def _service(prefix: str) -> Service:
    return Service(prefix)


@lru_cache(maxsize=65_536)
def _level(prefix: str, action: str) -> str:
    """Return the access level, by the table that the permissions of an account are read with."""
    service = _service(prefix)
    levels = service.levels(service.matched(f"{prefix}:{action}".lower()))
    return max(levels, key=LEVELS.index) if levels else level_of(prefix, action, None)


def _resource(record: dict[str, Any], prefix: str, action: str) -> str | None:
    """Return what was used: what the record names; the account where an action has nothing else."""
    for said in _named(record, prefix):
        arn = parse(said) if _plain(said) else None
        if arn is None or not arn.service or not arn.resource or arn.resource == "root":
            continue
        if arn.service not in ("iam", "sts"):
            return whole(said)
    account = text(record.get("recipientAccountId"))
    service = _service(prefix)
    bits = service.matched(f"{prefix}:{action}".lower())
    alone = prefix in ("iam", "organizations") or (bits and not bits & ~service.resourceless)
    if alone and ACCOUNT.fullmatch(account):
        return account_id(account, _partition(record))
    return None


def _named(record: dict[str, Any], prefix: str) -> Iterator[str]:
    """Yield the resource names of a record: listed ones, then those of its parameters."""
    listed = record.get("resources")
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            yield text(one.get("ARN")) or text(one.get("arn"))
    parameters = record.get("requestParameters")
    if not isinstance(parameters, dict):
        return
    where = {
        "partition": _partition(record),
        "region": text(record.get("awsRegion")),
        "account": text(record.get("recipientAccountId")),
    }
    for template in _table()["resource"]:
        value = text(parameters.get(template["parameter"]))
        if value and template["service"] == prefix:
            named = value.startswith("arn:") or template["name"] == "{v}"
            yield value if named else template["name"].format(v=value.lstrip("/"), **where)
    queue = QUEUE.fullmatch(text(parameters.get("queueUrl")))
    if queue is not None:
        yield f"arn:{where['partition']}:sqs:{queue[1]}:{queue[2]}:{queue[3]}"
    for value in parameters.values():
        if text(value).startswith(f"arn:{where['partition']}:{prefix}:"):
            yield text(value)


def _partition(record: dict[str, Any]) -> str:
    region = text(record.get("awsRegion"))
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


SOURCE = Source(
    name="cloudtrail",
    title="AWS CloudTrail",
    reads="log files (JSON, gzip) with Records, or the answer of lookup-events, or folders",
    declares=("usage",),
    read=read,
)
