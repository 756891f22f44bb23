"""Reading an export that was uploaded: the command `ingest` does it, in a process of its own.

So the page has the same checks as the command, and a file that is too much for the reader does
not take the app down. Files get names from here; of theirs only a plain ending is kept.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(__file__).parents[1] / "trustdebt.py"
MAX_FILES, MAX_MIB = 50, 64  # of one upload, all files together
PATIENCE = 300.0  # seconds
ENDING = re.compile(r"(?:\.[A-Za-z][A-Za-z0-9]{0,7}){1,2}$")
HERE = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class File:
    """A file as a browser sent it."""

    name: str
    data: bytes


class Refused(Exception):
    """An upload that was not taken; the text says why."""


def sources(uri: str) -> list[dict[str, Any]]:
    """List what can be read, as the command `sources` says it."""
    listed: list[dict[str, Any]] = _run(["sources"], uri)["sources"]
    return listed


def ingest(
    source: str, files: Sequence[File], uri: str, scope: str = "", taken_at: str = ""
) -> dict[str, Any]:
    """Ingest uploaded files as one export of `source`; return what the command answers.

    Raises
    ------
    Refused
        If there is nothing, or too much, or if the command refuses it.
    """
    size = sum(len(file.data) for file in files)
    if not files:
        raise Refused("there is no file")
    if len(files) > MAX_FILES or size > MAX_MIB << 20:
        raise Refused(f"more than {MAX_FILES} files or {MAX_MIB} MiB; use the command for them")
    with tempfile.TemporaryDirectory(prefix="trustdebt-upload-") as folder:
        for number, file in enumerate(files, 1):
            Path(folder, f"upload-{number}{ending(file.name)}").write_bytes(file.data)
        only = next(Path(folder).iterdir()) if len(files) == 1 else Path(folder)
        options = [f"--scope={scope or 'uploaded'}"]
        options += [f"--taken-at={taken_at}"] if taken_at else []
        try:
            done = _run(["ingest", *options, "--", source, str(only)], uri)
        except Refused as refused:
            raise Refused(_without(str(refused), folder)) from None
        for row in done["quarantined"]:
            row["file"] = _without(row["file"], folder)
        done["warnings"] = [_without(one, folder) for one in done["warnings"]]
        return done


def ending(name: str) -> str:
    """Return the plain ending of a file's name; "" where it has none.

    >>> ending("a/../log.json.gz"), ending("x.csv/../../etc"), ending("a.b c")
    ('.json.gz', '', '')
    """
    found = ENDING.search(name)
    return found.group().lower() if found else ""


def _without(said: str, folder: str) -> str:
    return said.replace(f"{folder}/", "").replace(folder, "the upload")


def _run(arguments: Sequence[str], uri: str) -> dict[str, Any]:
    """Run a command on the store; the address is passed where no list of processes shows it."""
    line = [sys.executable, str(COMMAND), arguments[0], "--json", *arguments[1:]]
    environment = {**os.environ, "TRUSTDEBT_STORE": uri}
    environment.pop("TRUSTDEBT_DEBUG", None)
    try:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            line,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Refused(f"reading took longer than {PATIENCE:.0f} s and was ended") from None
    except (OSError, ValueError):
        raise Refused("the command could not be run") from None
    if "error" in said:
        raise Refused(str(said["error"]["message"]))
    return dict(said["result"])
