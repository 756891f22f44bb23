"""Graphs of agent-bom: agents, their servers and tools, and the credentials they pass on.

The shape is that of the graph export, version 1, of https://github.com/msaad00/agent-bom.
"""

from ingest.source import Source
from ingest.sources.agent_bom.reading import DECLARES, read

SOURCE = Source(
    name="agent_bom",
    title="agent-bom",
    reads="graph exports (JSON with nodes and edges), or folders of them",
    declares=DECLARES,
    read=read,
)
