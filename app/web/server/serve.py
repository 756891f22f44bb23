"""The app's server: Streamlit with explicit protections, and our configuration alone.

A `.streamlit/` in the working folder or in a home could disable the protections: none is read.
"""

import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streamlit import config
from streamlit.runtime.backend_operation_handler import DeferredFileHandler
from streamlit.starlette import App
from streamlit.web.server.starlette import starlette_server

from app.sign_in import SECRET, VARIABLE, SignIn, read_sign_in
from app.web.server import ahead, door
from app.web.server.assets import Assets
from app.web.server.guard import NAMES, Guard, Message, Receive, Send, loopback
from app.web.server.refusals import with_reasons
from app.web.server.returning import Returning
from app.web.server.upload import HERE, MAX_MIB
from graph.journal.rights import serve_others

MAIN = Path(__file__).parents[1] / "main.py"
OWN = MAIN.parent / ".streamlit" / "config.toml"
PORTS = {"http": 80, "https": 443}


def settings(host: str, port: int, address: str = "") -> dict[str, Any]:
    """Return the settings of Streamlit, with all protections.

    `address` is where people reach the app, if that is not `host` and `port`.
    """
    parts = urlsplit(address or f"http://{host}:{port}")
    name = parts.hostname or host
    return {
        "server.address": host,
        "server.port": port,
        "browser.serverAddress": name,
        "browser.serverPort": parts.port or PORTS[parts.scheme],
        "server.allowedHosts": [name, "localhost"],
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
        "runner.postScriptGC": False,  # to look through all snapshots after each click takes 0.3 s
        "client.showErrorDetails": "none",
        "global.developmentMode": False,
    }


def origins(host: str, port: int, address: str, signs_in: bool) -> Sequence[str]:
    """Return the origins under which the app answers.

    Who signs in comes back to one address, so there is only one then.
    """
    if address:
        return (address,)
    named = f"[{host}]" if ":" in host else host
    own = loopback(port) if host in NAMES else (f"http://{named}:{port}",)
    return own[:1] if signs_in else own


class Guarded(App):
    """Streamlit's server behind `Guard`, which refuses forbidden requests, and `Returning`."""

    def __init__(self, served: Sequence[str], secrets: Mapping[str, Any] | None) -> None:
        super().__init__(MAIN, secrets=secrets)
        self._guard = Guard(Returning(Assets(super().__call__), served), served)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._guard(scope, receive, send)


def own_files(file_name: str) -> list[str]:
    """Return the configuration files of Streamlit: only our own, and no secrets."""
    return [str(OWN)] if file_name == OWN.name else []


def at_once(bind: Callable[..., socket.socket]) -> Callable[..., socket.socket]:
    """Bind a socket so that what is written to its connections is sent without a delay.

    Otherwise the second part of each answer waits until the browser has confirmed the first, which
    a browser does after 40 ms: asyncio does not see that the socket is one of TCP
    (https://github.com/Kludex/uvicorn/issues/3149).
    """

    def bound(*arguments: Any, **named: Any) -> socket.socket:
        listening = bind(*arguments, **named)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted ones inherit it
        return listening

    return bound


def main() -> None:
    """Serve until stopped; the arguments are `HOST PORT` and, behind a proxy, its address."""
    host, port, address = sys.argv[1], int(sys.argv[2]), "".join(sys.argv[3:])
    sys.argv[1:] = []
    named = os.environ.get(VARIABLE)
    sign_in: SignIn | None = read_sign_in(Path(named)) if named else None
    os.environ.pop(SECRET, None)  # so that no child process inherits it
    serve_others()
    door.set_up(sign_in, elsewhere=bool(address) or host not in HERE)
    served = origins(host, port, address, sign_in is not None)
    secrets = None if sign_in is None else {"auth": sign_in.secrets(served[0])}
    config.get_config_files = own_files
    starlette_server._bind_socket = at_once(starlette_server._bind_socket)
    DeferredFileHandler.handle = with_reasons(DeferredFileHandler.handle)  # type: ignore[assignment]
    ahead.begin()
    Guarded(served, secrets).run(config=settings(host, port, address))


if __name__ == "__main__":
    main()
