"""Who is answered: whoever names the very address that is served, as its own pages do."""

import asyncio
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.server.guard import CLOSED, Guard, headers, loopback

PORT = 8501
HERE = loopback(PORT)
PUBLIC = "https://td.acme.test"
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


def ask(
    given: list[tuple[bytes, bytes]],
    path: str = "/",
    kind: str = "http",
    origins: Sequence[str] = HERE,
) -> dict[str, Any]:
    """Return the first message that the guard lets out."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "path": path, "headers": given}
    asyncio.run(Guard(_page, origins)(scope, None, send))  # type: ignore[arg-type]
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
    assert b"'unsafe-eval'" not in dict(headers(HERE))[b"content-security-policy"]
    assert b"frame-ancestors 'self'" in dict(headers(HERE))[b"content-security-policy"]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_behind_a_proxy_only_its_address_is_answered(kind: str) -> None:
    """Neither that of the app itself, nor one of a like name or another scheme."""
    own = (b"host", b"td.acme.test")
    allowed = ask([own, (b"origin", PUBLIC.encode())], kind=kind, origins=[PUBLIC])
    assert allowed.get("status") == 200
    for host in (*OWN, "td.acme.test:443", "td.acme.test:8443", "a.td.acme.test"):
        assert ask([(b"host", host.encode())], kind=kind, origins=[PUBLIC]).get("status") != 200
    for origin in ("http://td.acme.test", "https://td.acme.test:8443", "https://acme.test", "null"):
        given = [own, (b"origin", origin.encode())]
        assert ask(given, kind=kind, origins=[PUBLIC]).get("status") != 200


async def _signing(scope: Any, receive: Any, send: Any) -> None:
    cookies = [(b"set-cookie", b"a=1; Path=/"), (b"Set-Cookie", b"b=2; secure; Path=/")]
    await send({"type": "http.response.start", "status": 200, "headers": cookies})


def cookies(origins: Sequence[str], host: bytes) -> list[bytes]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/", "headers": [(b"host", host)]}
    asyncio.run(Guard(_signing, origins)(scope, None, send))  # type: ignore[arg-type]
    return [value for name, value in sent[0]["headers"] if name.lower() == b"set-cookie"]


def test_cookies_of_an_encrypted_connection_are_for_such_alone() -> None:
    """Once each; on this machine, where nothing is encrypted, they stay as they are."""
    assert cookies([PUBLIC], b"td.acme.test") == [b"a=1; Path=/; Secure", b"b=2; secure; Path=/"]
    assert cookies(HERE, OWN[0].encode()) == [b"a=1; Path=/", b"b=2; secure; Path=/"]
    assert b"strict-transport-security" in dict(headers([PUBLIC]))
    assert b"strict-transport-security" not in dict(headers(HERE))
