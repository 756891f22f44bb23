"""The declared size of a Parquet file, summed before anything in it is decoded.

A few bytes of such a file may represent billions of values, by runs, dictionaries and compression.
The footer is bounded, and parsed here, as a decoder may crash on an incomplete one. Then the
header of every page is read, with the page's count of values and its decompressed size: a decoder
allocates no more than that, whatever the footer declares.
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from graph.files.bounds import bound
from ingest.files.text_files import Limits, bounded
from ingest.source import InputRefused

MAGIC = b"PAR1"
TAIL = 8  # bytes: the length of the footer, and the magic number
HEADERS = (1 << 12, 1 << 20)  # bytes read for the header of a page, first and second try
ROW, VALUE, NESTED = 256, 8, 64  # least bytes of each in memory, until the graph is built
DEEPEST = 32  # nesting of structures and of columns
PREFIXED = 7  # the encoding in which each value may repeat the one before
# Fields of the footer, of its schema, row groups and columns, and of the header of a page.
SCHEMA, ROWS, GROUPS = 2, 3, 4
REPETITION, CHILDREN, REPEATED = 3, 5, 2
CHUNKS, METADATA, WHOLE_SIZE, PAGE_AT, DICTIONARY_AT = 1, 3, 7, 9, 11
UNCOMPRESSED, COMPRESSED, DATA, DICTIONARY, DATA_2 = 2, 3, 5, 7, 8
COUNT, ENCODING, ENCODING_2 = 1, 2, 4
Fields = dict[int, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The header of a page: its length, the page's bytes and count of values, and the encoding."""

    header: int
    compressed: int
    uncompressed: int
    values: int
    encoding: int


class WrongFile(ValueError):
    """A file whose declarations are invalid."""


def check_pages(file: BufferedReader, path: Path, limits: Limits, size: int) -> None:
    """Sum the declared size of a file, and refuse it beyond `limits`.

    Raises
    ------
    InputRefused
    WrongFile
    """
    footer = _footer(file, path, size)
    rows, leaves = footer.get(ROWS), _leaves(footer)
    if not isinstance(rows, int) or rows < 0:
        raise WrongFile("declares no count of rows")
    bounded(rows, path, limits)
    if len(leaves) > limits.columns:
        raise InputRefused(path, "", f"has more than {limits.columns} columns")
    allowed, most = limits.allowed(size), bound("PARQUET_PAGES")
    cost, total = ROW * rows, 0
    _within(cost, allowed, path)
    for count, (page, each) in enumerate(_pages(file, footer, leaves, size)):
        if count >= most:
            raise InputRefused(path, "", f"has more than {most} pages")
        repeats = page.values if page.encoding == PREFIXED else 1
        cost += page.values * each + page.uncompressed * repeats
        total += page.uncompressed
        _within(cost, allowed, path)
        _within(total, limits.expanded, path)
    file.seek(0)


def _within(cost: int, allowed: int, path: Path) -> None:
    if cost > allowed:
        raise InputRefused(path, "", f"expands to more than {allowed} bytes")


def _footer(file: BufferedReader, path: Path, size: int) -> Fields:
    most = bound("PARQUET_FOOTER_BYTES")
    file.seek(max(size - TAIL, 0))
    tail = file.read(TAIL)
    length = int.from_bytes(tail[:4], "little")
    if not tail.endswith(MAGIC) or length + TAIL > size:
        raise WrongFile("has no footer")
    if length > most:
        raise InputRefused(path, "", f"has a footer of more than {most} bytes")
    file.seek(size - TAIL - length)
    try:
        return _struct(file.read(length), 0, 0)[0]
    except IndexError:
        raise WrongFile("has a footer without an end") from None


def _leaves(footer: Fields) -> list[int]:
    """Return the bytes per value of each column: more within a list or a map."""
    sizes: list[int] = []
    pending = [(1, False)]  # elements left in each parent, and whether it repeats
    for element in _structs(footer, SCHEMA):
        while pending and pending[-1][0] == 0:
            pending.pop()
        if not pending:
            raise WrongFile("has more columns than its schema counts")
        left, repeats = pending.pop()
        pending.append((left - 1, repeats))
        within, repeats = element.get(CHILDREN, 0), repeats or element.get(REPETITION) == REPEATED
        if not isinstance(within, int) or within < 0 or len(pending) > DEEPEST:
            raise WrongFile("has a schema that is no tree")
        if within:
            pending.append((within, repeats))
        else:
            sizes.append(NESTED if repeats else VALUE)
    if any(left for left, _ in pending):
        raise WrongFile("has fewer columns than its schema counts")
    return sizes


