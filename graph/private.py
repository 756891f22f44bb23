"""Files and folders that only their owner may read, from the first byte and whatever the umask."""

import os
import stat
from pathlib import Path
from typing import IO

FILE, FOLDER = 0o600, 0o700


def private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter; one that is there stays as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=FOLDER, exist_ok=True)


def private_text(path: Path) -> IO[str]:
    """Open a file to write UTF-8 text with plain line ends; only its owner may read it."""
    return os.fdopen(_opened(path), "w", encoding="utf-8", newline="\n")


def private_bytes(path: Path) -> IO[bytes]:
    """Open a file to write bytes; only its owner may read it."""
    return os.fdopen(_opened(path), "wb")


def _opened(path: Path) -> int:
    """Open an emptied file; one that was there and was wider is narrowed before it is written."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE)
    if stat.S_ISREG(os.fstat(handle).st_mode):  # and not a terminal or a pipe
        os.fchmod(handle, FILE)
    return handle
