"""The way back to the page from which somebody signed in.

Streamlit sends everybody who signed in to the first page. Here the request to sign in keeps the
address that it came from in a cookie, which the provider's answer uses up. Only a path of the app
itself is followed, whoever wrote the cookie.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie

from app.sign_in import CALLBACK
from app.web.server.guard import Message, Receive, Send, Serve

LOGIN = "/auth/login"
COOKIE = "trustdebt_return"
MAX_AGE = 600  # seconds that signing in may take
LONGEST = 2_000  # characters of an address; a longer one is not kept
PAGE = re.compile(r"/[a-z_]*(\?[!-~]*)?")  # one segment: no host, no folder, no file
ATTRIBUTES = f"Path={CALLBACK}; HttpOnly; SameSite=Lax"


class Returning:
    """Serves `app`, and sends who signed in back to the page from which they did."""

    def __init__(self, app: Serve, origins: Sequence[str]) -> None:
        self._app, self._origins = app, tuple(origins)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        headers = {} if scope["type"] != "http" else dict(scope["headers"])
        path = scope.get("path")
        if path == LOGIN:
            address = self._within(headers.get(b"referer", b"").decode("latin-1"))
            kept = urlsafe_b64encode(address.encode()).decode()
            send = _adding(send, f"{COOKIE}={kept}; Max-Age={MAX_AGE}; {ATTRIBUTES}")
        elif path == CALLBACK and headers:
            address = _kept(headers.get(b"cookie", b"").decode("latin-1"))
            send = _adding(send, f"{COOKIE}=; Max-Age=0; {ATTRIBUTES}", address)
        await self._app(scope, receive, send)

    def _within(self, address: str) -> str:
        """Return the path and the parameters of an address of the app; of any other the start."""
        for origin in self._origins:
            if address.startswith(f"{origin}/"):
                return page_of(address.removeprefix(origin))
        return "/"


def page_of(address: str) -> str:
    """Return an address within the app if it is one of a page, else that of the first.

    >>> page_of("/identity?id=a%2Fb&snapshot=latest")
    '/identity?id=a%2Fb&snapshot=latest'
    >>> page_of("//evil.test/"), page_of("/auth/login"), page_of("https://evil.test")
    ('/', '/', '/')
    """
    return address if len(address) <= LONGEST and PAGE.fullmatch(address) else "/"


def _kept(header: str) -> str:
    """Return the address that the cookies of a request hold."""
    try:
        cookie = SimpleCookie(header).get(COOKIE)
        return page_of(urlsafe_b64decode(cookie.value).decode("ascii")) if cookie else "/"
    except (CookieError, ValueError):
        return "/"


def _adding(send: Send, cookie: str, location: str | None = None) -> Send:
    """Return `send` with a cookie added to the answer, and another target if it leads on."""

    async def added(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), (b"set-cookie", cookie.encode())]
            if location is not None:
                headers = [(n, location.encode() if n.lower() == b"location" else v)
                           for n, v in headers]  # fmt: skip
            message = {**message, "headers": headers}
        await send(message)

    return added
