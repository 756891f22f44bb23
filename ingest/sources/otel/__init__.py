"""OpenTelemetry spans of agents (OTLP JSON): who called which tool, in which trace, for whom.

Read are the spans of the semantic conventions for generative AI and MCP, and of them only the
attributes of `KEPT`. Messages, prompts, and the arguments and results of tools are never looked at.
"""

from ingest.source import Source
from ingest.sources.otel.reading import read

SOURCE = Source(
    name="otel",
    title="OpenTelemetry agents",
    reads="spans of agents, tools and MCP (OTLP JSON, as lines or documents)",
    declares=(),
    read=read,
    adds_up=True,
)
