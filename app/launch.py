"""Start the app's server, on the loopback address only."""

import os
import socket
import sys
from pathlib import Path
from typing import NoReturn

from graph.stores import is_database

MAIN = Path(__file__).with_name("main.py")
HOST = "127.0.0.1"


def launch(port: int, store: str | None) -> NoReturn:
    """Print the app's address and become its server; a port in use is replaced by a free one."""
    port = port if port and _free(port) else _any_free()
    if store:
        os.environ["TRUSTDEBT_STORE"] = store if is_database(store) else str(Path(store).resolve())
    print(f"trustdebt app: http://{HOST}:{port}", flush=True)
    arguments = ["--server.address", HOST, "--server.port", str(port), "--server.headless", "true"]
    command = [sys.executable, "-m", "streamlit", "run", str(MAIN), *arguments]
    os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
