"""The files of the pages: the same as Streamlit's, no other, and announced with each page."""

import asyncio
import re
import socket
import sys
from typing import Any

import pytest
from streamlit.web.server.starlette import starlette_server

from app.web.server import serve
from app.web.server.assets import AT, ELEMENTS, FOLDER, Assets, with_links

PAGE = b"<html><head><title>x</title></head><body></body></html>"
SCRIPT = next(FOLDER.glob("static/js/Metric.*.js"))
ELSEWHERE = [
    *("/static/../index.html", "/static/js/../../index.html", "/static//etc/passwd", "/static/"),
    *("/index.html", f"{AT}%2e%2e/index.html", "/_stcore/health"),
]


async def _streamlit(scope: Any, receive: Any, send: Any) -> None:
    """Answer with a page in two parts, or below its own paths with plain text."""
    page = "/" not in scope["path"][1:]
    body, kind = (PAGE, b"text/html; charset=utf-8") if page else (b"streamlit", b"text/plain")
    facts = [(b"Content-Type", kind), (b"Content-Length", b"%d" % len(body)), (b"ETag", b"x")]
    if any(name == b"accept-encoding" for name, _ in scope["headers"]):
        facts.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 200, "headers": facts})
    await send({"type": "http.response.body", "body": body[:9], "more_body": True})
    await send({"type": "http.response.body", "body": body[9:]})


def ask(path: str, method: str = "GET", **given: str) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of the answer to a request."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(name.encode(), value.encode()) for name, value in given.items()]
    scope = {"type": "http", "path": path, "method": method, "headers": headers}
    asyncio.run(Assets(_streamlit)(scope, None, send))  # type: ignore[arg-type]
    names = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
    return b"".join(message.get("body", b"") for message in sent[1:]), names


@pytest.mark.parametrize("suffix", ["js", "css", "woff2"])
def test_a_file_is_the_one_of_streamlit(suffix: str) -> None:
    files = sorted(FOLDER.glob(f"static/**/*.{suffix}"))
    assert files
    for file in files[:20]:
        body, headers = ask(f"/{file.relative_to(FOLDER).as_posix()}")
        assert body == file.read_bytes()
        assert headers["content-length"] == str(file.stat().st_size)
        assert suffix in headers["content-type"].replace("javascript", "js")
        assert "immutable" in headers["cache-control"]


@pytest.mark.parametrize("path", ELSEWHERE)
def test_what_is_none_of_them_is_left_to_streamlit(path: str) -> None:
    assert ask(path)[0] in (b"streamlit", PAGE)


def test_so_are_parts_of_a_file_and_other_methods() -> None:
    path = f"/{SCRIPT.relative_to(FOLDER).as_posix()}"
    assert ask(path)[0] != b"streamlit"
    assert ask(path, range="bytes=0-9")[0] == ask(path, "HEAD")[0] == b"streamlit"


@pytest.mark.parametrize("path", ["/", "/identity"])
def test_each_page_announces_the_scripts_of_what_it_draws(path: str) -> None:
    """All are there: one that Streamlit renames has to be renamed here."""
    page, headers = ask(path, **{"accept-encoding": "gzip"})
    scripts = re.findall(r'<link rel="modulepreload" crossorigin href="\.(/[^"]+)">', page.decode())
    assert len({*scripts}) == len(scripts) > 2 * len(ELEMENTS)
    assert {script.rpartition("/")[2].split(".")[0] for script in scripts} >= {*ELEMENTS}
    for script in scripts:
        assert ask(script)[0] == FOLDER.joinpath(script.lstrip("/")).read_bytes()
    assert re.sub("<link[^>]+>", "", page.decode()).encode() == PAGE
    assert int(headers["content-length"]) == len(page)
    assert not {"etag", "content-encoding"} & {*headers}  # those of the page without links


def test_a_script_that_the_page_names_is_not_announced_again() -> None:
    named = f'<script src="./{SCRIPT.relative_to(FOLDER).as_posix()}"></script>'.encode()
    page = with_links(PAGE.replace(b"</head>", named + b"</head>"))
    assert page.count(SCRIPT.name.encode()) == 1
    assert with_links(PAGE).count(SCRIPT.name.encode()) == 1
    assert page.count(b"modulepreload") == with_links(PAGE).count(b"modulepreload") - 1


def test_an_answer_that_is_no_page_is_as_it_was() -> None:
    body, headers = ask("/_stcore/health", **{"accept-encoding": "gzip"})
    assert (body, headers["etag"]) == (b"streamlit", "x")
    assert headers["content-encoding"] == "gzip"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run all of the server but the serving."""
    monkeypatch.setattr(sys, "argv", ["serve", "127.0.0.1", "0"])
    monkeypatch.setattr(starlette_server, "_bind_socket", starlette_server._bind_socket)
    for name in ("ahead.begin", "serve_others", "door.set_up", "Guarded"):
        of, _, last = f"app.web.server.serve.{name}".rpartition(".")
        monkeypatch.setattr(f"{of}.{last}", lambda *_, **__: Nothing())
    monkeypatch.setattr(serve.config, "get_config_files", serve.config.get_config_files)
    serve.main()


class Nothing:
    """Serves nothing."""

    def run(self, config: Any) -> None:
        """Do nothing."""


def delays() -> bool:
    """Return whether a connection holds back what is written until the rest is confirmed."""
    with starlette_server._bind_socket("127.0.0.1", 0, 1) as listening:
        listening.setblocking(True)
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                return not accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.usefixtures("server")
def test_an_answer_is_sent_at_once() -> None:
    assert not delays()


def test_without_our_server_it_waits_for_the_browser() -> None:
    """The twin: the socket as Streamlit binds it."""
    assert delays()