def _pages(
    file: BufferedReader, footer: Fields, leaves: list[int], size: int
) -> Iterator[tuple[Page, int]]:
    """Yield every page with the bytes per value of its column."""
    for group in _structs(footer, GROUPS):
        chunks = _structs(group, CHUNKS)
        if len(chunks) != len(leaves):
            raise WrongFile("has a group of rows without some column")
        for chunk, each in zip(chunks, leaves, strict=True):
            metadata = chunk.get(METADATA)
            if not isinstance(metadata, dict):
                raise WrongFile("declares nothing about a column")
            places = [metadata.get(n, 0) for n in (PAGE_AT, WHOLE_SIZE, DICTIONARY_AT)]
            if not all(type(place) is int and place >= 0 for place in places):
                raise WrongFile("has a column of no known place")
            at, length, dictionary = places
            if 0 < dictionary < at:
                at = dictionary
            if at + length > size:
                raise WrongFile("has a column outside the file")
            end = at + length
            while at < end:
                page = _page(file, at)
                yield page, each
                at += page.header + page.compressed


def _structs(fields: Fields, number: int) -> list[Fields]:
    structs = fields.get(number, [])
    if not isinstance(structs, list) or not all(isinstance(struct, dict) for struct in structs):
        raise WrongFile("has no list where it needs one")
    return structs


def _page(file: BufferedReader, at: int) -> Page:
    fields, end = _header(file, at)
    inner = fields.get(DATA) or fields.get(DATA_2) or fields.get(DICTIONARY) or {}
    if not isinstance(inner, dict):
        raise WrongFile("has a page of no known form")
    encoding = inner.get(ENCODING_2 if DATA_2 in fields else ENCODING, 0)
    sizes = fields.get(COMPRESSED, -1), fields.get(UNCOMPRESSED, -1), inner.get(COUNT, 0)
    if not all(type(number) is int and number >= 0 for number in sizes):
        raise WrongFile("has a page of no known size")
    return Page(end, *sizes, encoding)


def _header(file: BufferedReader, at: int) -> tuple[dict[int, Any], int]:
    for length in HEADERS:
        file.seek(at)
        data = file.read(length)
        try:
            return _struct(data, 0, 0)
        except IndexError:
            continue  # the header is longer
    raise WrongFile("has a header that has no end")


# ---------------------------------------------------------------- Thrift, compact protocol

TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
INTEGERS = (4, 5, 6)  # integers of 16, 32 and 64 bits


def _struct(data: bytes, at: int, depth: int) -> tuple[dict[int, Any], int]:
    """Read the numbers of a structure by field, and its end; skip other values."""
    if depth > DEEPEST:
        raise WrongFile("is nested too deeply")
    values: dict[int, Any] = {}
    field = 0
    while head := data[at]:
        at += 1
        step, kind = head >> 4, head & 15
        if step:
            field += step
        else:
            field, at = _number(data, at)
        values[field], at = _value(data, at, kind, depth)
    return values, at + 1


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if kind in (TRUE, FALSE):
        return kind == TRUE, at
    if kind in INTEGERS:
        return _number(data, at)
    if kind == STRUCT:
        return _struct(data, at, depth + 1)
    if kind == BINARY:
        length, at = _length(data, at)
        data[at + length - 1 if length else at - 1]  # an IndexError if it is truncated
        return None, at + length
    if kind in (BYTE, DOUBLE):
        return None, at + (1 if kind == BYTE else 8)
    if kind in (LIST, SET):
        return _list(data, at, depth + 1)
    raise WrongFile("holds what no header holds")


def _list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    count, kind = data[at] >> 4, data[at] & 15
    at += 1
    if count == 15:
        count, at = _length(data, at)
    if count > len(data) - at:  # each takes a byte at least, booleans too
        raise WrongFile("has a list that is longer than the file")
    values = []
    for _ in range(count):
        if kind in (TRUE, FALSE):
            at += 1
        else:
            value, at = _value(data, at, kind, depth)
            values.append(value)
    return values, at


def _number(data: bytes, at: int) -> tuple[int, int]:
    raw, at = _length(data, at)
    return (raw >> 1) ^ -(raw & 1), at


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Read a variable-length integer: seven bits of each byte, the lowest first."""
    value = 0
    for shift in range(0, 70, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise WrongFile("holds a number that is too long")
