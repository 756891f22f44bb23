"""Opening of input files: only regular files, and without blocking.

Reading a pipe, a device or a socket under a file's name could block, or never end. The open
file is checked, not only its path, so that a path which changes meanwhile does no harm.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from graph.files.bounds import bound
from graph.secrets import redact_text

# Flags that a platform lacks are 0.
FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class InputRefused(Exception):
    """An input that cannot be used; nothing of it is published.

    `place` is a line, a JSON pointer or "" within `file`. Anything like a secret in them, or in the
    name of the file, is redacted here, so that no message shows it.
    """

    exit_code, code = 3, "input-refused"

    def __init__(self, file: Path | str, place: str, reason: str) -> None:
        # File names may be bytes that are no text; a message is text.
        named = str(file).encode("utf-8", "backslashreplace").decode()
        self.file, self.place, self.reason = map(redact_text, (named, place, reason))
        self.where = f"{self.file}, {self.place}" if place else self.file
        super().__init__(f"{self.where}: {self.reason}")


def is_named_in_text(path: Path) -> bool:
    """Return whether a path can be written as text, as answers and stores need."""
    return not any("\ud800" <= letter <= "\udfff" for letter in str(path))


def open_file(path: Path) -> BufferedReader:
    """Open a regular file for reading bytes.

    Raises
    ------
    InputRefused
        It does not exist, may not be read, or is not a regular file.
    """
    try:
        _refuse_special(path.stat().st_mode, path)  # opening a device may have effects
        handle = os.open(path, FLAGS)
    except (OSError, ValueError) as error:
        raise InputRefused(path, "", _reason(error)) from None
    try:
        _refuse_special(os.fstat(handle).st_mode, path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


@contextmanager
def opened_file(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file as `open_file` does; errors while reading it raise `InputRefused` too."""
    with open_file(path) as file:
        try:
            yield file
        except OSError as error:
            raise InputRefused(path, "", _reason(error)) from None


@contextmanager
def sized_file(path: Path, most: int | None = None) -> Iterator[BufferedReader]:
    """Open a regular file of at most `most` bytes, by default the bound for tables."""
    with opened_file(path) as file:
        most = bound("TABLE_BYTES") if most is None else most
        if os.fstat(file.fileno()).st_size > most:
            raise InputRefused(path, "", f"is larger than {most} bytes")
        yield file


@contextmanager
def opened_path(path: Path) -> Iterator[Path]:
    """Open a regular file for a library that accepts only a path.

    On Linux the yielded path is that of the open file itself, whatever becomes of its name.
    """
    with open_file(path) as file:
        itself = Path(f"/proc/self/fd/{file.fileno()}")
        yield itself if itself.exists() else path


def _refuse_special(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode):
        raise InputRefused(path, "", "is not a file")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "may not be read"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}" if error.strerror else "cannot be read"
    return "is no name that a file can have"
