"""Reading of uploaded exports: the command line reads them, in a separate process.

So the page has the checks and messages of the command `ingest`, and a file that exhausts the reader
does not take the app down. The files go through a pipe; that process lays them out in a folder that
it removes, and ends itself when the app is gone.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from app.isolation import isolated
from graph.journal.actor import By
from graph.journal.failed_reads import UPLOAD_FOLDER
from graph.journal.rights import UPLOAD, require

MAX_FILES, MAX_MIB = 200, 64  # limits of one upload, all files together
MAX_EXPANDED, MAX_MEMBERS = 512, 5_000  # limits in MiB and files of all its archives
MAX_MEMORY = 1_536  # limit in MiB of the reader
PATIENCE = 300.0  # seconds
HERE = ("127.0.0.1", "localhost", "::1")
# More threads are no faster here, and each needs memory.
FEW_THREADS = {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "4"}
WANT_OF_MEMORY = (signal.SIGKILL, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS)


@dataclass(frozen=True, slots=True)
class File:
    """A file as a browser sent it."""

    name: str
    data: bytes | memoryview


@dataclass(frozen=True, slots=True)
class Asked:
    """The request to read: the source, and what its reader cannot know by itself.

    `answer` is the reply to the question that the source asks.
    """

    source: str
    scope: str = ""
    taken_at: str = ""
    answer: str = ""


class Refused(Exception):
    """A rejected upload; the text gives the reason, `code` its kind."""

    def __init__(self, text: str, code: str = "refused") -> None:
        self.code = code
        super().__init__(text)


def sources(uri: str) -> list[dict[str, Any]]:
    """List the readable sources, as the command `sources` does."""
    listed: list[dict[str, Any]] = _run("sources", uri, ())["sources"]
    return listed


def example(uri: str, by: By) -> dict[str, Any]:
    """Build the example estate in a store, as the command `demo` does; return its answer.

    Raises
    ------
    Refused, NotAllowed
    """
    require(by, UPLOAD)
    return _run("demo", uri, ())


def ingest(asked: Asked, files: Sequence[File], uri: str, by: By) -> dict[str, Any]:
    """Ingest uploaded files as one export; return the answer of the command.

    Raises
    ------
    NotAllowed
        If `by` has no right to upload.
    Refused
        If there is nothing, or too much, or if the command refuses it.
    """
    require(by, UPLOAD)
    size = sum(len(file.data) for file in files)
    if not files:
        raise Refused("there is no file")
    if len(files) > MAX_FILES or size > MAX_MIB << 20:
        raise Refused(f"more than {MAX_FILES} files or {MAX_MIB} MiB; use the command for them")
    with _folder() as folder:
        head = {
            "source": asked.source,
            "scope": asked.scope,
            "taken_at": asked.taken_at,
            "answer": asked.answer,
            "folder": str(folder),
            "files": [(file.name, len(file.data)) for file in files],
            "memory": MAX_MEMORY,
            "expanded": MAX_EXPANDED,
            "members": MAX_MEMBERS,
        }
        written = json.dumps(head).encode()
        pieces = [len(written).to_bytes(4), written, *(file.data for file in files)]
        return _run("receive", uri, pieces)


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield the path of a folder for the reader to make, and remove it in the end."""
    folder = Path(tempfile.gettempdir(), f"{UPLOAD_FOLDER}{secrets.token_hex(16)}")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: str, uri: str, pieces: Sequence[bytes | memoryview]) -> dict[str, Any]:
    """Run a command on the store; its address goes by the environment, which `ps` does not show."""
    environment = {**os.environ, **FEW_THREADS, "TRUSTDEBT_STORE": uri}
    with tempfile.TemporaryFile() as answer:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                isolated("trustdebt", command, "--json"),
                env=environment,
                stdin=subprocess.PIPE,
                stdout=answer,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            raise Refused("the command could not be run") from None
        _wait(process, pieces)
        answer.seek(0)
        return _answer(answer.read(), process.returncode)


def _wait(process: subprocess.Popen[bytes], pieces: Sequence[bytes | memoryview]) -> None:
    """Feed a process and wait for it; its input stays open as a sign that the app is running."""
    assert process.stdin is not None
    feeder = threading.Thread(target=_feed, args=(process.stdin, pieces), daemon=True)
    feeder.start()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        raise Refused(f"reading took longer than {PATIENCE:.0f} s and was ended") from None
    finally:
        process.kill()
        process.wait()
        feeder.join()
        with suppress(OSError):
            process.stdin.close()


def _feed(stream: IO[bytes], pieces: Sequence[bytes | memoryview]) -> None:
    with suppress(OSError, ValueError):  # it refused before reading everything
        for piece in pieces:
            stream.write(piece)
        stream.flush()


def _answer(output: bytes, code: int) -> dict[str, Any]:
    """Return the result of a command, or raise its error."""
    try:
        document = json.loads(output)
    except ValueError:
        if -code in WANT_OF_MEMORY:
            raise Refused("needs more memory than there is: use the command") from None
        raise Refused("the command could not be run") from None
    if "error" in document:
        raise Refused(str(document["error"]["message"]), str(document["error"]["code"]))
    return dict(document["result"])
