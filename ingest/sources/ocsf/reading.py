"""Reading of events of OCSF: uses are added up, and the lives of identities followed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from graph.element import Node
from graph.instants import DAY
from graph.schema import (
    AGENT,
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CREDENTIAL,
    HUMAN,
    LEVELS,
    RESOURCE,
    ROLE,
    SERVICE_ACCOUNT,
    USED,
)
from graph.usage import by_day
from graph.values import canonical, iso
from ingest.clock import latest_of
from ingest.files.export import (
    Budget,
    files_of,
    records_of,
    refuse_all,
    scope_of,
)
from ingest.lives import in_order
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.names import bare_address
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request
from ingest.sources.ocsf.events import (
    ACCESS,
    ACCOUNT,
    ARN,
    AWS_KEY,
    CREATED,
    GIVEN,
    IDENTITY,
    KEYS,
    KUBERNETES,
    LASTING_KEY,
    LEVELS_OF,
    LIVES,
    NAMING,
    OBJECT,
    PASSWORD_SET,
    PEOPLE,
    ROLE_CHANGE,
    SIGN_IN,
    SOFTWARE,
    TAKEN,
    google_account,
    is_failed,
    key_used,
    keys_of,
    lasting,
    second_factor,
    span_of,
    stamp,
    time_of,
)

LINES = (".jsonl", ".ndjson", ".log")
WRAPPERS = ("events",)


def read(request: Request) -> Reading:
    """Read the events at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is an event of OCSF.
    """
    log, budget = _Log(scope_of(request).replace("/", ":"), latest_of(request)), Budget()
    for file in files_of(request, log.rows, (*LINES, ".json")):
        before, events = log.events, records_of(file, budget, log.rows, LINES, WRAPPERS)
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
    taken = request.taken_at or stamp(log.last)
    return log.rows.reading(scope_of(request), taken, ())


@dataclass
class _Use:
    """The uses of one resource by one identity: the first, the last, and the count by day."""

    place: Place
    first: int
    last: int
    days: Counter[int] = field(default_factory=Counter)

    def add(self, first: int, last: int, count: int) -> None:
        """Add uses: one on the first of their days, the others on the last."""
        self.first, self.last = min(self.first, first), max(self.last, last)
        self.days[first // DAY] += 1
        if count > 1:
            self.days[last // DAY] += count - 1


@dataclass
class _Log:
    """Adds events up; they are not kept."""

    scope: str
    latest: int
    rows: Rows = field(default_factory=Rows)
    events: int = 0
    last: int | None = None
    passed: Counter[str] = field(default_factory=Counter)
    uses: dict[tuple[str, str, str | None], _Use] = field(default_factory=dict)
    actors: dict[str, tuple[Node, dict[str, Any], Place]] = field(default_factory=dict)
    lives: dict[str, list[tuple[int, str, bool]]] = field(default_factory=dict)
    owners: dict[str, tuple[str, Place]] = field(default_factory=dict)
    grants: dict[tuple[str, str, str], tuple[list[tuple[int, bool]], Place]] = field(
        default_factory=dict
    )
    seen: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, tuple[int, Place]] = field(default_factory=dict)  # when each was set last
    factors: dict[str, list[tuple[int, bool | None]]] = field(default_factory=dict)
    known_uids: set[str] = field(default_factory=set)

    def take(self, event: Mapping[str, Any], place: Place) -> None:
        """Add one event."""
        kind, at = event.get("class_uid"), time_of(event)
        self.rows.also_read += 1
        if type(kind) is not int:
            self.passed["records that are no event"] += 1
            return
        self.events += 1
        if self._again(event):
            self.passed["events that came twice"] += 1
            return
        if at is None:
            self.rows.all_read = False
            self.rows.also_read -= 1
            self.rows.reject(place, "an event must have a time in milliseconds")
            return
        if at > self.latest:
            self.passed["events dated in the future"] += 1
            return
        self.last = at if self.last is None else max(self.last, at)
        if kind not in (*LEVELS_OF, *LIVES, SIGN_IN, ACCESS):
            self.passed["events of other classes"] += 1
        elif is_failed(event):
            self.passed["events that failed"] += 1
        elif kind in LEVELS_OF:
            self._use(event, kind, at, place)
        elif kind == ACCESS:
            self._grant(event, at, place)
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
        agent = self._agent(event.get("ai_agent"), at, place)
        identity = agent or self._user(actor.get("user"), place, actor.get("session"))
        entries = [entry for key in NAMING[kind] for entry in listed(event.get(key))]
        named = [thing for thing in (self._resource(entry, place) for entry in entries) if thing]
        if not identity or not named:
            self.passed[f"events that name no {'resource' if identity else 'known actor'}"] += 1
            return
        activity = event.get("activity_id")
        level = LEVELS_OF[kind].get(activity) if isinstance(activity, int) else None
        first, last, count = span_of(event, at, self.latest)
        self.last = max(self.last or last, last)
        key = "" if agent else key_used(actor.get("user"), actor.get("session"))
        by = [identity, self._credential(key, identity, last, place)] if key else [identity]
        for user, thing in product(by, dict.fromkeys(named)):
            use = self.uses.setdefault((user, thing, level), _Use(place, first, last))
            use.add(first, last, count)

    def _life(self, event: Mapping[str, Any], kind: int, at: int, place: Place) -> None:
        """Record that an identity or a key of it was made, changed or ended, or a sign-in."""
        event_says, factor = second_factor(event)
        named = event.get("iam_role" if kind == ROLE_CHANGE else "user")
        identity = self._role(named, place) if kind == ROLE_CHANGE else self._user(named, place)
        activity = event.get("activity_id")
        if identity and event_says:
            self.factors.setdefault(identity, []).append((at, factor))
        if not identity:
            self.passed["events that name no known actor"] += 1
        elif not isinstance(activity, int):
            return
        elif kind == SIGN_IN and activity == 1:
            self.seen[identity] = max(at, self.seen.get(identity, at))
        elif state := LIVES.get(kind, {}).get(activity):
            self.lives.setdefault(identity, []).append((at, state, activity == CREATED))
        elif state := KEYS.get(kind, {}).get(activity):
            updated = event.get("updated_role" if kind == ROLE_CHANGE else "updated_user")
            for key in keys_of(named) or keys_of(updated):
                self._key(key, identity, (at, state, state == "active"), place)
        elif kind == ACCOUNT and activity in PASSWORD_SET:
            if at >= self.passwords.get(identity, (at, place))[0]:
                self.passwords[identity] = at, place
        elif kind == ACCOUNT and not event_says:
            self.passed["changes of accounts that state nothing here"] += 1

    def _key(
        self, key: Mapping[str, Any], owner: str, change: tuple[int, str, bool], place: Place
    ) -> None:
        """Record that a credential of software was added or removed."""
        uid = redact_text(text(key.get("uid")))
        if not uid:
            self.passed["credentials without an id"] += 1
            return
        used = key.get("last_used_time")
        seen = used if type(used) is int and 0 < used <= self.latest else None
        id_ = self._credential(uid, owner, seen, place)
        self.lives.setdefault(id_, []).append(change)

    def _credential(self, uid: str, owner: str, used: int | None, place: Place) -> str:
        """Declare a credential of an identity, and return its id."""
        id_ = f"ocsf:{self.scope}/credential/{uid}"
        is_key = AWS_KEY.fullmatch(uid) or LASTING_KEY.fullmatch(uid)
        external = canonical([f"aws_id:{uid}"]) if is_key else None
        facts = {"name": uid, "type": "access_key" if external else None}
        self.actors.setdefault(id_, (CREDENTIAL, facts | {"external_ids": external}, place))
        self.owners[id_] = owner, place
        if used is not None:
            self.seen[id_] = max(used, self.seen.get(id_, used))
        return id_

    def _grant(self, event: Mapping[str, Any], at: int, place: Place) -> None:
        """Record that a user was given levels of access, or lost them."""
        identity, activity = self._user(event.get("user"), place), event.get("activity_id")
        levels = [text(name).lower() for name in listed(event.get("privileges"))]
        levels = [level for level in LEVELS if level in levels]
        entries = [each for key in ("resources", "resource") for each in listed(event.get(key))]
        named = [thing for thing in (self._resource(entry, place) for entry in entries) if thing]
        if not identity or not named:
            self.passed[f"events that name no {'resource' if identity else 'known actor'}"] += 1
        elif not levels:
            self.passed["events of privileges whose level is not known"] += 1
        elif activity in (GIVEN, TAKEN):
            for thing, level in product(named, levels):
                grants = self.grants.setdefault((identity, thing, level), ([], place))
                grants[0].append((at, activity == TAKEN))

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
        arn = lasting(next((n for n in names if ARN.fullmatch(n)), ""), session)
        if arn:
            if ":role/" in arn:
                self.actors.setdefault(arn, (ROLE, {"name": arn.rpartition("/")[2]}, place))
            return arn
        native = names[1] or names[2]
        mail = redact_text(text(user.get("email_addr"))).lower()
        sort, google = user.get("type_id"), google_account(mail, *names)
        software = google or sort in SOFTWARE or any(map(KUBERNETES.fullmatch, names))
        if not native or not (software or sort in PEOPLE or mail):
            return ""
        label = SERVICE_ACCOUNT if software else HUMAN
        id_ = f"ocsf:{self.scope}/user/{native}"
        facts = {"name": redact_text(text(user.get("full_name"))) or names[2] or native}
        facts |= {"external_ids": canonical([f"gcp:{google}"])} if google else {}
        self.actors.setdefault(id_, (label, facts | {"email": mail or None}, place))
        return id_

    def _role(self, value: Any, place: Place) -> str:
        """Declare a role by its ARN, else by its id or name within the scope."""
        role = value if isinstance(value, dict) else {}
        names = [redact_text(text(role.get(key))) for key in ("uid_alt", "uid", "name")]
        id_ = next((name for name in names if ARN.fullmatch(name)), "")
        native = names[1] or names[2]
        if not id_ and not native:
            return ""
        id_ = id_ or f"ocsf:{self.scope}/role/{native}"
        name = names[2] or id_.rpartition("/")[2]
        self.actors.setdefault(id_, (ROLE, {"name": name}, place))
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
        self._write_passwords()
        for id_, (label, facts, place) in self.actors.items():
            seen = self.seen.get(id_)
            if seen is not None and label in (AGENT, HUMAN, SERVICE_ACCOUNT):
                facts["last_active_at"] = iso(stamp(seen))
            elif seen is not None and label is CREDENTIAL:
                facts["last_used_at"] = iso(stamp(seen))
            if label is HUMAN:
                facts["mfa"] = self._factor(id_)
            self.rows.node(label, id_, place, **facts, **self._state(id_))
        for id_, (owner, place) in self.owners.items():
            self.rows.link(AUTHENTICATES_AS, id_, owner, place)
        self._write_grants()
        for (identity, thing, level), use in self.uses.items():
            if self.rows.labels.get(identity) is RESOURCE:
                self.passed["events by what others use as a resource"] += use.days.total()
            else:
                self.rows.link(
                    USED,
                    identity,
                    thing,
                    use.place,
                    level=level,
                    first_at=iso(stamp(use.first)),
                    last_at=iso(stamp(use.last)),
                    count=str(use.days.total()),
                    by_day=by_day.write(use.days),
                )
        self.rows.also_read = max(self.rows.also_read - len(self.uses), 0)
        stated = self.seen.keys() | self.lives.keys() | self.passwords.keys() | self.factors.keys()
        others = stated - self.actors.keys()
        if others:
            self.passed["sign-ins and changes of accounts that another source states"] = len(others)
        for kind, count in sorted(self.passed.items()):
            self.rows.warn(f"{count} {kind} were passed over")

    def _write_passwords(self) -> None:
        """Write the password of each account of this log that set one, and when that was."""
        for owner, (at, place) in self.passwords.items():
            if owner not in self.actors:
                continue
            id_, name = f"{owner}#password", f"password of {self.actors[owner][1]['name']}"
            facts = {"name": name, "type": "password", "rotated_at": iso(stamp(at))}
            self.rows.node(CREDENTIAL, id_, place, **facts)
            self.owners[id_] = owner, place

    def _factor(self, id_: str) -> bool | None:
        """Return whether a person has a second factor, as the log says last."""
        doubt = (True, False, None)  # of one instant, what is least sure
        stated = self.factors.get(id_, [])
        return max(stated, key=lambda each: (each[0], doubt.index(each[1])), default=(0, None))[1]

    def _state(self, id_: str) -> dict[str, Any]:
        """Return the state of an account after all of its changes, in the order of time."""
        state: dict[str, Any] = {}
        for at, status, created in in_order(self.lives.get(id_, [])):
            state |= {"status": status, "status_at": iso(stamp(at))}
            if created:
                state["created_at"] = iso(stamp(at))
            elif status == "deleted":
                state["deleted_at"] = iso(stamp(at))
        return state

    def _write_grants(self) -> None:
        """Write each level of access with when it was last given, and when it was taken away."""
        for (identity, thing, level), (changes, place) in self.grants.items():
            given = max((at for at, taken in changes if not taken), default=None)
            last, taken = max(changes)
            self.rows.link(
                CAN_ACCESS,
                identity,
                thing,
                place,
                grant_id=f"ocsf:{level}",
                levels=canonical([level]),
                granted_at=iso(stamp(given)) if given is not None else None,
                expires_at=iso(stamp(last)) if taken else None,
            )
