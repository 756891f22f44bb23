"""Bounded text files: UTF-8, with bounds on the length and the count of lines."""

import codecs
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from graph.files.bounds import bound
from graph.files.regular import sized_file
from ingest.files.progress import opened
from ingest.source import InputRefused, Rejected

CHUNK = 1 << 20
MAX_REJECTED = bound("REJECTED")
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one table. `size`, `line` and `expanded` are bytes.

    A compressed file may expand to `expanded`, and beyond `free` bytes to no more than `ratio`
    times its size.
    """

    size: int = bound("TABLE_BYTES")
    line: int = bound("LINE_BYTES")
    rows: int = bound("ROWS")
    columns: int = bound("COLUMNS")
    expanded: int = bound("EXPANDED_BYTES")
    free: int = bound("PARQUET_FREE_BYTES")
    ratio: int = bound("PARQUET_RATIO")

    def allowed(self, size: int) -> int:
        """Return the bytes to which a compressed file of `size` bytes may expand."""
        return max(self.free, self.ratio * size)


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Shape:
    """The lines of a text file.

    `bare_returns` is True if a carriage return alone ends a line, `ended` if the last line has an
    end.
    """

    lines: int
    bare_returns: bool
    ended: bool


@contextmanager
def filled_file(path: Path, limits: Limits) -> Iterator[tuple[BufferedReader, int]]:
    """Open a file, and yield it with its size in bytes; refuse an empty or too large one."""
    opened(path)
    with sized_file(path, limits.size) as file:
        size = os.fstat(file.fileno()).st_size
        if size == 0:
            raise InputRefused(path, "", "is empty")
        yield file, size


def scan(file: BufferedReader, path: Path, limits: Limits) -> Shape:
    """Check that a file is UTF-8 text of bounded lines, and count them, a chunk at a time.

    The file is rewound afterwards.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lines, since_newline, bare, last = 0, 0, False, b"\n"
    while chunk := file.read(CHUNK):
        if lines == 0 and chunk.startswith(UTF16_BOMS):
            raise InputRefused(path, "line 1", "is UTF-16 text; save it as UTF-8")
        if b"\0" in chunk:
            at = lines + 1 + chunk[: chunk.index(b"\0")].count(b"\n")
            raise InputRefused(path, f"line {at}", "holds a NUL byte; it is not text")
        _decode(decoder, chunk, path, lines)
        newlines = chunk.count(b"\n")
        since_newline = (
            since_newline + len(chunk) if not newlines else (len(chunk) - chunk.rindex(b"\n"))
        )
        if since_newline > limits.line:
            raise InputRefused(
                path, f"line {lines + newlines + 1}", f"is longer than {limits.line} bytes"
            )
        bare = bare or chunk.count(b"\r") != chunk.count(b"\r\n")
        lines, last = lines + newlines, chunk[-1:]
    _decode(decoder, b"", path, lines, final=True)
    file.seek(0)
    return Shape(lines + (last != b"\n"), bare, last == b"\n")


def _decode(decoder: Any, chunk: bytes, path: Path, lines: int, *, final: bool = False) -> None:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        at = lines + 1 + chunk[: error.start].count(b"\n")
        raise InputRefused(path, f"line {at}", "is not UTF-8 text") from None


def bounded(rows: int, path: Path, limits: Limits) -> None:
    """Refuse a file of too many rows."""
    if rows > limits.rows:
        raise InputRefused(path, "", f"has more than {limits.rows} rows")


def bound_rejected(rejected: Sequence[Rejected], path: Path) -> None:
    """Refuse a file with too many rejected rows: each of them is kept with its place."""
    if len(rejected) > MAX_REJECTED:
        raise InputRefused(path, "", f"has more than {MAX_REJECTED} rows that cannot be read")
