"""Who signs in comes back to the page that asked for it, and never anywhere else."""

import asyncio
from base64 import urlsafe_b64encode
from http.cookies import SimpleCookie
from typing import Any

import pytest

from app.sign_in import CALLBACK
from app.web.server.guard import Serve
from app.web.server.returning import COOKIE, LOGIN, LONGEST, Returning
from app.web.views import all_views

OWN = "https://td.acme.test"
DEEP = "/identity?id=agent%3Aa%2Fb&snapshot=latest"
ELSEWHERE = [
    *(
        "//evil.test/",
        "/\\evil.test",
        "https://evil.test/",
        "javascript:alert(1)",
        "",
        "/\n/e.test",
    ),
    *(CALLBACK, LOGIN, "/auth/logout", "/identity/../auth/logout", "/identity#x", "/a?\r\nX: y"),
    "/identity?id=" + "x" * LONGEST,
]


async def _streamlit(scope: Any, receive: Any, send: Any) -> None:
    """Send everybody on, as Streamlit does: to the provider, and afterwards to the first page."""
    to = b"https://idp.test/" if scope["path"] == LOGIN else b"/"
    headers = [(b"location", to), (b"set-cookie", b"_streamlit_user=x; Path=/")]
    await send({"type": "http.response.start", "status": 302, "headers": headers})


def ask(path: str, serve: Serve | None = None, **headers: str) -> list[tuple[str, str]]:
    """Return the headers of the answer to a request."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    given = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "headers": given}
    asyncio.run((serve or Returning(_streamlit, [OWN]))(scope, None, send))  # type: ignore[arg-type]
    return [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]


def kept(answer: list[tuple[str, str]]) -> str:
    """Return the cookies of an answer as a browser sends them back."""
    cookies = SimpleCookie()
    for name, value in answer:
        if name == "set-cookie":
            cookies.load(value)
    assert cookies[COOKIE]["path"] == CALLBACK
    assert cookies[COOKIE]["httponly"]
    return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())


def come_back(referer: str) -> str:
    """Return where somebody ends who signs in on a page."""
    cookie = kept(ask(LOGIN, referer=referer))
    return dict(ask(CALLBACK, cookie=cookie))["location"]


def test_a_deep_link_survives_the_sign_in() -> None:
    assert come_back(f"{OWN}{DEEP}") == DEEP


def test_without_it_everybody_comes_to_the_first_page() -> None:
    """The twin: the server as it is."""
    cookie = kept(ask(LOGIN, referer=f"{OWN}{DEEP}"))
    assert dict(ask(CALLBACK, _streamlit, cookie=cookie))["location"] == "/"


@pytest.mark.parametrize("page", ["", *all_views()])
def test_every_page_can_be_come_back_to(page: str) -> None:
    assert come_back(f"{OWN}/{page}?x=1") == f"/{page}?x=1"


@pytest.mark.parametrize("address", ELSEWHERE)
def test_no_cookie_and_no_page_sends_anybody_elsewhere(address: str) -> None:
    forged = urlsafe_b64encode(address.encode()).decode()
    assert dict(ask(CALLBACK, cookie=f"{COOKIE}={forged}"))["location"] == "/"
    assert come_back(f"{OWN}{address}") == "/"


@pytest.mark.parametrize("referer", ["https://evil.test/identity", f"{OWN}.evil.test/identity", ""])
def test_another_site_chooses_no_page(referer: str) -> None:
    assert come_back(referer) == "/"


@pytest.mark.parametrize("cookie", ["", f"{COOKIE}=%%%", f"{COOKIE}=_____w", "=;=,\x7f", "a b=c"])
def test_a_cookie_that_cannot_be_read_leads_to_the_first_page(cookie: str) -> None:
    assert dict(ask(CALLBACK, cookie=cookie))["location"] == "/"


def test_the_cookie_is_used_up_and_only_where_people_sign_in() -> None:
    answer = ask(CALLBACK, cookie=kept(ask(LOGIN, referer=f"{OWN}{DEEP}")))
    assert any(f"{COOKIE}=;" in value and "Max-Age=0" in value for _, value in answer)
    assert not any(COOKIE in value for _, value in ask("/identity"))
