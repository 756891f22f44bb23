"""A store to look at, the app's server, and a browser that reports all it does."""

import inspect
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import pytest
import streamlit as st
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    WebSocket,
    sync_playwright,
)
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.util import calc_hash

from app.isolation import isolated
from app.web.answers import board
from app.web.page import first_sight, snapshots
from app.web.server import door
from app.web.views import all_views
from graph.schema import AGENT
from graph.stores.parquet.store import ParquetStore
from ingest.generator import generate, reading
from ingest.job.run import ingest_reading
from ingest.sources import all_sources
from tests.e2e.canary import canary, hostile_store  # noqa: F401 - fixtures
from tests.e2e.estate import AS_OF, estate, publish
from tests.e2e.visiting import (  # noqa: F401 - fixtures
    critical,
    downloads,
    leaked,
    listed,
    own,
    stubs,
    two_months,
    visit,
)

ROOT = Path(__file__).parents[2]
MAIN = ROOT / "app" / "web" / "main.py"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Without the resolver rule Chromium asks the network for names of its own accord.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
TOKEN = "told-at-the-start"
Open = Callable[..., AppTest]
SIZE: ViewportSize = {"width": 1440, "height": 2200}  # of a window
PROBES = ("/_stcore/health", "/_stcore/host-config")  # Streamlit tries these below a page's path


@pytest.fixture(scope="session", autouse=True)
def _components_looked_for_once() -> Iterator[None]:
    """Look through the installed packages once: Streamlit does for every page that a test opens."""
    with pytest.MonkeyPatch.context() as patch:
        scan = manifest_scanner.scan_component_manifests
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(scan))
        yield


