"""Files of chained records, to which records are only ever appended: one JSON object a line."""

import fcntl
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from graph.files.private import FILE as PRIVATE
from graph.files.regular import InputRefused
from graph.journal.hash_chain import FIRST_HASH, chained
from graph.values import canonical, strict_document

WRITTEN = {"prev_hash", "hash"}
FLAGS = os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC


def append(path: Path, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Append records to the chain of a file, and return them with their hashes.

    The chain is verified first, and two writers wait for each other. A file that is made is for its
    owner only.

    Raises
    ------
    InputRefused
        The file cannot be written, or is not a whole chain; nothing was written.
    """
    try:
        handle = os.open(path, FLAGS, PRIVATE)
    except OSError as error:
        raise InputRefused(path, "", f"cannot be written: {error.strerror}") from None
    with os.fdopen(handle, "r+", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise InputRefused(path, "", "is not a file")
        fcntl.flock(handle, fcntl.LOCK_EX)
        linked = list(chained(records, _last_hash(path, file)))
        file.seek(0, os.SEEK_END)
        file.write("".join(f"{canonical(record)}\n" for record in linked))
        file.flush()
        os.fsync(handle)
    return linked


def _last_hash(path: Path, file: IO[str]) -> str:
    """Return the hash of the last record of a whole chain, which may be empty."""
    previous = FIRST_HASH
    for number, line in enumerate(file):
        try:
            record = strict_document(line)
            stated = {name: record[name] for name in record.keys() - WRITTEN}
            (expected,) = chained([stated], previous)
        except (ValueError, TypeError, AttributeError):
            raise InputRefused(path, f"line {number + 1}", "is no record of a chain") from None
        if record != expected or not line.endswith("\n"):
            reason = "the chain is broken: it was changed, or does not follow the record before it"
            raise InputRefused(path, f"line {number + 1}", reason)
        previous = expected["hash"]
    return previous
