"""An estate of hostile names, and a server that only a page which obeyed one would ask."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.estate import hostile, publish


class Canary(http.server.BaseHTTPRequestHandler):
    """Counts who asks it for anything."""

    asked: list[str]

    def do_GET(self) -> None:
        """Note the path and answer with nothing."""
        self.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def canary() -> Iterator[tuple[str, list[str]]]:
    """Run a server that only a page which obeyed a name would ask."""
    asked: list[str] = []
    handler = type("CountingCanary", (Canary,), {"asked": asked})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture(scope="session")
def hostile_store(canary: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publish the estate whose every name is an attack."""
    folder = tmp_path_factory.mktemp("store") / "hostile"
    publish(hostile(canary[0]), folder)
    return folder