@pytest.fixture(scope="session", autouse=True)
def _pages_waited_for_at_rest() -> Iterator[None]:
    """Sleep until a page is drawn: Streamlit looks a thousand times a second whether it is."""

    def wait(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
        thread = runner._script_thread
        assert thread is not None
        thread.join(timeout)
        if not runner.script_stopped():
            runner.request_stop()
            runner.join()
            raise RuntimeError(f"the page was not drawn in {timeout} s")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the small estate."""
    folder = tmp_path_factory.mktemp("store") / "small"
    publish(estate(), folder)
    return folder


@pytest.fixture(scope="session")
def grown(store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Publish the small estate, and a month later with one more agent; return the first's id."""
    folder = Path(shutil.copytree(store, tmp_path_factory.mktemp("store") / "grown"))
    first = ParquetStore(folder).current()
    assert first is not None
    later = estate().add(AGENT, id="new", name="new-bot")
    publish(later, folder, AS_OF + pd.Timedelta(days=30))
    return folder, first.id


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate of `trustdebt demo`, as it is and as it was a quarter before."""
    folder = tmp_path_factory.mktemp("store") / "demo"
    for state in generate(200, 7).history[-4::3]:
        ingest_reading(ParquetStore(folder), all_sources()["estate"], reading(state))
    return folder


@pytest.fixture
def own_copy(store: Path, tmp_path: Path) -> Path:
    """Copy the small estate, to write beside it; what is kept beside it need not be judged anew."""
    return Path(shutil.copytree(store, tmp_path / "s"))


@pytest.fixture(scope="module", autouse=True)
def _nothing_kept_of_other_files() -> Iterator[None]:
    """Have each file work out for itself what its pages show."""
    st.cache_resource.clear()
    snapshots.forget()
    yield
    st.cache_resource.clear()
    snapshots.forget()


def _forget_stores() -> None:
    """Forget what is known of stores, not what the sources can read: a process is asked that."""
    snapshots.opened.clear()
    snapshots._listed.clear()
    snapshots.forget()


@pytest.fixture
def open_page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a page of the app on a store, in this process and without a browser.

    What is worked out of an estate is kept for the other tests of the file, as the app keeps it for
    its sessions; but a test that patches anything finds nothing and leaves nothing.
    """

    def at(store: Path | str, page: str = "posture", **address: str | list[str]) -> AppTest:
        monkeypatch.setenv("TRUSTDEBT_STORE", str(store))
        test = AppTest.from_file(str(MAIN), default_timeout=180)  # ends what hangs
        test.query_params.update(address)
        first = next(iter(all_views())) == page
        test._page_hash = "" if first else calc_hash(page)
        return test.run()

    patches = "monkeypatch" in inspect.signature(request.function).parameters
    monkeypatch.setattr(first_sight, "HEAD_START", 0.0)  # there is no browser to wait for
    if patches:
        _forget_stores()
    yield at
    if patches:
        _forget_stores()


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Patch what no answer about an estate rests on, such as the door: what is kept stays so."""
    return monkeypatch


@pytest.fixture
def no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out of the front page what to do first and the plan, which cost more than the rest."""
    monkeypatch.setattr(board, "move", lambda _: None)
    monkeypatch.setattr(board, "with_plan", lambda *_: None)


@pytest.fixture
def open_deciding(open_page: Open, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Open pages as whoever was told the token does, where only this machine can reach the app."""
    monkeypatch.setattr(door, "HERE", (st.get_option("server.address"),))
    monkeypatch.setattr(door._Door, "token", TOKEN)
    return partial(open_page, **{door.PARAMETER: TOKEN})


@pytest.fixture(scope="session")
def logs() -> dict[str, Path]:
    """Where each server writes what it prints, by its address."""
    return {}


@pytest.fixture
def told(logs: dict[str, Path]) -> Callable[[str], str]:
    """Read the token that a server printed when it started."""
    return lambda home: re.findall(rf"{door.PARAMETER}=(\S+)", logs[home].read_text())[0]


@pytest.fixture(scope="session")
def serve(
    tmp_path_factory: pytest.TempPathFactory, logs: dict[str, Path]
) -> Iterator[Callable[[Path], str]]:
    """Start the app on a store, once for each, and return its address."""
    running: dict[Path, tuple[subprocess.Popen[bytes], str]] = {}

    def start(store: Path) -> str:
        if store not in running:
            log = tmp_path_factory.mktemp("server") / "log"
            running[store] = _start(store, log)
            logs[running[store][1]] = log
        return running[store][1]

    yield start
    for process, _ in running.values():
        process.terminate()
        process.wait(10)


def _start(store: Path, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = isolated("trustdebt", "app", "--port", str(port))
    environment = {**os.environ, "TRUSTDEBT_STORE": str(store)}
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=log.parent, env=environment, stdout=sink, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    if not is_up(process, address):
        process.kill()
        pytest.fail(f"the app did not start: {log.read_text()}")
    return process, address


def is_up(process: subprocess.Popen[bytes], address: str) -> bool:
    """Wait until a server answers; say whether it does."""
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
                return True
        except OSError:
            time.sleep(0.1)
    return False


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start a headless Chromium."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("NO BROWSER TESTS: install the package chromium to run them")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A browser window, and what it did that it should not have done."""

    context: BrowserContext
    page: Page
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def go(self, address: str) -> Page:
        """Open a page of the app and wait until it is drawn."""
        self.page.goto(address)
        self.settle()
        return self.page

    def settle(self) -> None:
        """Wait until the app has nothing more to draw."""
        page = self.page
        page.wait_for_selector("[data-testid=stApp] h1", timeout=60_000)
        page.wait_for_timeout(300)
        page.wait_for_function(
            "() => document.querySelector('[data-testid=stApp]').dataset.testScriptState"
            " !== 'running' && !document.querySelector('[data-testid=stStatusWidget]')",
            timeout=60_000,
        )
        page.wait_for_timeout(300)


Kind = tuple[str, bool]  # of a window: its scheme, and whether it obeys the policy of the page


@pytest.fixture(scope="session")
def profiles() -> dict[Kind, Page]:
    """Keep a window of each kind: only the first starts a process and compiles the scripts."""
    return {}


@pytest.fixture
def open_window(chromium: Browser, profiles: dict[Kind, Page]) -> Iterator[Callable[..., Watched]]:
    """Open windows; afterwards none of them may have erred or asked another host or port.

    They know nothing of those of other tests: what a page may keep in the browser is cleared.
    """
    opened: list[tuple[Kind, Watched, str]] = []
    with ExitStack() as stack:

        def window(home: str, scheme: str = "light", obeys_policy: bool = True) -> Watched:
            kind = scheme, obeys_policy
            page = profiles.pop(kind, None) or _profile(chromium, *kind).new_page()
            watched = Watched(page.context, page)
            stack.callback(_watch(watched, urlsplit(home).netloc))
            opened.append((kind, watched, home))
            return watched

        yield window
        for kind, watched, home in opened:
            _clear(watched, home)
            if profiles.setdefault(kind, watched.page) is not watched.page:
                watched.context.close()
    assert [w.foreign for _, w, _ in opened if w.foreign] == []
    assert [w.errors for _, w, _ in opened if w.errors] == []


def _profile(chromium: Browser, scheme: str, obeys_policy: bool) -> BrowserContext:
    return chromium.new_context(
        viewport=SIZE,
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",  # no test asks how a page moves, which is costly to draw
        service_workers="block",
        bypass_csp=not obeys_policy,
    )


def _clear(window: Watched, home: str) -> None:
    """Leave the app, and clear what the pages of `home` kept and what was made of the window.

    It stays at the address of the app, so that the process that draws it does.
    """
    page = window.page
    for other in window.context.pages:
        if other is not page:
            other.close()
    page.goto(home + PROBES[0])
    page.evaluate("() => { sessionStorage.clear(); window.name = ''; }")
    page.emulate_media(media="null")
    protocol = window.context.new_cdp_session(page)
    kept = {"origin": home, "storageTypes": "cookies,local_storage,indexeddb,cache_storage"}
    protocol.send("Storage.clearDataForOrigin", kept)
    protocol.send("Page.resetNavigationHistory")
    protocol.detach()
    window.context.clear_cookies()
    page.set_viewport_size(SIZE)


def _watch(watched: Watched, home: str) -> Callable[[], None]:
    """Note what a window does; return what ends that."""

    def seen(address: str) -> None:
        parts = urlsplit(address)
        if parts.scheme not in ("data", "blob") and parts.netloc != home:
            watched.foreign.append(address)

    def said(message: object) -> None:
        if message.type == "error" and not message.location["url"].endswith(PROBES):  # type: ignore[attr-defined]
            watched.errors.append(message.text)  # type: ignore[attr-defined]

    heard: dict[str, Callable[[Any], None]] = {
        "request": lambda request: seen(request.url),
        "console": said,
        "weberror": lambda error: watched.errors.append(str(error.error)),
    }
    for event, note in heard.items():
        watched.context.on(event, note)  # type: ignore[call-overload]

    def linked(socket: WebSocket) -> None:
        seen(socket.url)

    watched.page.on("websocket", linked)

    def end() -> None:
        for event, note in heard.items():
            watched.context.remove_listener(event, note)
        watched.page.remove_listener("websocket", linked)

    return end
