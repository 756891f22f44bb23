"""Logs of lines, read one line at a time, however long the log is."""

from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from graph.files.bounds import bound
from graph.values import WrongValue, strict_document
from ingest.files.text_files import Limits, bound_rejected, bounded, filled_file, scan
from ingest.rows import Place, Rows
from ingest.source import Rejected

LOG = Limits(size=bound("LOG_BYTES"))
PEEKED = 1 << 20  # bytes within which the first line of a log of lines ends
Parse = Callable[[str], Any]  # raises `WrongValue`


def values_of_lines(
    path: Path, rows: Rows, parse: Parse = strict_document, limits: Limits = LOG
) -> Iterator[tuple[Any, Place]]:
    """Yield the value of each line with its place; a line that `parse` refuses is rejected.

    Raises
    ------
    InputRefused
        If the file is not text, or exceeds a bound; nothing was yielded then.
    """
    with filled_file(path, limits) as (file, _):
        shape = scan(file, path, limits)
        bounded(shape.lines, path, limits)
        lost: list[Rejected] = []
        with TextIOWrapper(file, encoding="utf-8-sig", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                if line.isspace():
                    continue
                place = f"line {number}"
                try:
                    yield parse(line), Place(str(path), place)
                except WrongValue as wrong:
                    lost.append(Rejected(str(path), place, str(wrong)))
                    bound_rejected(lost, path)
        ended = "" if shape.ended or not lost else f"{path.name} breaks off within its last line"
        rows.take_over(lost, [ended] if ended else [])


def is_of_lines(path: Path, parse: Parse = strict_document) -> bool:
    """Return whether the first line of a file is a value by itself, and not the only one.

    Raises
    ------
    InputRefused
    """
    with filled_file(path, LOG) as (file, _):
        head = file.read(PEEKED)
    first, end, rest = head.removeprefix(b"\xef\xbb\xbf").lstrip().partition(b"\n")
    if not end:
        return len(head) == PEEKED
    try:
        parse(first.decode())
    except (UnicodeDecodeError, WrongValue):
        return False
    return bool(rest.strip())
