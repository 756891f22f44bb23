"""Events of the Open Cybersecurity Schema Framework: uses by agents and accounts, and their lives.

Read are the classes of https://schema.ocsf.io for activity in applications (with the profile
`ai_operation`, which names the agent), account changes and sign-ins.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.element import Node
from graph.schema import AGENT, HUMAN, RESOURCE, ROLE, SERVICE_ACCOUNT, USED
from graph.usage import by_day
from graph.usage.outcomes import FAILED
from graph.values import WrongValue, instant, iso
from ingest.files.export import (
    Budget,
    Documents,
    ExportFile,
    export_files,
    json_lines_of,
    json_of,
    refuse_all,
    scope_of,
)
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.names import bare_address
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request, Source

LINES = (".jsonl", ".ndjson", ".log")
WEB, API, DATASTORE, ACCOUNT, SIGN_IN = 6001, 6003, 6005, 3001, 3002
LEVELS_OF: Mapping[int, Mapping[int, str]] = {  # class, activity and the level that it takes
    WEB: {1: "write", 2: "read", 3: "write", 4: "write", 5: "list", 6: "write", 7: "read"},
    API: {1: "write", 2: "read", 3: "write", 4: "write"},
    DATASTORE: {1: "read", 2: "write", 4: "read", 5: "write", 6: "write", 7: "write", 8: "list"},
}
LIVES = {1: "active", 2: "active", 5: "disabled", 6: "deleted"}  # activities of account changes
NAMING = {  # the fields with the used resources, by class
    WEB: ("resources", "web_resources"),
    API: ("resources",),
    DATASTORE: ("resources", "databucket", "database", "table"),
}
FAILURE, DENIED = 2, 2  # of `status_id`, and of `action_id`
PEOPLE, SOFTWARE = (1, 2), (3, 4)  # types of user: user, admin; system, service
SESSION = re.compile(r"arn:([\w-]+):sts::(\d{12}):assumed-role/([^/\s]+)/\S+")
ROOT = re.compile(r"arn:[\w-]+:iam::\d{12}:root")
ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:\S+")
IDENTITY = re.compile(r"arn:[\w-]+:(?:iam::\d*:(?:user|role|group|root)|sts:)")
OBJECT = re.compile(r"arn:[\w-]+:s3:::[^/]+/")  # it belongs to its bucket
EARLIEST, LATEST = 0, 253_402_300_799_999  # milliseconds: 1970 to 9999


def read(request: Request) -> Reading:
    """Read the events at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is an event of OCSF.
    """
    log, budget = _Log(scope_of(request).replace("/", ":")), Budget()
    for file in export_files(request.paths):
        if not file.alone and file.path.suffix not in (*LINES, ".json"):
            continue
        before, events = log.events, _events(file, budget, log.rows)
        if events is None:
            continue
        for event, place in events:
            if isinstance(event, dict):
                log.take(event, place)
            else:
                log.rows.reject(place, "an event must be an object")
        if file.alone and log.events == before:
            raise InputRefused(file.path, "", "holds no event of OCSF")
    if log.last is None:
        refuse_all(request, log.rows, "nothing in it is an event of OCSF with a time")
    log.write()
    taken = request.taken_at or _stamp(log.last)
    return log.rows.reading(scope_of(request), taken, SOURCE.declares)


def _events(file: ExportFile, budget: Budget, rows: Rows) -> Documents | None:
    """Return the events of a file: its lines, its list, the list that it wraps, or itself."""
    if file.path.suffix in LINES:
        return json_lines_of(file, rows)
    document, place = json_of(file, budget, rows), file.place
    if document is None:
        return None
    if isinstance(document, dict) and isinstance(document.get("events"), list):
        document, place = document["events"], place.at("events")
    many = isinstance(document, list)
    return [(event, place.at(n) if many else place) for n, event in enumerate(listed(document))]


def _time(event: Mapping[str, Any]) -> int | None:
    """Return the instant of an event in milliseconds; None if it has none."""
    at = event.get("time")
    if isinstance(at, float) and at.is_integer():
        at = int(at)
    if type(at) is not int or not EARLIEST <= at <= LATEST:
        try:
            at = round(instant(text(event.get("time_dt"))).timestamp() * 1000)
        except WrongValue:
            return None
    return at if EARLIEST <= at <= LATEST else None


def _failed(event: Mapping[str, Any]) -> bool:
    """Return whether an event reports a failed activity."""
    if event.get("status_id") == FAILURE or event.get("action_id") == DENIED:
        return True
    return text(event.get("status")).lower() in FAILED


def _lasting(arn: str, session: Any) -> str:
    """Return the identity behind an ARN: the role of a session, the user that is the root."""
    match = SESSION.fullmatch(arn)
    if match is None:
        return f"{arn}#user" if ROOT.fullmatch(arn) else arn
    partition, account, role = match.groups()
    issuer = redact_text(text(session.get("issuer"))) if isinstance(session, dict) else ""
    start = f"arn:{partition}:iam::{account}:role/"
    return issuer if issuer.startswith(start) and issuer.endswith(f"/{role}") else start + role


def _stamp(ms: int) -> pd.Timestamp:
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")


@dataclass
class _Use:
    """The uses of one resource by one identity: the first, the last, and the count by day."""

    place: Place
    first: int
    last: int
    days: Counter[int] = field(default_factory=Counter)


@dataclass
class _Log:
    """Adds events up; they are not kept."""

    scope: str
    rows: Rows = field(default_factory=Rows)
    events: int = 0
    last: int | None = None
    passed: Counter[str] = field(default_factory=Counter)
    uses: dict[tuple[str, str, str | None], _Use] = field(default_factory=dict)
    actors: dict[str, tuple[Node, dict[str, Any], Place]] = field(default_factory=dict)
    lives: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)
    known_uids: set[str] = field(default_factory=set)

    def take(self, event: Mapping[str, Any], place: Place) -> None:
        """Add one event."""
        kind, at = event.get("class_uid"), _time(event)
        if type(kind) is not int:
            self.passed["records that are no event"] += 1
            return
        if self._again(event):
            self.passed["events that came twice"] += 1
            return
        self.events += 1
        if at is None:
            self.rows.all_read = False
            self.rows.reject(place, "an event must have a time in milliseconds")
            return
        self.last = at if self.last is None else max(self.last, at)
        if kind not in (*LEVELS_OF, ACCOUNT, SIGN_IN):
            self.passed["events of other classes"] += 1
        elif _failed(event):
            self.passed["events that failed"] += 1
        elif kind in LEVELS_OF:
            self._use(event, kind, at, place)
        else:
            self._life(event, kind, at, place)

    def _again(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event was read before, by the id in its metadata, if it has one."""
        metadata = event.get("metadata")
        uid = text(metadata.get("uid")) if isinstance(metadata, dict) else ""
        again = uid in self.known_uids
        self.known_uids |= {uid} if uid else set()
        return again

    def _use(self, event: Mapping[str, Any], kind: int, at: int, place: Place) -> None:
        actor = event.get("actor")
        actor = actor if isinstance(actor, dict) else {}
        identity = self._agent(event.get("ai_agent"), at, place) or self._user(
            actor.get("user"), place, actor.get("session")
        )
        entries = [entry for key in NAMING[kind] for entry in listed(event.get(key))]
        named = [thing for thing in (self._resource(entry, place) for entry in entries) if thing]
        if not identity or not named:
            self.passed[f"events that name no {'resource' if identity else 'known actor'}"] += 1
            return
        activity = event.get("activity_id")
        level = LEVELS_OF[kind].get(activity) if isinstance(activity, int) else None
        for thing in dict.fromkeys(named):
            use = self.uses.setdefault((identity, thing, level), _Use(place, at, at))
            use.first, use.last = min(use.first, at), max(use.last, at)
            use.days[at // by_day.DAY_MS] += 1

    def _life(self, event: Mapping[str, Any], kind: int, at: int, place: Place) -> None:
        """Record that an account was made, changed or ended, or that somebody signed in."""
        identity, activity = self._user(event.get("user"), place), event.get("activity_id")
        if not identity:
            self.passed["events that name no known actor"] += 1
        elif kind == SIGN_IN and activity == 1:
            self.seen[identity] = max(at, self.seen.get(identity, at))
        elif kind == ACCOUNT and isinstance(activity, int) and activity in LIVES:
            self.lives.setdefault(identity, []).append((at, activity))

    # -- actors and resources ----------------------------------------------------------------------

    def _agent(self, value: Any, at: int, place: Place) -> str:
        """Declare an agent by its lasting id; its instances are no agents of their own."""
        agent = value if isinstance(value, dict) else {}
        uid, name, sort = (redact_text(text(agent.get(k))) for k in ("uid", "name", "type"))
        uid, name = uid or name, name or uid
        if not uid:
            return ""
        id_ = uid if ARN.fullmatch(uid) else f"ocsf:{self.scope}/agent/{uid}"
        facts: dict[str, Any] = {"kind": "ai_agent", "name": name, "platform": sort or None}
        self.actors.setdefault(id_, (AGENT, facts, place))
        self.seen[id_] = max(at, self.seen.get(id_, at))
        return id_

    def _user(self, value: Any, place: Place, session: Any = None) -> str:
        """Declare an account if its sort is known; "" if it is not, or nobody is named."""
        user = value if isinstance(value, dict) else {}
        names = [redact_text(text(user.get(k))) for k in ("uid_alt", "uid", "name", "uuid")]
        arn = _lasting(next((n for n in names if ARN.fullmatch(n)), ""), session)
        if arn:
            if ":role/" in arn:
                self.actors.setdefault(arn, (ROLE, {"name": arn.rpartition("/")[2]}, place))
            return arn
        native = names[1] or names[2]
        mail = redact_text(text(user.get("email_addr"))).lower()
        sort = user.get("type_id")
        if not native or (sort not in (*PEOPLE, *SOFTWARE) and not mail):
            return ""
        label = SERVICE_ACCOUNT if sort in SOFTWARE else HUMAN
        id_ = f"ocsf:{self.scope}/user/{native}"
        facts = {"name": redact_text(text(user.get("full_name"))) or names[2] or native}
        self.actors.setdefault(id_, (label, facts | {"email": mail or None}, place))
        return id_

    def _resource(self, value: Any, place: Place) -> str:
        thing = value if isinstance(value, dict) else {}
        uid, name = (redact_text(text(thing.get(k))) for k in ("uid", "name"))
        if not uid and not name and text(thing.get("url_string")):
            uid = redact_text(bare_address(text(thing.get("url_string"))))
        if (not uid and not name) or IDENTITY.match(uid):
            return ""  # an identity is no resource: changes of it are account changes
        if OBJECT.match(uid):
            uid, name = uid.split("/")[0], uid.split("/")[0].rpartition(":")[2]
        id_ = uid if ARN.fullmatch(uid) else f"ocsf:{self.scope}/resource/{uid or name}"
        kind = redact_text(text(thing.get("type"))) or None
        self.rows.node(RESOURCE, id_, place, name=name or uid, type=kind)
        return id_

    # -- rows ------------------------------------------------------------------------------------

    def write(self) -> None:
        """Write the actors with their states, and their uses."""
        for id_, (label, facts, place) in self.actors.items():
            seen = self.seen.get(id_)
            if seen is not None and label is not ROLE:
                facts["last_active_at"] = iso(_stamp(seen))
            self.rows.node(label, id_, place, **facts, **self._state(id_))
        for (identity, thing, level), use in self.uses.items():
            if identity != thing and self.rows.labels.get(identity) is not RESOURCE:
                self.rows.link(
                    USED,
                    identity,
                    thing,
                    use.place,
                    level=level,
                    first_at=iso(_stamp(use.first)),
                    last_at=iso(_stamp(use.last)),
                    count=str(use.days.total()),
                    by_day=by_day.write(use.days),
                )
        others = (self.seen.keys() | self.lives.keys()) - self.actors.keys()
        if others:
            self.passed["sign-ins and changes of accounts that another source states"] = len(others)
        for kind, count in sorted(self.passed.items()):
            self.rows.warn(f"{count} {kind} were passed over")

    def _state(self, id_: str) -> dict[str, Any]:
        """Return the state of an account after all of its changes, in the order of time."""
        state: dict[str, Any] = {}
        for at, activity in sorted(self.lives.get(id_, [])):
            state |= {"status": LIVES[activity], "status_at": iso(_stamp(at))}
            if activity == 1:
                state["created_at"] = iso(_stamp(at))
            elif LIVES[activity] == "deleted":
                state["deleted_at"] = iso(_stamp(at))
        return state


SOURCE = Source(
    name="ocsf",
    title="OCSF events",
    reads="events (JSON lines, JSON) of application activity, account changes and sign-ins",
    declares=(),
    read=read,
    adds_up=True,
)
