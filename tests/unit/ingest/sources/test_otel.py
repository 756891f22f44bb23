"""Spans of agents: uses with their trace, agents and who called them, and never a message."""

import json
from pathlib import Path
from time import process_time
from typing import Any

import pandas as pd
import pytest

from graph.element import Element
from graph.schema import AGENT, CALLS, RESOURCE, SPAWNS, TOOL, USE_EVENT
from ingest.source import InputRefused, Reading, Request
from ingest.sources.otel import SOURCE
from tests.support.exports.otlp import START, TRACE, agent, batch, span, tool

TAKEN = pd.Timestamp("2026-08-01T00:00:00Z")
BOT, HELPER = "otel:acme/agent/planner", "otel:acme/agent/closer"


def reading(tmp_path: Path, *documents: Any, name: str = "traces.jsonl") -> Reading:
    path = tmp_path / name
    path.write_text("\n".join(map(json.dumps, documents)) + "\n")
    return SOURCE.read(Request((path,), "acme", TAKEN))


def rows(read: Reading, element: Element) -> list[dict[str, Any]]:
    frame = read.rows.get(element, pd.DataFrame())
    return frame.where(frame.notna(), None).to_dict("records")


def test_a_call_of_a_tool_is_a_use_by_the_agent_around_it(tmp_path):
    read = reading(
        tmp_path,
        batch(
            agent(1, "planner", gen__ai_conversation_id="conv-9"),
            span(2, 1),
            tool(3, "search", 2, minute=1, gen__ai_tool_call_id="call-7",
                 gen__ai_conversation_id="conv-9"),
        ),
    )  # fmt: skip
    (use,) = rows(read, USE_EVENT)
    assert {key: use[key] for key in use if not key.startswith("_")} == {
        "id": f"otel:{TRACE}/{3:016x}",
        "at": "2026-07-01T10:01:00Z",
        "principal": BOT,
        "resource": "otel:acme/tool/search",
        "action": "search",
        "level": None,
        "outcome": "success",
        "correlation_id": TRACE,
        "call_id": "call-7",
        "conversation_id": "conv-9",
        "session_id": None,
    }
    assert [(r["id"], r["name"], r["last_active_at"]) for r in rows(read, AGENT)] == [
        (BOT, "Planner", "2026-07-01T10:00:00Z")
    ]
    assert [(r["id"], r["name"], r["kind"]) for r in rows(read, TOOL)] == [
        ("otel:acme/tool/search", "search", None)
    ]


def test_the_spans_of_one_call_count_once_and_share_what_they_know(tmp_path):
    """The agent, its MCP client and the MCP server each trace the call; children come first."""
    called = {"mcp_method_name": "tools/call", "gen__ai_tool_name": "search"}
    read = reading(
        tmp_path,
        batch(span(4, 3, minute=3, mcp_session_id="s-1", **called)),
        batch(span(3, 2, minute=2, server_address="mcp.test", **called)),
        batch(tool(2, "search", 1, minute=1), agent(1, "planner")),
    )
    (use,) = rows(read, USE_EVENT)
    assert (use["resource"], use["session_id"]) == ("otel:acme/tool/mcp.test/search", "s-1")
    assert use["at"] == "2026-07-01T10:01:00Z"
    assert rows(read, TOOL)[0]["kind"] == "mcp_tool"
    assert "2 spans repeat the call around them, and count once with it" in read.warnings


def test_the_same_tool_called_by_another_agent_within_the_call_is_a_call_of_its_own(tmp_path):
    read = reading(
        tmp_path,
        batch(agent(1, "planner"), tool(2, "ask", 1), agent(3, "closer", 2), tool(4, "ask", 3)),
    )
    assert [use["principal"] for use in rows(read, USE_EVENT)] == [BOT, HELPER]


def test_an_error_is_a_failed_use(tmp_path):
    read = reading(
        tmp_path,
        batch(
            agent(1, "planner"),
            tool(2, "a", 1, error=True),
            tool(3, "b", 1, error_type="timeout"),
            tool(4, "c", 1),
        ),
    )
    assert [use["outcome"] for use in rows(read, USE_EVENT)] == ["failure", "failure", "success"]


def test_who_called_and_who_made_an_agent(tmp_path):
    read = reading(
        tmp_path,
        batch(
            agent(1, "planner"),
            tool(2, "delegate", 1),
            agent(3, "closer", 2, minute=1),
            agent(4, "closer", 2, minute=5),
            agent(5, "child", 1, minute=2, gen__ai_operation_name="create_agent"),
            agent(6, "planner", 3),
        ),
    )
    links = [(r["source_id"], r["target_id"], r["last_used_at"]) for r in rows(read, CALLS)]
    assert links == [
        (BOT, HELPER, "2026-07-01T10:05:00Z"),
        (HELPER, BOT, "2026-07-01T10:00:00Z"),
    ]
    made = [(r["source_id"], r["target_id"]) for r in rows(read, SPAWNS)]
    assert made == [(BOT, "otel:acme/agent/child")]


