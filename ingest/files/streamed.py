"""Logs of JSON lines, read one object at a time, however long the log is."""

from collections.abc import Iterator
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


def json_objects(path: Path, rows: Rows, limits: Limits = LOG) -> Iterator[tuple[Any, Place]]:
    """Yield the JSON value of each line with its place; a line that holds none is rejected.

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
                    yield strict_document(line), Place(str(path), place)
                except WrongValue as wrong:
                    lost.append(Rejected(str(path), place, str(wrong)))
                    bound_rejected(lost, path)
        ended = "" if shape.ended or not lost else f"{path.name} breaks off within its last line"
        rows.take_over(lost, [ended] if ended else [])


def is_of_lines(path: Path) -> bool:
    """Return whether the first line of a file is a JSON value by itself, and not the only one.

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
        strict_document(first.decode())
    except (UnicodeDecodeError, WrongValue):
        return False
    return bool(rest.strip())
