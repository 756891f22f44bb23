"""The id of a server on the network, which all who call it share."""

import re

from ingest.secrets.names import bare_address

HERE = re.compile(r"\w+://(?:localhost|127\.|\[::1\]|0\.)")


def id_by_address(address: str) -> str | None:
    """Return the id of a server by its address; None if it is on the machine of who calls it.

    >>> id_by_address("https://Mcp.example.org/?key=1"), id_by_address("http://localhost:80")
    ('mcp:https://mcp.example.org', None)
    """
    bare = bare_address(address)
    return None if "://" not in bare or HERE.match(bare) else f"mcp:{bare}"