def test_what_is_read_from_a_server_or_a_source_of_data_is_a_read_of_a_resource(tmp_path):
    read = reading(
        tmp_path,
        batch(
            agent(1, "planner"),
            span(2, 1, mcp_method_name="resources/read", mcp_resource_uri="https://u:p@a.test/b?k=1"),
            span(3, 1, gen__ai_operation_name="retrieval", gen__ai_data__source_id="kb-1"),
        ),
    )  # fmt: skip
    assert [(use["resource"], use["level"]) for use in rows(read, USE_EVENT)] == [
        ("otel:acme/resource/https://a.test/b", "read"),
        ("otel:acme/resource/kb-1", "read"),
    ]
    assert len(rows(read, RESOURCE)) == 2


def test_a_resource_read_within_the_search_of_another_is_a_use_of_its_own(tmp_path):
    read = reading(
        tmp_path,
        batch(
            agent(1, "planner"),
            span(2, 1, gen__ai_operation_name="retrieval", gen__ai_data__source_id="kb-1"),
            span(3, 2, mcp_method_name="resources/read", mcp_resource_uri="file:///b"),
            span(4, 3, mcp_method_name="resources/read", mcp_resource_uri="file:///b"),
        ),
    )
    assert [use["resource"] for use in rows(read, USE_EVENT)] == [
        "otel:acme/resource/kb-1",
        "otel:acme/resource/file:///b",
    ]


def test_one_failed_attempt_of_two_is_no_failed_use(tmp_path):
    """A client tries again: what the agent called was done. If both fail, it was not."""
    called = {"mcp_method_name": "tools/call", "gen__ai_tool_name": "search"}
    for second, outcome in ((False, "success"), (True, "failure")):
        spans = span(3, 2, error=True, **called), span(4, 2, error=second, **called)
        read = reading(tmp_path, batch(agent(1, "planner"), tool(2, "search", 1), *spans))
        assert [use["outcome"] for use in rows(read, USE_EVENT)] == [outcome]


def test_what_a_span_reads_is_no_tool_that_it_names_besides(tmp_path):
    named = {"gen__ai_tool_name": "search", "gen__ai_data__source_id": "kb-1"}
    chat = span(2, 1, gen__ai_operation_name="chat", **named)
    read = reading(tmp_path, batch(agent(1, "planner"), chat))
    assert [use["resource"] for use in rows(read, USE_EVENT)] == ["otel:acme/resource/kb-1"]


def test_an_address_of_any_scheme_loses_its_user(tmp_path):
    address = "git+https://user:hunter2@a.test/repo?k=1"
    spans = agent(1, "planner"), span(2, 1, mcp_method_name="resources/read",
                                      mcp_resource_uri=address)  # fmt: skip
    (use,) = rows(reading(tmp_path, batch(*spans)), USE_EVENT)
    assert "user" not in use["resource"]
    assert use["resource"].endswith("a.test/repo")


@pytest.mark.parametrize("order", [1, -1])
def test_an_agent_has_its_latest_name_in_whatever_order_its_spans_come(tmp_path, order):
    bare = span(1, gen__ai_operation_name="invoke_agent", gen__ai_agent_id="planner")
    first = agent(2, "planner", minute=1, gen__ai_provider_name="one")
    last = agent(3, "planner", minute=2, gen__ai_provider_name="two")
    last["attributes"][2]["value"]["stringValue"] = "Planner 2"
    read = reading(tmp_path, batch(*(bare, first, last)[::order]))
    (row,) = rows(read, AGENT)
    assert (row["name"], row["platform"]) == ("Planner 2", "two")


def test_deep_traces_are_climbed_once(tmp_path):
    """The time of 6,000 calls within each other grows with their number, not its square."""
    depth = 6_000
    calls = [tool(n, f"t{n}", n - 1) for n in range(2, depth)]
    start = process_time()
    read = reading(tmp_path, batch(agent(1, "planner"), *calls))
    assert process_time() - start < 4  # it took 20 seconds
    assert len(rows(read, USE_EVENT)) == depth - 2


def test_a_batch_that_is_no_object_is_rejected(tmp_path):
    good = batch(agent(1, "planner"))
    read = reading(tmp_path, good, {"resourceSpans": [5, {"scopeSpans": ["x"]}]})
    assert [each.reason for each in read.rejected] == ["a batch of spans must be an object"] * 2
    assert not read.complete


