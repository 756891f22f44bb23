"""Attributes of spans: the names of the conventions, and how the kept ones are read."""

import re
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from ingest.rows import listed, text
from ingest.secrets.names import bare_address
from ingest.secrets.redaction import redact_text

SUFFIXES = (".json", ".jsonl", ".ndjson", ".log")
Key = tuple[bytes, bytes]  # a trace and a span of it
OPERATION, METHOD = "gen_ai.operation.name", "mcp.method.name"
AGENT_ID, AGENT_NAME = "gen_ai.agent.id", "gen_ai.agent.name"
TOOL_NAME, CALL_ID = "gen_ai.tool.name", "gen_ai.tool.call.id"
CONVERSATION, SESSION = "gen_ai.conversation.id", "mcp.session.id"
DATA_SOURCE, URI, SERVER = "gen_ai.data_source.id", "mcp.resource.uri", "server.address"
ERROR, PROVIDER = "error.type", "gen_ai.provider.name"
OLD_PROVIDER, OLD_WORKFLOW = "gen_ai.system", "gen_ai.workflow.name"  # until 1.36, until 1.41
KEPT = frozenset(
    [
        *(OPERATION, METHOD, AGENT_ID, AGENT_NAME, TOOL_NAME, CALL_ID, CONVERSATION, SESSION),
        *(DATA_SOURCE, URI, SERVER, ERROR, PROVIDER, OLD_PROVIDER, OLD_WORKFLOW),
    ]
)
INVOKED, CREATED, EXECUTED = "invoke_agent", "create_agent", "execute_tool"
WORKFLOW = "invoke_workflow"  # an agent that runs others by a fixed plan
MCP_CALL, MCP_READ = "tools/call", "resources/read"
NOTHING: Key = (b"", b"")  # in place of a span around another
# An id in hexadecimal, or in base64, as the JSON of protobuf and so Tempo have it.
TRACE = re.compile(r"[0-9a-fA-F]{32}|[A-Za-z0-9+/]{21}[AQgw]==")
SPAN = re.compile(r"[0-9a-fA-F]{16}|[A-Za-z0-9+/]{10}[AEIMQUYcgkosw048]=")
BATCHES = ("resourceSpans", "batches")  # of OTLP, and of Tempo's API
SCOPES = ("scopeSpans", "instrumentationLibrarySpans")  # the second until OTLP 0.19
ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:\S+")
FAILED = (2, "STATUS_CODE_ERROR")
NANOSECONDS, LATEST = 1_000_000, 253_402_300_799_999  # in a millisecond; the year 9999 in these


def attributes(owner: Mapping[str, Any]) -> dict[str, str]:
    """Return the texts of the kept attributes of a span; nothing else of it is looked at."""
    kept: dict[str, str] = {}
    for pair in listed(owner.get("attributes")):
        key = pair.get("key") if isinstance(pair, dict) else None
        if isinstance(key, str) and key in KEPT and isinstance(pair.get("value"), dict):
            value = text(pair["value"].get("stringValue"))
            if value:
                kept[key] = redact_text(_address(value) if key == URI else value)
    workflow, provider = kept.pop(OLD_WORKFLOW, ""), kept.pop(OLD_PROVIDER, "")
    if workflow and kept.get(OPERATION) == WORKFLOW:
        kept.setdefault(AGENT_NAME, workflow)
    if provider:
        kept.setdefault(PROVIDER, provider)
    return kept


def _address(uri: str) -> str:
    """Return an address without what may be a secret of it: its user, query and fragment."""
    return bare_address(uri) if re.match(r"[\w+.-]+://[^/]", uri) else re.split("[?#]", uri)[0]


def milliseconds(span: Mapping[str, Any]) -> int | None:
    """Return when a span began; None if it does not say so."""
    value = span.get("startTimeUnixNano")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    at = value // NANOSECONDS
    return at if 0 < at <= LATEST else None


def hex_of(value: Any, form: re.Pattern[str]) -> bytes | None:
    """Return the bytes of an id of a form; None if it is none."""
    if not isinstance(value, str) or not form.fullmatch(value):
        return None
    return b64decode(value) if value.endswith("=") else bytes.fromhex(value)
