"""MCP client configurations: the servers that an agent may call, and the secrets passed to them.

Each client (Claude, Cursor, VS Code, Zed, Windsurf and others) keeps its servers in a file of its
own under a key of its own. A file becomes an Agent, a server a Tool, and each secret among the
variables, headers, arguments and addresses a Credential: by name, never by value.
"""

from ingest.source import Source
from ingest.sources.mcp_config.reading import DECLARES, read
from ingest.sources.mcp_config.uploading import UPLOAD

SOURCE = Source(
    name="mcp_config",
    title="MCP client configurations",
    reads="configuration files of MCP clients (JSON, JSON with comments, YAML, TOML), or folders",
    declares=DECLARES,
    read=read,
    upload=UPLOAD,
)
