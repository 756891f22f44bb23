"""The app's server: Streamlit with explicit protections, and our configuration alone.

A `.streamlit/` in the working folder or in a home could disable the protections: none is read.
"""

import sys
from pathlib import Path
from typing import Any

from streamlit import config
from streamlit.starlette import App

from app.web.server.door import take_token
from app.web.server.guard import Guard, Message, Receive, Send
from app.web.server.upload import MAX_MIB

MAIN = Path(__file__).parents[1] / "main.py"
OWN = MAIN.parent / ".streamlit" / "config.toml"


def settings(host: str, port: int) -> dict[str, Any]:
    """Return the settings of Streamlit, with all protections."""
    return {
        "server.address": host,
        "server.port": port,
        "browser.serverAddress": host,
        "browser.serverPort": port,
        "server.allowedHosts": [host, "localhost"],
        "server.enableCORS": True,
        "server.corsAllowedOrigins": [],
        "server.enableXsrfProtection": True,
        "server.xsrfCookieSameSite": "strict",
        "server.maxUploadSize": MAX_MIB,
        "server.enableStaticServing": False,
        "server.enableAgentApi": False,
        "server.scriptHealthCheckEnabled": False,
        "server.headless": True,
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": False,
        "logger.hideWelcomeMessage": True,
        "client.showErrorDetails": "none",
        "global.developmentMode": False,
    }


class Guarded(App):
    """Streamlit's server behind `Guard`, which refuses forbidden requests."""

    def __init__(self, port: int) -> None:
        super().__init__(MAIN)
        self._guard = Guard(super().__call__, port)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._guard(scope, receive, send)


def own_files(file_name: str) -> list[str]:
    """Return the configuration files of Streamlit: only our own, and no secrets."""
    return [str(OWN)] if file_name == OWN.name else []


def main() -> None:
    """Serve until stopped; the arguments are `HOST PORT`."""
    host, port = sys.argv[1], int(sys.argv[2])
    sys.argv[1:] = []
    take_token()
    config.get_config_files = own_files
    Guarded(port).run(config=settings(host, port))


if __name__ == "__main__":
    main()
