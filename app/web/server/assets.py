"""The scripts and styles of the pages, served from memory and announced in each page.

A browser needs about a hundred of Streamlit's files before it shows a page. From memory each takes
less than half of what it takes through the layers of Streamlit's server. And the scripts of the
elements that every page has are announced in the page itself: otherwise they are asked for only
once it has been drawn without them.
"""

import re
from functools import cache, lru_cache
from mimetypes import guess_type
from pathlib import Path

import streamlit

from app.web.server.guard import Message, Receive, Send, Serve

FOLDER = Path(streamlit.__file__).parent / "static"
AT = "/static/"
SCRIPTS = f"{AT}js/"
# The elements of the menu, of the bar above each page and of the tiles of the first, as Streamlit
# names their scripts; of what is not there any more nothing is announced.
ELEMENTS = (
    *("BidiComponent", "Button", "DateInput", "Html", "Metric", "PageLink"),
    *("Selectbox", "TextInput"),
)
IMPORTED = re.compile(rb"""(?:from|import)\s*["']\./([\w.$-]+\.js)["']""")
HEAD = 20_000  # bytes in which a script names those that it imports
PAGE = re.compile("/[a-z_]*")  # the path of a page
KIND, END = b"text/html", b"</head>"
OF_THE_FILE = (b"content-length", b"etag", b"last-modified")  # of a page without its links
FOREVER = b"public, immutable, max-age=31536000"  # the names of files have their hash


class Assets:
    """Serves `app`, its files from memory."""

    def __init__(self, app: Serve) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
        elif PAGE.fullmatch(scope["path"]):
            await self._app(_uncompressed(scope), receive, _linking(send))
        elif _in_part(scope) or (content := content_of(scope["path"])) is None:
            await self._app(scope, receive, send)
        else:
            await _send_file(scope["path"], content, send)


async def _send_file(path: str, content: bytes, send: Send) -> None:
    kind = guess_type(path)[0] or "application/octet-stream"
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
def _scripts() -> tuple[str, ...]:
    """Return the paths of the scripts of `ELEMENTS`, and of all that they import."""
    scripts: dict[str, None] = {}
    waiting = [
        path
        for path in sorted(_files())
        if path.startswith(SCRIPTS) and Path(path).name.split(".")[0] in ELEMENTS
    ]
    while waiting:
        path = waiting.pop()
        if path not in scripts and path in _files():
            scripts[path] = None
            imported = IMPORTED.findall(_read(path)[:HEAD])
            waiting += [SCRIPTS + name.decode() for name in imported]
    return tuple(scripts)


@lru_cache(maxsize=8)
def with_links(page: bytes) -> bytes:
    """Return a page that announces those of `_scripts` that it does not name yet."""
    links = [
        f'<link rel="modulepreload" crossorigin href=".{path}">'.encode()
        for path in _scripts()
        if path.encode() not in page
    ]
    return page.replace(END, b"".join(links) + END, 1)


def _uncompressed(scope: Message) -> Message:
    """Return a request for a page as it is, to which links can be added."""
    kept = [header for header in scope["headers"] if header[0].lower() != b"accept-encoding"]
    return {**scope, "headers": kept}


def _linking(send: Send) -> Send:
    """Return `send` with links in each page, which is sent when all of it is there.

    They are in the page, as the header `Link` would be too long for the buffers of some proxies.
    """
    start: Message = {}
    body: list[bytes] = []

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        body.append(message.get("body", b""))
        if message.get("more_body"):
            return
        page, headers = b"".join(body), start.get("headers", ())
        if any(n.lower() == b"content-type" and v.startswith(KIND) for n, v in headers):
            page = with_links(page)
            headers = [h for h in headers if h[0].lower() not in OF_THE_FILE]
            headers.append((b"content-length", str(len(page)).encode()))
        await send({**start, "headers": headers})
        await send({**message, "body": page})

    return sending
