"""The guard before the app's server: it serves its own address only, with protective headers.

Streamlit lets any page of this machine, on whatever port, open its WebSocket, and sends no headers
against framing. Here a request must name exactly the served address: that of the app itself, or
that of the proxy before it.
"""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Serve = Callable[[Message, Receive, Send], Awaitable[None]]

CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/_stcore/script-health-check")
NAMES = ("127.0.0.1", "localhost")
REFUSED = b"trustdebt answers only at its own address"
HTTPS = "https://"
YEAR = 31_536_000  # seconds


def loopback(port: int) -> tuple[str, ...]:
    """Return the origins of the app on this machine."""
    return tuple(f"http://{name}:{port}" for name in NAMES)


def headers(origins: Sequence[str]) -> list[tuple[bytes, bytes]]:
    """Return the headers of every answer of the app that is served at some origins.

    Streamlit's page has an inline script and inline styles, and draws with workers, so these are
    allowed; scripts, frames and connections of other origins are not.
    """
    own = " ".join(f"ws{origin.removeprefix('http')}" for origin in origins)
    policy = {
        "default-src": "'self'",
        "script-src": "'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "connect-src": f"'self' {own} data: blob:",
        "frame-src": "'self' data: blob:",
        "frame-ancestors": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
    }
    values = {
        "Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in policy.items()),
        "X-Frame-Options": "SAMEORIGIN",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if _encrypted(origins):
        values["Strict-Transport-Security"] = f"max-age={YEAR}"
    return [(k.lower().encode(), v.encode()) for k, v in values.items()]


def _encrypted(origins: Sequence[str]) -> bool:
    return all(origin.startswith(HTTPS) for origin in origins)


class Guard:
    """Serves `app` to requests for its own origins, and closes unused endpoints.

    Where the browser's connection is encrypted, its cookies are for encrypted ones only.
    """

    def __init__(self, app: Serve, origins: Sequence[str]) -> None:
        self._app = app
        self._headers = headers(origins)
        self._origins = {origin.encode() for origin in origins}
        self._hosts = {origin.partition(b"://")[2] for origin in self._origins}
        self._encrypted = _encrypted(origins)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
        elif not self._own(scope):
            await _refuse(scope, send, 403)
        elif scope["path"].startswith(CLOSED):
            await _refuse(scope, send, 404)
        else:
            await self._app(scope, receive, self._marking(send))

    def _own(self, scope: Message) -> bool:
        values: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            values.setdefault(name.lower(), []).append(value)
        hosts, origins = values.get(b"host", []), values.get(b"origin", [])
        return len(hosts) == 1 and {*hosts} <= self._hosts and {*origins} <= self._origins

    def _marking(self, send: Send) -> Send:
        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in self._headers}
                kept = [h for h in message.get("headers", ()) if h[0].lower() not in names]
                kept = [self._secured(*h) for h in kept]
                message = {**message, "headers": [*kept, *self._headers]}
            await send(message)

        return marked

    def _secured(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        """Return a header, a cookie marked as one for encrypted connections where they are."""
        cookie = self._encrypted and name.lower() == b"set-cookie"
        marked = b"secure" in [part.strip().lower() for part in value.split(b";")]
        return name, value + b"; Secure" if cookie and not marked else value


async def _refuse(scope: Message, send: Send, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})  # answered with 403
        return
    plain = [(b"content-type", b"text/plain"), (b"content-length", str(len(REFUSED)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": plain})
    await send({"type": "http.response.body", "body": REFUSED})
