"""Behind a real proxy: nginx, set up as the documentation says, and encrypted to the browser."""

import datetime
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, WebSocket, expect

from tests.e2e.people import (
    SETUP,
    free,
    heading,
    identity_provider,
    running,
    sign_in,
    started,
)

DOCS = Path(__file__).parents[2] / "docs" / "people.md"
AROUND = """
daemon off; pid {folder}/pid; error_log stderr; worker_processes 1;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    {server}
}}
"""


def certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "td.crt").write_bytes(made.public_bytes(pem))
    (folder / "td.key").write_bytes(key.private_bytes(pem, form, plain))


def documented(port: int, behind: int, folder: Path) -> str:
    """Return the server of the documentation, with the ports and files of the test."""
    (server,) = re.findall(r"```nginx\n(.*?)```", DOCS.read_text(), re.DOTALL)
    for before, after in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("server_name trustdebt.example.com", "server_name 127.0.0.1"),
        ("/etc/ssl/trustdebt.crt", f"{folder}/td.crt"),
        ("/etc/ssl/private/trustdebt.key", f"{folder}/td.key"),
        ("127.0.0.1:8501", f"127.0.0.1:{behind}"),
    ):
        assert before in server
        server = server.replace(before, after)
    return server


@pytest.fixture(scope="module")
def proxied(
    store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str, str]]:
    """Run provider, app and proxy; return the address of each, that of the proxy first."""
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/bin")
    if nginx is None:
        pytest.skip("NO TEST BEHIND A PROXY: install the package nginx-light to run it")
    folder = tmp_path_factory.mktemp("proxy")
    certificate(folder)
    port = free()
    public = f"https://127.0.0.1:{port}"
    with identity_provider(folder) as provider:
        (folder / "people.toml").write_text(SETUP.format(provider=provider))
        words = ["--url", public, "--sign-in", str(folder / "people.toml")]
        with running(words, store, folder) as own:
            server = documented(port, int(own.rpartition(":")[2]), folder)
            (folder / "nginx.conf").write_text(AROUND.format(folder=folder, server=server))
            command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")]
            with started(command, public, folder / "proxy.log"):
                yield public, own, provider


def test_people_sign_in_through_the_proxy_and_the_page_stays_connected(
    proxied: tuple[str, str, str], chromium: Browser
) -> None:
    public, _, provider = proxied
    claims = {"email": "ann@acme.test", "groups": ["analyst"]}
    assert httpx.put(f"{provider}/users/ann", json=claims).is_success
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    sockets: list[WebSocket] = []
    page.on("websocket", lambda opened: sockets.append(opened))
    page.goto(public)
    assert heading(page) == "Sign in"
    sign_in(page, "ann")
    expect(page.get_by_role("heading", name="Posture")).to_be_visible()
    page.get_by_role("link", name="Findings").click()
    expect(page.get_by_role("heading", name="Findings", exact=True)).to_be_visible()
    assert sockets
    assert all(s.url.startswith(public.replace("https", "wss")) for s in sockets)
    assert not sockets[-1].is_closed()
    secure = {c["name"]: c["secure"] for c in context.cookies() if "streamlit" in c["name"]}
    assert {"_streamlit_user", "_streamlit_xsrf"} <= secure.keys()
    assert all(secure.values())
    context.close()


def test_the_app_behind_it_answers_nobody_who_goes_past_it(proxied: tuple[str, str, str]) -> None:
    public, own, _ = proxied
    assert httpx.get(own).status_code == 403
    evil = {"Origin": "https://evil.test"}
    with httpx.Client(verify=False) as client:  # the certificate was made just now
        assert client.get(public).status_code == 200
        assert client.get(public, headers=evil).status_code == 403
        assert client.get(public, headers={"Host": "evil.test"}).status_code == 403


def test_no_header_makes_anybody_somebody(proxied: tuple[str, str, str], chromium: Browser) -> None:
    headers = ("X-Forwarded-User", "X-Forwarded-Email", "X-Auth-Request-User", "Remote-User")
    context = chromium.new_context(
        ignore_https_errors=True, extra_http_headers=dict.fromkeys(headers, "ann@acme.test")
    )
    page = context.new_page()
    page.goto(proxied[0])
    assert heading(page) == "Sign in"
    context.close()
