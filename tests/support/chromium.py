"""The app of a source tree in a headless Chromium, for what is no test: figures and pictures."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
PATIENCE = 600.0  # seconds, in which even a page of a large estate is worked out
# The script has ended, and nothing is a placeholder or about to be replaced.
SETTLED = (
    "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"
    " && !document.querySelector('[data-stale=true], [data-testid=stSkeleton],"
    " [data-testid=stAppSkeleton], [data-testid=stSpinner]')"
)


class NoBrowser(Exception):
    """There is no Chromium on this machine."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium.

    Raises
    ------
    NoBrowser
    """
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        raise NoBrowser("install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@contextmanager
def served(root: Path, store: Path, log: Path) -> Iterator[tuple[str, float]]:
    """Start the app of a source tree on a store; give its address, and the seconds it took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(root / "trustdebt.py"), "app", "--port", str(port)]
    environment = {**os.environ, "TRUSTDEBT_STORE": str(store)}
    begun = time.perf_counter()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=store.parent, env=environment, stdout=sink, stderr=subprocess.STDOUT
        )
    try:
        while not _answers(address):
            if process.poll() is not None or time.perf_counter() - begun > PATIENCE:
                raise RuntimeError(f"the app did not start: {log.read_text()}")
            time.sleep(0.02)
        yield address, time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait(30)


def settle(page: Page) -> None:
    """Wait until a page has nothing more to draw."""
    page.wait_for_function(f"() => {SETTLED}", timeout=PATIENCE * 1000)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
            return True
    except OSError:
        return False
