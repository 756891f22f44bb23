"""Who is answered: whoever names the very address that is served, as its own pages do."""

import asyncio
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.server.guard import CLOSED, Guard, headers

PORT = 8501
OWN = ["127.0.0.1:8501", "localhost:8501"]
FOREIGN = [
    *("evil.test", "localhost", "127.0.0.1", "localhost:8502", "0.0.0.0:8501", "[::1]:8501"),
    *("127.0.0.1:8501.evil.test", "evil.test:8501", "127.0.0.1:8501@evil.test", "", "null"),
    *("127.0.0.2:8501", "localhost.evil.test:8501", " 127.0.0.1:8501", "127.0.0.1:08501"),
]
GIVEN = [(b"host", OWN[0].encode())]


async def _page(scope: Any, receive: Any, send: Any) -> None:
    start = {"websocket": "websocket.accept"}.get(scope["type"], "http.response.start")
    await send({"type": start, "status": 200, "headers": [(b"X-Frame-Options", b"ALLOWALL")]})


def ask(given: list[tuple[bytes, bytes]], path: str = "/", kind: str = "http") -> dict[str, Any]:
    """Return the first message that the guard lets out."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "path": path, "headers": given}
    asyncio.run(Guard(_page, PORT)(scope, None, send))  # type: ignore[arg-type]
    return sent[0]


def let_in(given: list[tuple[bytes, bytes]], kind: str = "http") -> bool:
    return "accept" in (said := ask(given, kind=kind))["type"] or said.get("status") == 200


@pytest.mark.parametrize(("kind", "host"), [*product(["http", "websocket"], OWN)])
def test_its_own_pages_are_answered(kind: str, host: str) -> None:
    assert let_in([(b"host", host.encode())], kind)
    for origin in OWN:
        assert let_in([(b"Host", host.encode()), (b"Origin", f"http://{origin}".encode())], kind)


@pytest.mark.parametrize(("kind", "other"), [*product(["http", "websocket"], FOREIGN)])
def test_no_other_address_and_no_other_origin_is(kind: str, other: str) -> None:
    assert not let_in([(b"host", other.encode())], kind)
    for origin in (other, f"http://{other}", f"https://{OWN[0]}", f"http://{OWN[0]}/"):
        assert not let_in([*GIVEN, (b"origin", origin.encode())], kind)
    assert not let_in([*GIVEN, (b"host", other.encode())], kind)
    assert not let_in([], kind)


@given(st.binary(), st.binary())
def test_whatever_is_sent(host: bytes, origin: bytes) -> None:
    own = {one.encode() for one in OWN}
    given = [(b"host", host), (b"origin", origin)]
    assert let_in(given) == (host in own and origin in {b"http://" + one for one in own})


@pytest.mark.parametrize("path", [*CLOSED, "/_stcore/agent/interact", "/_stcore/metrics/"])
def test_what_nobody_here_asks_for_is_closed(path: str) -> None:
    assert ask(GIVEN, path)["status"] == 404
    assert ask(GIVEN, "/_stcore/health")["status"] == 200


def test_every_answer_says_who_may_frame_it() -> None:
    """Once: what the server beneath says of it does not count."""
    said = ask(GIVEN)["headers"]
    names = [name.lower() for name, _ in said]
    assert len(names) == len(set(names))
    assert dict(said)[b"x-frame-options"] == b"SAMEORIGIN"
    assert b"'unsafe-eval'" not in dict(headers(PORT))[b"content-security-policy"]
    assert b"frame-ancestors 'self'" in dict(headers(PORT))[b"content-security-policy"]
