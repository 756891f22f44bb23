"""Start of the app's server, on the loopback address only."""

import os
import socket
from pathlib import Path
from typing import NoReturn

from analytics.runtime.budget import VARIABLE as BUDGET
from app.isolation import ROOT, isolated
from app.web.server.door import PARAMETER, VARIABLE, new_token
from graph.stores import DEFAULT, is_database

HOST = "127.0.0.1"
PATHS = (
    "TRUSTDEBT_STORE",
    "TRUSTDEBT_JOURNAL",
    "TRUSTDEBT_SEAL_KEY",
)  # variables that name a file or a folder


def launch(port: int, store: str | None, budget: str | None) -> NoReturn:
    """Print the app's address and become its server; a port in use is replaced by a free one.

    The server leaves the working folder, so that its `.streamlit/` is not used as configuration.
    """
    port = port if port and _free(port) else _any_free()
    os.environ["TRUSTDEBT_STORE"] = store or os.environ.get("TRUSTDEBT_STORE") or DEFAULT
    if budget:
        os.environ[BUDGET] = budget  # of each page
    for name in PATHS:
        named = os.environ.get(name)
        if named and not is_database(named):
            os.environ[name] = str(Path(named).resolve())
    token = os.environ[VARIABLE] = new_token()
    print(f"trustdebt app: http://{HOST}:{port}", flush=True)
    print(
        f"to decide and upload, not only look: http://{HOST}:{port}/?{PARAMETER}={token}",
        flush=True,
    )
    command = isolated("app.web.server.serve", HOST, str(port))
    os.chdir(ROOT)
    os.execv(command[0], command)  # noqa: S606 - our own interpreter, no shell


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0


def _any_free() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
