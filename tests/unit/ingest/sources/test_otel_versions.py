"""Names that the conventions for generative AI changed, and agents named with and without an id."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.element import Element
from graph.schema import AGENT, CALLS, RESOURCE, USE_EVENT
from ingest.source import Reading, Request
from ingest.sources.otel import SOURCE
from tests.support.exports.otlp import TRACE, agent, batch, span, tool

TAKEN = pd.Timestamp("2026-08-01T00:00:00Z")
START = "otel:acme/agent/"


def reading(tmp_path: Path, *spans: Any) -> Reading:
    path = tmp_path / "traces.json"
    path.write_text(json.dumps(batch(*spans)))
    return SOURCE.read(Request((path,), "acme", TAKEN))


def rows(read: Reading, element: Element) -> list[dict[str, Any]]:
    frame = read.rows.get(element, pd.DataFrame())
    return frame.where(frame.notna(), None).to_dict("records")


def named(number: int, name: str, parent: int | None = None, **more: Any) -> dict[str, Any]:
    return span(
        number, parent, gen__ai_operation_name="invoke_agent", gen__ai_agent_name=name, **more
    )


def by_whom(read: Reading) -> list[tuple[str, str]]:
    uses = rows(read, USE_EVENT)
    return [(use["principal"].removeprefix(START), use["resource"][10:]) for use in uses]


@pytest.mark.parametrize("attribute", ["gen__ai_system", "gen__ai_provider_name"])
def test_the_provider_is_known_by_the_name_of_either_version(tmp_path, attribute):
    (known,) = rows(reading(tmp_path, agent(1, "planner", **{attribute: "openai"})), AGENT)
    assert known["platform"] == "openai"


def test_of_both_names_of_the_provider_the_new_one_counts(tmp_path):
    both = agent(1, "a", gen__ai_system="az.ai.openai", gen__ai_provider_name="azure.ai.openai")
    (known,) = rows(reading(tmp_path, both), AGENT)
    assert known["platform"] == "azure.ai.openai"


@pytest.mark.parametrize("attribute", ["gen__ai_workflow_name", "gen__ai_agent_name"])
def test_a_workflow_is_an_agent_that_calls_others(tmp_path, attribute):
    workflow = span(1, gen__ai_operation_name="invoke_workflow", **{attribute: "flow"})
    read = reading(tmp_path, workflow, named(2, "closer", 1), tool(3, "search", 2), tool(4, "x", 1))
    calls = [(row["source_id"], row["target_id"]) for row in rows(read, CALLS)]
    assert calls == [(f"{START}flow", f"{START}closer")]
    assert by_whom(read) == [("closer", "tool/search"), ("flow", "tool/x")]
    assert read.warnings == []


def test_a_workflow_that_a_span_of_another_operation_names_is_no_agent(tmp_path):
    chat = span(2, 1, gen__ai_operation_name="chat", gen__ai_workflow_name="flow")
    assert [r["id"] for r in rows(reading(tmp_path, named(1, "a"), chat), AGENT)] == [f"{START}a"]


def test_the_source_of_data_of_an_invoked_agent_is_read_by_it(tmp_path):
    read = reading(
        tmp_path,
        named(1, "planner"),
        named(2, "closer", 1, gen__ai_data__source_id="kb-1", error=True),
        span(3, 2, gen__ai_operation_name="retrieval", gen__ai_data__source_id="kb-1"),
        span(4, 2, gen__ai_operation_name="retrieval", gen__ai_data__source_id="kb-2"),
    )
    assert by_whom(read) == [("closer", "resource/kb-1"), ("closer", "resource/kb-2")]
    assert {use["outcome"] for use in rows(read, USE_EVENT)} == {"success"}
    assert [row["name"] for row in rows(read, RESOURCE)] == ["kb-1", "kb-2"]


def test_a_name_alone_within_the_span_of_its_id_is_the_same_agent(tmp_path):
    outer = span(1, gen__ai_operation_name="invoke_agent", gen__ai_agent_id="asst-1",
                 gen__ai_agent_name="Closer")  # fmt: skip
    chat = span(3, 2, minute=7, gen__ai_operation_name="chat", gen__ai_agent_name="Closer")
    read = reading(tmp_path, tool(4, "search", 2), chat, named(2, "Closer", 1), outer)
    (known,) = rows(read, AGENT)
    assert (known["id"], known["name"]) == (f"{START}asst-1", "Closer")
    assert known["last_active_at"] == "2026-07-01T10:07:00Z"
    assert by_whom(read) == [("asst-1", "tool/search")]
    assert rows(read, CALLS) == []


def test_another_name_and_the_same_name_elsewhere_stay_agents_of_their_own(tmp_path):
    outer = span(1, gen__ai_operation_name="invoke_agent", gen__ai_agent_id="asst-1",
                 gen__ai_agent_name="Closer")  # fmt: skip
    read = reading(tmp_path, outer, named(2, "helper", 1), named(3, "Closer", 2),
                   named(4, "Closer"))  # fmt: skip
    assert {r["id"].removeprefix(START) for r in rows(read, AGENT)} == {
        "asst-1",
        "helper",
        "Closer",
    }


def test_spans_of_one_name_that_hold_each_other_end(tmp_path):
    read = reading(tmp_path, named(1, "a", 2), named(2, "a", 1), tool(3, "search", 2))
    assert by_whom(read) == [("a", "tool/search")]


def _in_base64(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return spans with their ids as the JSON of protobuf has them."""
    names = ("traceId", "spanId", "parentSpanId")
    return [
        {
            key: b64encode(bytes.fromhex(value)).decode() if key in names else value
            for key, value in each.items()
        }
        for each in spans
    ]


@pytest.mark.parametrize("form", ["otlp", "tempo", "tempo 2", "before 0.19"])
def test_traces_are_read_as_a_collector_and_as_tempo_write_them(tmp_path, form):
    spans = [agent(1, "planner"), tool(2, "search", 1)]
    document = batch(*(_in_base64(spans) if form.startswith("tempo") else spans))
    scopes = document["resourceSpans"][0]
    if form == "tempo":
        document = {"batches": document["resourceSpans"]}
    elif form == "tempo 2":
        document = {"trace": document}
    elif form == "before 0.19":
        scopes["instrumentationLibrarySpans"] = scopes.pop("scopeSpans")
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(document))
    read = SOURCE.read(Request((path,), "acme", TAKEN))
    assert by_whom(read) == [("planner", "tool/search")]
    (use,) = rows(read, USE_EVENT)
    assert use["id"] == f"otel:{TRACE}/{2:016x}"
    assert not read.rejected


def test_a_tool_that_is_named_without_an_operation_was_called(tmp_path):
    """Twin: a span of another operation that names a tool is no call of it."""
    read = reading(
        tmp_path,
        agent(1, "planner"),
        span(2, 1, gen__ai_tool_name="search"),
        span(3, 1, gen__ai_tool_name="search", gen__ai_operation_name="chat"),
    )
    assert by_whom(read) == [("planner", "tool/search")]
    assert "1 spans of other operations were passed over" in read.warnings
