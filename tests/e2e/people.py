"""An app where people sign in, with a real identity provider beside it, as a browser meets both."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from app.isolation import isolated

expect.set_options(timeout=30_000)
SETUP = """
[provider]
metadata_url = "{provider}/.well-known/openid-configuration"
client_id = "trustdebt"
client_secret = "any"
[roles]
claim = "groups"
"""


def free() -> int:
    """Return a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def identity_provider(folder: Path) -> Iterator[str]:
    """Run a provider that lets in whoever is named, with the claims that it is given.

    It is a process of its own, so that nothing of it is in that of the tests.
    """
    if find_spec("oidc_provider_mock") is None:
        pytest.skip("NO SIGN-IN TESTS: install oidc-provider-mock to run them")
    port = free()
    module = ["-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    command = [sys.executable, *module]
    with started(command, f"http://127.0.0.1:{port}", folder / "provider.log") as address:
        yield address


@contextmanager
def started(command: Sequence[str], address: str, log: Path, **environment: str) -> Iterator[str]:
    """Run a server until it answers at an address, if only that it does not."""
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=log.parent, env=os.environ | environment, stdout=sink, stderr=sink
        )
    try:
        end = time.monotonic() + 60
        while not answers(address):
            if process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"it did not start: {log.read_text()}")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(20)


def answers(address: str) -> bool:
    """Return whether a server answers; its certificate may have been made just now."""
    try:
        httpx.get(address, timeout=2, verify=False)
    except httpx.TransportError:
        return False
    return True


@contextmanager
def running(words: Sequence[str], store: Path, folder: Path) -> Iterator[str]:
    """Run the app; yield its own address."""
    port = free()
    command = isolated("trustdebt", "app", "--port", str(port), *words)
    address = f"http://127.0.0.1:{port}"
    with started(command, address, folder / "app.log", TRUSTDEBT_STORE=str(store)):
        yield address


def sign_in(page: Page, subject: str) -> None:
    """Go through the provider's page, from the app's to the app's."""
    page.get_by_role("button", name="Sign in").click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def heading(page: Page) -> str:
    """Return the title of the drawn page."""
    page.wait_for_selector("[data-testid=stApp] h1", timeout=60_000)
    return page.locator("[data-testid=stApp] h1").first.inner_text()
