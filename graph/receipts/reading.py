"""The records of a file: lines of JSON or JWS, one document with a list of them, or several."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from graph.files.bounds import bound
from graph.files.regular import InputRefused
from graph.receipts.formats import all_formats
from graph.receipts.jws import is_compact
from graph.values import WrongValue, canonical, strict_document

BLANK = " \t\r\n"  # between values of JSON; any other letter there is a fault
NOT_BLANK = re.compile(f"[^{BLANK}]")
FORBIDDEN = object()  # stands for a value that JSON forbids
NO_JSON = "the format is not known: it is no JSON"
# Where a document has several lists, the one of these names holds the records.
LISTS = ("records", "receipts", "entries", "decisions", "fixtures", "vectors", "events")


@dataclass(frozen=True, slots=True)
class Item:
    """A record as it was read, None if it could not be; and the fields around it."""

    value: Any
    around: Mapping[str, Any] = field(default_factory=dict)


class UnknownFormat(ValueError):
    """The content is in no known format of records; the message says why."""


def items(stream: BinaryIO, path: Path) -> Iterator[Item]:
    """Yield the records of a file, one at a time where each is a line.

    Raises
    ------
    UnknownFormat
        It is no JSON and no JWS.
    InputRefused
        A line, or a document of several lines, is larger than its bound.
    """
    lines = _lines(stream, path)
    first = next((line for line in lines if line.strip(BLANK)), "")
    if not first:
        return
    if is_compact(first.strip(BLANK)) or _recognised(_parsed(first)):
        yield _item(first)
        yield from (_item(line) for line in lines if line.strip(BLANK))
        return
    if not first.lstrip("\ufeff" + BLANK).startswith(("{", "[", '"')):
        raise UnknownFormat(NO_JSON)
    for document in _documents(_rest(first, lines, path)):
        yield from _listed(document)


def _lines(stream: BinaryIO, path: Path) -> Iterator[str]:
    """Yield the lines of a file; only the first may be a document of one line."""
    most, number = bound("FILE_BYTES"), 0
    while line := stream.readline(most + 1):
        number += 1
        if len(line) > most:
            raise InputRefused(path, f"line {number}", f"is longer than {most} bytes")
        yield line.decode("utf-8", "surrogateescape")
        most = bound("LINE_BYTES")


def _rest(first: str, lines: Iterator[str], path: Path) -> str:
    """Return all text, within the bound of a document."""
    most, parts, size = bound("FILE_BYTES"), [first.lstrip("\ufeff")], len(first)
    for line in lines:
        size += len(line)
        if size > most:
            raise InputRefused(path, "", f"is one document of more than {most} bytes")
        parts.append(line)
    return "".join(parts)


def _item(line: str) -> Item:
    text = line.strip(BLANK)
    return Item(text) if is_compact(text) else _unwrapped(_parsed(line), {})


def _parsed(text: str) -> Any:
    """Return a parsed object; None for another value, or one that JSON forbids."""
    try:
        value = strict_document(text.lstrip("\ufeff"))
    except WrongValue:
        return None
    return value if isinstance(value, dict) or is_compact(value) else None


def _recognised(value: Any) -> bool:
    return any(each.recognises(value) for each in all_formats().values())


def _documents(text: str) -> Iterator[Any]:
    """Yield the consecutive JSON documents of a text, with `FORBIDDEN` where JSON forbids a value.

    So a value that it forbids breaks the record that holds it, and no other one.
    """
    decoder = json.JSONDecoder(
        object_pairs_hook=_once, parse_float=_finite, parse_constant=lambda _: FORBIDDEN
    )
    at = 0
    while (match := NOT_BLANK.search(text, at)) is not None:
        at = match.start()
        try:
            document, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise UnknownFormat("the format is not known: it is no whole JSON") from None
        yield document


def _once(pairs: list[tuple[str, Any]]) -> Any:
    made = dict(pairs)
    return made if len(made) == len(pairs) else FORBIDDEN


def _finite(text: str) -> Any:
    value = float(text)
    return value if math.isfinite(value) else FORBIDDEN


def _is_whole(value: Any) -> bool:
    """Return whether a value, and all in it, is one that `strict_document` would have returned."""
    try:
        strict_document(canonical(value))
    except (TypeError, RecursionError, WrongValue):  # TypeError: `FORBIDDEN` has no JSON
        return False
    return True


def _listed(document: Any) -> Iterator[Item]:
    """Yield the records of a document: itself, its elements, or those of the list within it."""
    if isinstance(document, list):
        yield from (_unwrapped(_allowed(value), {}) for value in document)
        return
    name = _list_in(document) if isinstance(document, dict) else None
    if name is None or _recognised(document):
        yield _unwrapped(_allowed(document), {})
        return
    around = {key: value for key, value in document.items() if key != name and _is_whole(value)}
    yield from (_unwrapped(_allowed(value), around) for value in document[name])


def _allowed(value: Any) -> Any:
    return value if _is_whole(value) else None


def _list_in(document: Mapping[str, Any]) -> str | None:
    """Return the name of the list of records in a document: the only one, or one of `LISTS`."""
    names = [name for name, value in document.items() if value and _is_records(value)]
    if len(names) == 1:
        return names[0]
    return next((name for name in LISTS if name in names), None)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and all(
        each in (None, FORBIDDEN) or isinstance(each, dict) or is_compact(each) for each in value
    )


def _unwrapped(value: Any, around: Mapping[str, Any]) -> Item:
    """Return a record, taken out of a case that holds it as its `receipt`."""
    if isinstance(value, dict) and isinstance(value.get("receipt"), dict) and "jws" not in value:
        case = {key: part for key, part in value.items() if key != "receipt"}
        return Item(value["receipt"], {**around, **case})
    return Item(value if isinstance(value, dict) or is_compact(value) else None, around)
