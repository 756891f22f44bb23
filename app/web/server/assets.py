"""The scripts and styles of the pages, served from memory and announced with the first page.

A browser needs about a hundred of Streamlit's files before it shows a page. From memory each takes
a fifth of what it takes through the layers of Streamlit's server. And the scripts of the elements
that every page has are announced with the page itself: otherwise they are asked for only once it
has been drawn without them.
"""

import re
from functools import cache
from mimetypes import guess_type
from pathlib import Path

import streamlit

from app.web.server.guard import Message, Receive, Send, Serve

FOLDER = Path(streamlit.__file__).parent / "static"
AT = "/static/"
SCRIPTS = "static/js/"
# The elements of the menu, of the bar above each page and of the tiles of the first, as Streamlit
# names their scripts; of what is not there any more nothing is announced.
ELEMENTS = (
    *("BidiComponent", "Button", "DateInput", "Html", "Metric", "PageLink"),
    *("Selectbox", "TextInput"),
)
IMPORTED = re.compile(rb"""(?:from|import)\s*["']\./([\w.$-]+\.js)["']""")
HEAD = 20_000  # bytes in which a script names those that it imports
PAGE = b"text/html"
FOREVER = b"public, immutable, max-age=31536000"  # the names of files have their hash


class Assets:
    """Serves `app`, its files from memory."""

    def __init__(self, app: Serve) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        content = None if _in_part(scope) else content_of(scope["path"])
        if content is None:
            await self._app(scope, receive, _announcing(send))
            return
        kind = guess_type(scope["path"])[0] or "application/octet-stream"
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(content)).encode()),
            (b"cache-control", FOREVER),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def _in_part(scope: Message) -> bool:
    return any(name.lower() == b"range" for name, _ in scope["headers"])


@cache
def _files() -> dict[str, Path]:
    """Return the files that are served, by path: no other is ever opened."""
    paths = FOLDER.joinpath(AT.strip("/")).rglob("*")
    return {f"/{p.relative_to(FOLDER).as_posix()}": p for p in paths if p.is_file()}


def content_of(path: str) -> bytes | None:
    """Return a file of the pages; None if there is none at this path."""
    return _read(path) if path in _files() else None


@cache
def _read(path: str) -> bytes:
    return _files()[path].read_bytes()


@cache
def announced() -> bytes:
    """Return the header that announces the scripts of `ELEMENTS` and all that they import."""
    scripts: dict[str, None] = {}
    waiting = [
        path
        for path in sorted(_files())
        if path.startswith(f"/{SCRIPTS}") and Path(path).name.split(".")[0] in ELEMENTS
    ]
    while waiting:
        path = waiting.pop()
        if path not in scripts and path in _files():
            scripts[path] = None
            imported = IMPORTED.findall(_read(path)[:HEAD])
            waiting += [f"/{SCRIPTS}{name.decode()}" for name in imported]
    return ", ".join(f"<{path}>; rel=modulepreload" for path in scripts).encode()


def _announcing(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            if any(n.lower() == b"content-type" and v.startswith(PAGE) for n, v in headers):
                message = {**message, "headers": [*headers, (b"link", announced())]}
        await send(message)

    return sending