def test_what_no_agent_did_is_counted(tmp_path):
    read = reading(
        tmp_path,
        batch(tool(1, "search"), span(2), span(3, gen__ai_operation_name="chat")),
        {"resourceLogs": []},
        batch(agent(4, "planner")),
        batch(agent(4, "planner")),
    )
    assert rows(read, USE_EVENT) == []
    assert read.warnings == [
        "1 calls by no agent that a span names were passed over",
        "1 records without spans were passed over",
        "1 spans of other operations were passed over",
        "1 spans that are not of agents were passed over",
        "1 spans that came twice were passed over",
    ]


def test_a_call_that_names_its_agent_itself_needs_none_around_it(tmp_path):
    read = reading(tmp_path, batch(tool(1, "search", gen__ai_agent_name="planner")))
    assert [use["principal"] for use in rows(read, USE_EVENT)] == [BOT]


def test_a_clock_in_the_future_is_counted_and_moves_nothing(tmp_path):
    late = 60 * 366 * 1440  # minutes: in the year 2086
    read = reading(
        tmp_path, batch(agent(1, "planner"), tool(2, "a", 1), tool(3, "b", 1, minute=late))
    )
    assert [use["action"] for use in rows(read, USE_EVENT)] == ["a"]
    assert "1 spans dated in the future were passed over" in read.warnings
    path = tmp_path / "traces.jsonl"
    assert SOURCE.read(Request((path,), "acme")).taken_at == pd.Timestamp(
        START, unit="ms", tz="UTC"
    )


@pytest.mark.parametrize("name", ["traces.json", "traces.jsonl", "traces.log"])
def test_lines_and_one_document(tmp_path, name):
    both = batch(agent(1, "planner")), batch(tool(2, "search", 1))
    assert len(rows(reading(tmp_path, *both, name=name), USE_EVENT)) == 1
    document = batch(agent(1, "planner"), tool(2, "search", 1))
    (tmp_path / "one.json").write_text(json.dumps(document, indent=1))
    assert len(rows(SOURCE.read(Request((tmp_path / "one.json",), "acme")), USE_EVENT)) == 1


def test_spans_that_hold_each_other_end(tmp_path):
    read = reading(tmp_path, batch(tool(1, "a", 2), tool(2, "b", 1), agent(3, "planner")))
    assert rows(read, USE_EVENT) == []


def test_a_span_without_an_id_or_a_start_is_rejected(tmp_path):
    broken = [
        span(1) | {"traceId": "no"},
        span(2) | {"spanId": 5},
        span(3) | {"startTimeUnixNano": "x"},
        span(4) | {"startTimeUnixNano": str(10**19)},
        5,
    ]
    read = reading(tmp_path, batch(agent(9, "planner"), *broken))
    assert (len(read.rejected), read.complete) == (5, False)
    assert {each.reason for each in read.rejected} == {
        "a span must have a trace, an id and a start"
    }


def test_what_is_no_trace_is_refused(tmp_path):
    for document in ({"a": 1}, [], {"resourceSpans": []}):
        with pytest.raises(InputRefused, match="holds no span of OTLP"):
            reading(tmp_path, document, name="x.json")


SECRET = "AKIAIOSFODNN7EXAMPLQ and sk-live-4242 of my prompt"
HIDDEN = (
    *("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"),
    *("gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.tool.definitions"),
    *("gen_ai.prompt", "gen_ai.completion", "input.value", "exception.message"),
)


def test_messages_arguments_and_results_are_never_read(tmp_path):
    spans = [agent(1, "planner"), tool(2, "search", 1)]
    for each in spans:
        each["attributes"] += [{"key": k, "value": {"stringValue": SECRET}} for k in HIDDEN]
        each["events"] = [{"name": SECRET, "attributes": [{"key": HIDDEN[0], "value": SECRET}]}]
        each["name"] = SECRET
        each["status"] = {"message": SECRET}
    read = reading(tmp_path, batch(*spans), {"resourceSpans": SECRET})
    told = [frame.to_json() for frame in read.rows.values()]
    assert SECRET not in " ".join([*told, *read.warnings, *(r.reason for r in read.rejected)])
    assert "sk-live" not in " ".join(told)
    assert len(rows(read, USE_EVENT)) == 1


@pytest.mark.parametrize("of_lines", [True, False])
def test_a_record_that_is_no_object_is_rejected_with_its_place(tmp_path, of_lines):
    values = [batch(agent(1, "planner")), "x", 5, None, True, [1]]
    documents, name = (values, "t.jsonl") if of_lines else ([values], "t.json")
    read = reading(tmp_path, *documents, name=name)
    assert [r["id"] for r in rows(read, AGENT)] == [BOT]
    places = [f"line {n}" if of_lines else f"/{n - 1}" for n in range(2, 7)]
    assert [rejected.place for rejected in read.rejected] == places
    assert not read.complete
