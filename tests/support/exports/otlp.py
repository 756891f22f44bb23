"""Spans in OTLP JSON, as the file exporter of a collector writes them."""

from typing import Any

START = 1_782_900_000_000  # milliseconds: 2026-07-01T10:00:00Z
TRACE = "5b8efff798038103d269b633813fc60c"
GEN, MCP = "gen_ai.", "mcp."


def attributes(**values: Any) -> list[dict[str, Any]]:
    """Return attributes by names with `_` for each dot; `__` for an underscore."""
    return [
        {"key": name.replace("__", "\0").replace("_", ".").replace("\0", "_"),
         "value": {"stringValue": value}}
        for name, value in values.items()
    ]  # fmt: skip


def span(
    number: int,
    parent: int | None = None,
    minute: float = 0,
    trace: str = TRACE,
    error: bool = False,
    **values: Any,
) -> dict[str, Any]:
    """Return a span; `gen__ai_tool_name="x"` is the attribute gen_ai.tool.name."""
    at = (START + round(minute * 60_000)) * 1_000_000
    return {
        "traceId": trace,
        "spanId": f"{number:016x}",
        **({"parentSpanId": f"{parent:016x}"} if parent is not None else {}),
        "name": "any",
        "kind": 1,
        "startTimeUnixNano": str(at),
        "endTimeUnixNano": str(at + 1_000_000_000),
        "attributes": attributes(**values),
        "status": {"code": 2} if error else {},
    }


def batch(*spans: dict[str, Any]) -> dict[str, Any]:
    resource = {"attributes": attributes(service_name="app")}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": list(spans)}]}]}


def agent(number: int, name: str, parent: int | None = None, **more: Any) -> dict[str, Any]:
    operation = more.pop("gen__ai_operation_name", "invoke_agent")
    named = {"gen__ai_agent_id": name, "gen__ai_agent_name": name.title()}
    return span(number, parent, gen__ai_operation_name=operation, **named, **more)


def tool(number: int, name: str, parent: int | None = None, **more: Any) -> dict[str, Any]:
    return span(
        number, parent, gen__ai_operation_name="execute_tool", gen__ai_tool_name=name, **more
    )
