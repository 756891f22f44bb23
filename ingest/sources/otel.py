"""OpenTelemetry spans of agents (OTLP JSON): who called which tool, in which trace, for whom.

Read are the spans of the semantic conventions for generative AI and MCP, and of them only the
attributes of `KEPT`. Messages, prompts, and the arguments and results of tools are never looked at.
"""

import re
from collections import ChainMap, Counter
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from graph.schema import AGENT, CALLS, RESOURCE, SPAWNS, TOOL, USE_EVENT
from graph.values import iso
from ingest.clock import latest_of
from ingest.files.bounded import decode
from ingest.files.export import (
    Budget,
    ExportFile,
    files_of,
    json_documents,
    readable,
    refuse_all,
    scope_of,
)
from ingest.files.streamed import is_of_lines, values_of_lines
from ingest.rows import Place, Rows, listed, text
from ingest.secrets.names import bare_address
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request, Source

SUFFIXES = (".json", ".jsonl", ".ndjson", ".log")
Key = tuple[bytes, bytes]  # a trace and a span of it
OPERATION, METHOD = "gen_ai.operation.name", "mcp.method.name"
AGENT_ID, AGENT_NAME = "gen_ai.agent.id", "gen_ai.agent.name"
TOOL_NAME, CALL_ID = "gen_ai.tool.name", "gen_ai.tool.call.id"
CONVERSATION, SESSION = "gen_ai.conversation.id", "mcp.session.id"
DATA_SOURCE, URI, SERVER = "gen_ai.data_source.id", "mcp.resource.uri", "server.address"
ERROR, PROVIDER = "error.type", "gen_ai.provider.name"
KEPT = frozenset(
    [
        *(OPERATION, METHOD, AGENT_ID, AGENT_NAME, TOOL_NAME, CALL_ID, CONVERSATION, SESSION),
        *(DATA_SOURCE, URI, SERVER, ERROR, PROVIDER),
    ]
)
INVOKED, CREATED, EXECUTED = "invoke_agent", "create_agent", "execute_tool"
MCP_CALL, MCP_READ = "tools/call", "resources/read"
NOTHING: Key = (b"", b"")  # in place of a span around another
TRACE, SPAN = re.compile(r"[0-9a-fA-F]{32}"), re.compile(r"[0-9a-fA-F]{16}")
ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:\S+")
FAILED = (2, "STATUS_CODE_ERROR")
NANOSECONDS, LATEST = 1_000_000, 253_402_300_799_999  # in a millisecond; the year 9999 in these


def read(request: Request) -> Reading:
    """Read the spans at or below the paths of `request`.

    Raises
    ------
    InputRefused
        If a document is broken, or if nothing is a span of OTLP.
    """
    log, budget = _Log(scope_of(request).replace("/", ":"), latest_of(request)), Budget()
    for file in files_of(request, log.rows, SUFFIXES):
        before = log.spans
        readable(log.rows, lambda file=file: log.take_file(file, budget))  # type: ignore[misc]
        if file.alone and log.spans == before and not log.rows.rejected:
            raise InputRefused(file.path, "", "holds no span of OTLP")
    if log.last is None:
        refuse_all(request, log.rows, "nothing in it is a span of OTLP with a time")
    log.write()
    taken = request.taken_at or _stamp(log.last)
    return log.rows.reading(scope_of(request), taken, SOURCE.declares)


def _stamp(ms: int) -> pd.Timestamp:
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")


