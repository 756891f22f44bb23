"""The files of the pages: the same as Streamlit's, no other, and announced with each page."""

import asyncio
import socket
import sys
from typing import Any

import pytest
from streamlit.web.server.starlette import starlette_server

from app.web.server import serve
from app.web.server.assets import AT, ELEMENTS, FOLDER, Assets, announced

START = "/identity"
SCRIPT = next(FOLDER.glob("static/js/Metric.*.js"))
ELSEWHERE = [
    *("/static/../index.html", "/static/js/../../index.html", "/static//etc/passwd", "/static/"),
    *("/static", "/index.html", f"{AT}%2e%2e/index.html", "/_stcore/health"),
]


async def _streamlit(scope: Any, receive: Any, send: Any) -> None:
    """Answer with a page, or below its own paths with plain text."""
    kind = b"text/plain" if scope["path"].startswith("/_") else b"text/html; charset=utf-8"
    start = {"status": 200, "headers": [(b"Content-Type", kind)]}
    await send({"type": "http.response.start", **start})
    await send({"type": "http.response.body", "body": b"streamlit"})


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
    for file in sorted(FOLDER.glob(f"static/**/*.{suffix}"))[:20]:
        body, headers = ask(f"/{file.relative_to(FOLDER).as_posix()}")
        assert body == file.read_bytes()
        assert headers["content-length"] == str(file.stat().st_size)
        assert suffix in headers["content-type"].replace("javascript", "js")
        assert "immutable" in headers["cache-control"]


@pytest.mark.parametrize("path", ELSEWHERE)
def test_what_is_none_of_them_is_left_to_streamlit(path: str) -> None:
    assert ask(path)[0] == b"streamlit"


def test_so_are_parts_of_a_file_and_other_methods() -> None:
    path = f"/{SCRIPT.relative_to(FOLDER).as_posix()}"
    assert ask(path)[0] != b"streamlit"
    assert ask(path, range="bytes=0-9")[0] == ask(path, "HEAD")[0] == b"streamlit"


def test_each_page_announces_the_scripts_of_what_it_draws() -> None:
    """All are there: one that Streamlit renames has to be renamed here."""
    scripts = [part.partition(">")[0].lstrip(" <") for part in ask(START)[1]["link"].split(",")]
    assert len(set(scripts)) == len(scripts) > 2 * len(ELEMENTS)
    assert {script.rpartition("/")[2].split(".")[0] for script in scripts} >= {*ELEMENTS}
    for script in scripts:
        assert ask(script)[0] == FOLDER.joinpath(script.lstrip("/")).read_bytes()
    assert b"import" not in announced()
    assert "link" not in ask("/_stcore/health")[1]


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
