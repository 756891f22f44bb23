"""A standalone Spark cluster of this machine: a master and two workers, each its own process."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

STARTS = 60.0  # seconds in which it is there
CLASSES = "org.apache.spark.deploy"


@contextmanager
def standalone(folder: Path) -> Iterator[str]:
    """Start a cluster that writes into `folder`; yield the address of its master."""
    import pyspark

    home = Path(pyspark.__file__).parent
    port = _free()
    master = f"spark://127.0.0.1:{port}"
    common = ["--host", "127.0.0.1", "--webui-port", "0"]
    started = [_start(home, folder, "master.Master", *common, "--port", str(port))]
    try:
        _await(lambda: _listens(port))
        bounds = ["--cores", "1", "--memory", "1g", "--work-dir", str(folder)]
        started += [_start(home, folder, "worker.Worker", *common, *bounds, master) for _ in "ab"]
        log = folder / "master.Master.log"
        _await(lambda: log.read_text().count("Registering worker") == 2)
        yield master
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)  # with the executors that it started
        for process in started:
            process.wait(30)


def executors(folder: Path) -> list[int]:
    """Return the processes of the executors of a cluster that writes into `folder`."""
    pids = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").resolve().is_relative_to(folder):
                command = (entry / "cmdline").read_bytes()
                pids += [int(entry.name)] if b"CoarseGrainedExecutorBackend" in command else []
    return pids


def _start(home: Path, folder: Path, name: str, *given: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
    with (folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [str(home / "bin" / "spark-class"), f"{CLASSES}.{name}", *given],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _await(there: Callable[[], bool]) -> None:
    until = time.monotonic() + STARTS
    while not there():
        assert time.monotonic() < until, "Spark did not start"
        time.sleep(0.2)