def _attributes(owner: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the kept attributes of a span; nothing else of it is looked at."""
    kept: dict[str, str] = {}
    for pair in listed(owner.get("attributes")):
        key = pair.get("key") if isinstance(pair, dict) else None
        if isinstance(key, str) and key in KEPT and isinstance(pair.get("value"), dict):
            value = text(pair["value"].get("stringValue"))
            if value:
                kept[key] = redact_text(_address(value) if key == URI else value)
    return kept


def _address(uri: str) -> str:
    """Return an address without what may be a secret of it: its user, query and fragment."""
    return bare_address(uri) if re.match(r"[\w+.-]+://[^/]", uri) else re.split("[?#]", uri)[0]


def _milliseconds(span: Mapping[str, Any]) -> int | None:
    """Return when a span began; None if it does not say so."""
    value = span.get("startTimeUnixNano")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    at = value // NANOSECONDS
    return at if 0 < at <= LATEST else None


def _hex(value: Any, form: re.Pattern[str]) -> bytes | None:
    return bytes.fromhex(value) if isinstance(value, str) and form.fullmatch(value) else None


@dataclass(slots=True)
class _Acting:
    """A span in which an agent acts: who, since when, and whether it is made in it."""

    agent: str
    at: int
    created: bool
    place: Place


@dataclass(slots=True)
class _Call:
    """A use of a tool or a resource: its attributes, its outcome and its own agent, if named.

    `named` is the attribute that names what was used, `inner` the outcomes of the spans within it
    that repeat it.
    """

    at: int
    attributes: dict[str, str]
    named: str
    failed: bool
    agent: str
    place: Place
    repeats: bool = False
    inner: list[bool] = field(default_factory=list)

    @property
    def used(self) -> tuple[str, str]:
        """What was used: the attribute that names it, and the name."""
        return self.named, self.attributes[self.named]


@dataclass
class _Log:
    """Keeps of each span its parent, and of those that matter what is known of them."""

    scope: str
    latest: int
    rows: Rows = field(default_factory=Rows)
    spans: int = 0
    last: int | None = None
    passed: Counter[str] = field(default_factory=Counter)
    parents: dict[Key, bytes] = field(default_factory=dict)
    acting: dict[Key, _Acting] = field(default_factory=dict)
    calls: dict[Key, _Call] = field(default_factory=dict)
    agents: dict[str, tuple[dict[str, Any], Place]] = field(default_factory=dict)
    agent_around: dict[Key, Key] = field(default_factory=dict)

    def take_file(self, file: ExportFile, budget: Budget) -> None:
        """Add the spans of a file: of each of its lines, or of its documents."""
        if is_of_lines(file.path):
            for value, place in values_of_lines(file.path, self.rows):
                self._batch(value, place)
            return
        content = decode(budget.read(file.path), file.path)
        for document, place in json_documents(content, file.path):
            many = isinstance(document, list)
            for number, value in enumerate(listed(document)):
                self._batch(value, place.at(number) if many else place)

    def _batch(self, value: Any, place: Place) -> None:
        if not isinstance(value, dict):
            self.rows.all_read = False
            self.rows.reject(place, "a record must be an object")
            return
        batches = value.get("resourceSpans")
        if not isinstance(batches, list):
            self.passed["records without spans"] += 1
            return
        for batch in batches:
            for scope in self._within(batch, "scopeSpans", place):
                for span in self._within(scope, "spans", place):
                    self.take(span, place)

    def _within(self, owner: Any, name: str, place: Place) -> list[Any]:
        """Return the parts of a batch of spans; one that is no object is rejected."""
        if isinstance(owner, dict):
            return listed(owner.get(name))
        self.rows.all_read = False
        self.rows.reject(place, "a batch of spans must be an object")
        return []

    def take(self, span: Any, place: Place) -> None:
        """Add one span."""
        span = span if isinstance(span, dict) else {}
        trace, id_ = _hex(span.get("traceId"), TRACE), _hex(span.get("spanId"), SPAN)
        at = _milliseconds(span)
        if trace is None or id_ is None or at is None:
            self.rows.all_read = False
            self.rows.reject(place, "a span must have a trace, an id and a start")
            return
        self.spans += 1
        if at > self.latest:
            self.passed["spans dated in the future"] += 1
            return
        self.last = at if self.last is None else max(self.last, at)
        key = trace, id_
        if key in self.parents:
            self.passed["spans that came twice"] += 1
            return
        self.parents[key] = _hex(span.get("parentSpanId"), SPAN) or b""
        self._kept(key, _attributes(span), at, span, place)

    def _kept(
        self, key: Key, known: dict[str, str], at: int, span: Mapping[str, Any], place: Place
    ) -> None:
        operation, method = known.get(OPERATION, ""), known.get(METHOD, "")
        agent = self._agent(known, at, place)
        if operation in (INVOKED, CREATED) and agent:
            self.acting[key] = _Acting(agent, at, operation == CREATED, place)
            return
        uses_tool = operation == EXECUTED or method == MCP_CALL
        named = TOOL_NAME if uses_tool else URI if method == MCP_READ else DATA_SOURCE
        if known.get(named):
            status = span.get("status")
            code = status.get("code") if isinstance(status, dict) else None
            failed = code in FAILED or ERROR in known
            self.calls[key] = _Call(at, known, named, failed, agent, place)
        elif operation or method:
            self.passed["spans of other operations"] += 1
        else:
            self.passed["spans that are not of agents"] += 1

    def _agent(self, attributes: Mapping[str, str], at: int, place: Place) -> str:
        """Declare the agent that a span names; "" if it names none."""
        uid = attributes.get(AGENT_ID) or attributes.get(AGENT_NAME, "")
        platform = attributes.get(PROVIDER)
        if not uid:
            return ""
        id_ = uid if ARN.fullmatch(uid) else f"otel:{self.scope}/agent/{uid}"
        facts, _ = self.agents.setdefault(id_, ({"seen": at}, place))
        facts["seen"] = max(at, facts["seen"])
        for kind, value in (("name", attributes.get(AGENT_NAME)), ("platform", platform)):
            if value is not None:  # the latest counts, in whatever order the spans come
                facts[kind] = max((at, value), facts.get(kind, (at, value)))
        return id_

    # -- the tree of spans ---------------------------------------------------------------------

    def _around(self, key: Key, among: Container[Key], known: dict[Key, Key]) -> Key:
        """Return the nearest span around a span that is among some; `NOTHING` if none is.

        `known` keeps the answers, so that a deep trace is climbed once; a span that holds itself
        has nothing around it.
        """
        climbed: list[Key] = []
        nearest = NOTHING
        while key not in known:
            known[key] = NOTHING  # until it is known, and for good if the way leads back to it
            climbed.append(key)
            parent = self.parents.get(key)
            if not parent:
                break
            key = key[0], parent
            if key in among:
                nearest = key
                break
        else:
            nearest = known[key]
        known.update(dict.fromkeys(climbed, nearest))
        return nearest

    def _agent_of(self, key: Key, call: _Call) -> str:
        """Return the agent of a call: the one around it, else the one that it names."""
        around = self._around(key, self.acting, self.agent_around)
        return self.acting[around].agent if around != NOTHING else call.agent

    def _join_repeated(self) -> None:
        """Join the spans of one call: of the agent, of its MCP client and of the MCP server.

        What is within fails the call only if all of it did: another attempt may have succeeded.
        """
        known: dict[Key, Key] = {}
        either = ChainMap[Key, Any](self.calls, self.acting)
        outer = {key: self._around(key, either, known) for key in self.calls}
        for key in self._innermost_first(outer):
            call, around = self.calls[key], self.calls.get(outer[key])
            call.failed = call.failed or (bool(call.inner) and all(call.inner))
            if around is None or around.used != call.used:
                continue
            call.repeats = True
            around.inner.append(call.failed)
            for name in (SESSION, SERVER, CALL_ID, METHOD):
                if name in call.attributes:
                    around.attributes.setdefault(name, call.attributes[name])

    def _innermost_first(self, outer: Mapping[Key, Key]) -> list[Key]:
        """Return the calls, each before the one around it."""
        within = Counter(around for around in outer.values() if around in outer)
        ready = [key for key in outer if not within[key]]
        for key in ready:
            around = outer[key]
            if around in outer:
                within[around] -= 1
                if not within[around]:
                    ready.append(around)
        return ready

    # -- rows ----------------------------------------------------------------------------------

    def write(self) -> None:
        """Write the agents, who made and called whom, and each use."""
        start = f"otel:{self.scope}/agent/"
        for id_, (facts, place) in self.agents.items():
            seen = iso(_stamp(facts["seen"]))
            self.rows.node(
                AGENT,
                id_,
                place,
                kind="ai_agent",
                name=facts["name"][1] if "name" in facts else id_.removeprefix(start),
                platform=facts["platform"][1] if "platform" in facts else None,
                last_active_at=seen,
            )
        self._lineage()
        self._join_repeated()
        for key, call in self.calls.items():
            if not call.repeats:
                self._use(key, call)
        repeats = sum(call.repeats for call in self.calls.values())
        self.rows.also_read = self.spans - (len(self.calls) - repeats)
        if repeats:
            self.rows.warn(f"{repeats} spans repeat the call around them, and count once with it")
        for kind, count in sorted(self.passed.items()):
            self.rows.warn(f"{count} {kind} were passed over")

    def _lineage(self) -> None:
        """Write which agent called or made which, by the latest span of each pair."""
        latest: dict[tuple[str, str, bool], _Acting] = {}
        for key, span in self.acting.items():
            around = self._around(key, self.acting, self.agent_around)
            parent = self.acting[around].agent if around != NOTHING else span.agent
            pair = parent, span.agent, span.created
            if parent != span.agent and (pair not in latest or span.at > latest[pair].at):
                latest[pair] = span
        for (parent, child, created), span in latest.items():
            kind = SPAWNS if created else CALLS
            self.rows.link(kind, parent, child, span.place, last_used_at=iso(_stamp(span.at)))

    def _use(self, key: Key, call: _Call) -> None:
        agent = self._agent_of(key, call)
        if not agent:
            self.passed["calls by no agent that a span names"] += 1
            return
        known = call.attributes
        method = known.get(METHOD) or known.get(OPERATION)
        by_tool = call.named == TOOL_NAME
        if by_tool:
            resource, level = self._tool(known, call.place), None
        else:
            resource, level = self._resource(known[call.named], call.place), "read"
        trace, id_ = (part.hex() for part in key)
        row = {
            "id": f"otel:{trace}/{id_}",
            "at": iso(_stamp(call.at)),
            "principal": agent,
            "resource": resource,
            "action": known[TOOL_NAME] if by_tool else method,
            "level": level,
            "outcome": "failure" if call.failed else "success",
            "correlation_id": trace,
            "call_id": known.get(CALL_ID),
            "conversation_id": known.get(CONVERSATION),
            "session_id": known.get(SESSION),
        }
        self.rows.add(USE_EVENT, row, call.place)

    def _tool(self, known: Mapping[str, str], place: Place) -> str:
        """Declare a tool, by its name and the server that it was seen to be on."""
        name, server = known[TOOL_NAME], known.get(SERVER, "")
        id_ = f"otel:{self.scope}/tool/{f'{server}/' if server else ''}{name}"
        kind = "mcp_tool" if METHOD in known or SESSION in known else None
        self.rows.node(TOOL, id_, place, name=name, kind=kind)
        return id_

    def _resource(self, name: str, place: Place) -> str:
        """Declare a source of data, by its id or its address."""
        id_ = name if ARN.fullmatch(name) else f"otel:{self.scope}/resource/{name}"
        self.rows.node(RESOURCE, id_, place, name=name)
        return id_


SOURCE = Source(
    name="otel",
    title="OpenTelemetry agents",
    reads="spans of agents, tools and MCP (OTLP JSON, as lines or documents)",
    declares=(),
    read=read,
    adds_up=True,
)
