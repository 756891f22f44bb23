"""Reading of spans: the tree of each trace, the calls in it, and who made them."""

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
from ingest.rows import Place, Rows, listed
from ingest.source import InputRefused, Reading, Request
from ingest.sources.otel.attributes import (
    AGENT_ID,
    AGENT_NAME,
    ARN,
    BATCHES,
    CALL_ID,
    CONVERSATION,
    CREATED,
    DATA_SOURCE,
    ERROR,
    EXECUTED,
    FAILED,
    INVOKED,
    MCP_CALL,
    MCP_READ,
    METHOD,
    NOTHING,
    OPERATION,
    PROVIDER,
    SCOPES,
    SERVER,
    SESSION,
    SPAN,
    SUFFIXES,
    TOOL_NAME,
    TRACE,
    URI,
    WORKFLOW,
    Key,
    attributes,
    hex_of,
    milliseconds,
)
from ingest.sources.otel.spans import Acting, Call, climb


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
    return log.rows.reading(scope_of(request), taken, ())


def _stamp(ms: int) -> pd.Timestamp:
    return pd.Timestamp(ms, unit="ms", tz="UTC").as_unit("ms")


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
    acting: dict[Key, Acting] = field(default_factory=dict)
    calls: dict[Key, Call] = field(default_factory=dict)
    agents: dict[str, tuple[dict[str, Any], Place]] = field(default_factory=dict)
    mentions: Counter[str] = field(default_factory=Counter)  # of agents, in spans
    by_name: dict[Key, str] = field(default_factory=dict)  # the name, in spans without an id
    agent_around: dict[Key, Key] = field(default_factory=dict)

    def _id(self, uid: str) -> str:
        return uid if ARN.fullmatch(uid) else f"otel:{self.scope}/agent/{uid}"

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
        trace = value.get("trace")
        value = trace if isinstance(trace, dict) else value
        batches = next((value[name] for name in BATCHES if isinstance(value.get(name), list)), None)
        if batches is None:
            self.passed["records without spans"] += 1
            return
        for batch in batches:
            known = batch if isinstance(batch, dict) else {}
            name = next((name for name in SCOPES if name in known), "")
            for scope in self._within(batch, name, place):
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
        trace, id_ = hex_of(span.get("traceId"), TRACE), hex_of(span.get("spanId"), SPAN)
        at = milliseconds(span)
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
        self.parents[key] = hex_of(span.get("parentSpanId"), SPAN) or b""
        self._kept(key, attributes(span), at, span, place)

    def _kept(
        self, key: Key, known: dict[str, str], at: int, span: Mapping[str, Any], place: Place
    ) -> None:
        operation, method = known.get(OPERATION, ""), known.get(METHOD, "")
        agent = self._agent(known, at, place)
        if agent and AGENT_ID not in known:
            self.by_name[key] = known[AGENT_NAME]
        if operation in (INVOKED, WORKFLOW, CREATED) and agent:
            created, name = operation == CREATED, known.get(AGENT_NAME, "")
            self.acting[key] = Acting(agent, at, created, place, name)
            if known.get(DATA_SOURCE):  # whether the agent failed does not say that reading it did
                self.calls[key] = Call(at, known, DATA_SOURCE, False, agent, place)
            return
        unnamed = not (operation or method) and TOOL_NAME in known  # by older instrumentations
        uses_tool = operation == EXECUTED or method == MCP_CALL or unnamed
        named = TOOL_NAME if uses_tool else URI if method == MCP_READ else DATA_SOURCE
        if known.get(named):
            status = span.get("status")
            code = status.get("code") if isinstance(status, dict) else None
            failed = code in FAILED or ERROR in known
            self.calls[key] = Call(at, known, named, failed, agent, place)
        elif operation or method:
            self.passed["spans of other operations"] += 1
        else:
            self.passed["spans that are not of agents"] += 1

    def _agent(self, known: Mapping[str, str], at: int, place: Place) -> str:
        """Declare the agent that a span names; "" if it names none."""
        uid = known.get(AGENT_ID) or known.get(AGENT_NAME, "")
        platform = known.get(PROVIDER)
        if not uid:
            return ""
        id_ = self._id(uid)
        facts, _ = self.agents.setdefault(id_, ({"seen": at}, place))
        facts["seen"] = max(at, facts["seen"])
        self.mentions[id_] += 1
        for kind, value in (("name", known.get(AGENT_NAME)), ("platform", platform)):
            if value is not None:  # the latest counts, in whatever order the spans come
                facts[kind] = max((at, value), facts.get(kind, (at, value)))
        return id_

    # -- the tree of spans ---------------------------------------------------------------------

    def _around(self, key: Key, among: Container[Key], known: dict[Key, Key]) -> Key:
        """Return the nearest span around a span that is among some; `NOTHING` if none is."""

        def step(inner: Key) -> tuple[Key | None, Key]:
            parent = self.parents.get(inner)
            if not parent:
                return None, NOTHING
            around = inner[0], parent
            return (None, around) if around in among else (around, NOTHING)

        return climb(key, known, NOTHING, step)

    def _agent_of(self, key: Key, call: Call) -> str:
        """Return the agent of a call: the one around it, else the one that it names.

        The source of data that an agent is invoked with is its own.
        """
        if key in self.acting:
            return self.acting[key].agent
        around = self._around(key, self.acting, self.agent_around)
        return self.acting[around].agent if around != NOTHING else call.agent

    def _join_named(self) -> None:
        """Let a name alone stand for the agent of that name around it that has an id.

        By the conventions the span within which an agent runs names it without its id.
        """
        known: dict[Key, str] = {}
        for key, name in self.by_name.items():
            agent = self._bearer(key, name, known)
            alone = self._id(name)
            if not agent or agent == alone:
                continue
            for spans in (self.acting, self.calls):
                if key in spans:
                    spans[key].agent = agent
            self.mentions[alone] -= 1
            if not self.mentions[alone]:
                facts, _ = self.agents.pop(alone)
                others, _ = self.agents[agent]
                others["seen"] = max(others["seen"], facts["seen"])

    def _bearer(self, key: Key, name: str, known: dict[Key, str]) -> str:
        """Return the agent with an id in the spans of one name around a span; "" if none is."""

        def step(inner: Key) -> tuple[Key | None, str]:
            around = self._around(inner, self.acting, self.agent_around)
            if around == NOTHING or self.acting[around].name != name:
                return None, ""
            return (around, "") if around in self.by_name else (None, self.acting[around].agent)

        return climb(key, known, "", step)

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
        self._join_named()
        for id_, (facts, place) in self.agents.items():
            seen = iso(_stamp(facts["seen"]))
            self.rows.node(
                AGENT,
                id_,
                place,
                kind="ai_agent",
                name=facts["name"][1] if "name" in facts else id_.removeprefix(self._id("")),
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
        latest: dict[tuple[str, str, bool], Acting] = {}
        for key, span in self.acting.items():
            around = self._around(key, self.acting, self.agent_around)
            parent = self.acting[around].agent if around != NOTHING else span.agent
            pair = parent, span.agent, span.created
            if parent != span.agent and (pair not in latest or span.at > latest[pair].at):
                latest[pair] = span
        for (parent, child, created), span in latest.items():
            kind = SPAWNS if created else CALLS
            self.rows.link(kind, parent, child, span.place, last_used_at=iso(_stamp(span.at)))

    def _use(self, key: Key, call: Call) -> None:
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
