"""Files and folders that only their owner may read, from the first byte and for any umask."""

import os
import stat
from pathlib import Path
from typing import IO

FILE, FOLDER = 0o600, 0o700
FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)


def private_folder(path: Path) -> None:
    """Make a folder, and its missing parents, for its owner only; an existing one is kept."""
    if not path.parent.exists():
        private_folder(path.parent)
    path.mkdir(mode=FOLDER, exist_ok=True)


def private_text(path: Path, fresh: bool = False) -> IO[str]:
    """Open a file for writing UTF-8 text with plain line ends; only its owner may read it.

    Raises
    ------
    FileExistsError
        It exists, and was to be `fresh`.
    """
    handle = _opened(path, os.O_EXCL if fresh else os.O_TRUNC)
    return os.fdopen(handle, "w", encoding="utf-8", newline="\n")


def private_bytes(path: Path) -> IO[bytes]:
    """Open a file for writing bytes; only its owner may read it."""
    return os.fdopen(_opened(path, os.O_TRUNC), "wb")


def _opened(path: Path, how: int) -> int:
    """Open a file for writing; the mode of an existing one is narrowed before anything is written.

    A pipe without a reader raises an error instead of blocking.
    """
    handle = os.open(path, FLAGS | how, FILE)
    os.set_blocking(handle, True)
    if stat.S_ISREG(os.fstat(handle).st_mode):  # and not a terminal or a pipe
        os.fchmod(handle, FILE)
    return handle
