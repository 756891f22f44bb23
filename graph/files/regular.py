"""Files that others made: opened only when they are regular files, and never waited for.

A pipe, a device or a socket under the name of a file would hang whoever reads it, or never end.
What was opened is asked, not only the path, so that a path which changes meanwhile does not
matter.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from graph.files.bounds import bound
from graph.secrets import redact_text

# What is missing on a platform asks for nothing there.
FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class InputRefused(Exception):
    """An input that cannot be used; nothing of it is published.

    `place` is a line, a JSON pointer or "" within `file`. Whatever looks like a secret in them,
    or in the name of the file, is redacted here, so that no message shows it.
    """

    exit_code, code = 3, "input-refused"

    def __init__(self, file: Path | str, place: str, reason: str) -> None:
        # Names of files may be bytes that are no text; an answer is text.
        named = str(file).encode("utf-8", "backslashreplace").decode()
        self.file, self.place, self.reason = map(redact_text, (named, place, reason))
        self.where = f"{self.file}, {self.place}" if place else self.file
        super().__init__(f"{self.where}: {self.reason}")


def is_named_in_text(path: Path) -> bool:
    """Whether a path can be written as text, as every place in an answer and a store is."""
    return not any("\ud800" <= letter <= "\udfff" for letter in str(path))


def open_file(path: Path) -> BufferedReader:
    """Open a regular file to read its bytes.

    Raises
    ------
    InputRefused
        When there is none, when it may not be read, or when it is anything but a regular file.
    """
    try:
        _refuse_special(path.stat().st_mode, path)  # to open a device may do something to it
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
    """Open a regular file as `open_file` does; what fails while it is read is refused too."""
    with open_file(path) as file:
        try:
            yield file
        except OSError as error:
            raise InputRefused(path, "", _reason(error)) from None


@contextmanager
def sized_file(path: Path, most: int | None = None) -> Iterator[BufferedReader]:
    """Open a regular file of not more than `most` bytes; those of a table where nothing is said."""
    with opened_file(path) as file:
        most = bound("TABLE_BYTES") if most is None else most
        if os.fstat(file.fileno()).st_size > most:
            raise InputRefused(path, "", f"is larger than {most} bytes")
        yield file


@contextmanager
def opened_path(path: Path) -> Iterator[Path]:
    """Open a regular file for a library that takes a path only.

    On Linux the path that is given is the open file itself, whatever becomes of its name.
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
