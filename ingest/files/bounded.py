"""Bounded, strict reading of the files of an export, which others wrote.

A file is read up to a limit, also when it is compressed, and is refused with its place and reason
if it is binary, truncated, nested too deeply, or has a key twice.
"""

import json
import math
import os
import re
import stat
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from graph.files.bounds import bound
from graph.files.regular import is_named_in_text, opened_file
from ingest.files.progress import opened
from ingest.source import InputRefused

MAX_BYTES = bound("FILE_BYTES")  # after decompression
MAX_DEPTH, MAX_FILES, MAX_MEMBERS = bound("DEPTH"), bound("FILES"), bound("GZIP_MEMBERS")
CHUNK = 1024 * 1024
PACKED = 64 * 1024  # bytes of gzip read at once: the rest after each member is copied

BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
GZIP = b"\x1f\x8b"
NO_TEXT = "has a name that is not UTF-8 text; rename it"
# Atomic, and matched to the end of the text, so that an unclosed string costs no time.
TEXT = r'"(?>(?:[^"\\]++|\\.)*)(?:"|\\?\Z)'
STRING = re.compile(TEXT, re.DOTALL)
TOKEN = re.compile(TEXT + r"|[\[{\]}]", re.DOTALL)
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A marker for an invalid value in a parsed document, whose pointer is then looked up."""

    reason: str


def list_files(
    path: Path, *, hidden: Collection[str] = (), beside: Collection[str] = ()
) -> list[Path]:
    """List the files at or below `path`, sorted; links to folders are not followed.

    Pipes and devices are included: reading one must then fail with an error.

    A link to a file outside `path` is refused: the author of the folder must not choose what else
    is read from this machine.

    Names that begin with a dot are left out except those in `hidden`, and so are folders whose name
    is in `beside`.

    Raises
    ------
    InputRefused
        If `path` does not exist, is neither file nor folder, or has too many files.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise InputRefused(path, "", "there is no such file or folder") from None
    except (OSError, ValueError):
        raise InputRefused(path, "", "cannot be looked at") from None
    if stat.S_ISREG(mode):
        return [path]
    if not stat.S_ISDIR(mode):
        raise InputRefused(path, "", "is neither a file nor a folder")
    files: list[Path] = []
    for file in _walk(path, hidden, beside):
        refuse_link_out(file, path)
        files.append(file)
        if len(files) > MAX_FILES:
            raise InputRefused(path, "", f"holds more than {MAX_FILES} files")
    return sorted(files)


def refuse_link_out(file: Path, folder: Path) -> None:
    """Raise if a file of `folder` is a link to something outside it."""
    if not file.is_symlink():
        return
    try:
        inside = file.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        raise InputRefused(file, "", "is a link that leads nowhere") from None
    if not inside:
        raise InputRefused(file, "", "is a link out of the folder; name its target to read it")


def _walk(folder: Path, hidden: Collection[str], beside: Collection[str]) -> Iterator[Path]:
    pending = [folder]
    while pending:
        here = pending.pop()
        try:
            entries = list(here.iterdir())
        except OSError:
            raise InputRefused(here, "", "cannot be listed") from None
        for entry in entries:
            if not is_named_in_text(entry):
                raise InputRefused(entry, "", NO_TEXT)
            if entry.name.startswith(".") and entry.name not in hidden:
                continue
            if not entry.is_dir():
                yield entry
            elif not entry.is_symlink() and entry.name not in beside:
                pending.append(entry)


def read_bytes(path: Path, *, max_bytes: int = MAX_BYTES) -> bytes:
    """Read a file, decompressing gzip, and stop as soon as it exceeds `max_bytes`."""
    opened(path)
    try:
        with opened_file(path) as stream:
            head = stream.read(2)
            stream.seek(0)
            size = PACKED if head == GZIP else CHUNK
            chunks = iter(lambda: stream.read(size), b"")
            parts = _inflate(chunks, path) if head == GZIP else chunks
            return _capped(parts, path, max_bytes)
    except MemoryError:
        raise InputRefused(path, "", "needs more memory than there is") from None


def _capped(parts: Iterator[bytes], path: Path, max_bytes: int) -> bytes:
    kept, size = list[bytes](), 0  # growing one buffer may need twice the memory
    for part in parts:
        kept.append(part)
        size += len(part)
        if size > max_bytes:
            raise InputRefused(path, "", f"is larger than {max_bytes // 1024 // 1024} MiB")
    return b"".join(kept)


def _inflate(chunks: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Decompress in chunks, so that a small file that expands without end is stopped."""
    engine, members = zlib.decompressobj(wbits=31), 1
    try:
        for chunk in chunks:
            data = chunk
            while data:
                yield engine.decompress(data, CHUNK)
                data = engine.unconsumed_tail
                if engine.eof and engine.unused_data:
                    data, engine = engine.unused_data, zlib.decompressobj(wbits=31)
                    members += 1
                    if members > MAX_MEMBERS:  # empty members count towards no other bound
                        reason = f"has more than {MAX_MEMBERS} gzip members"
                        raise InputRefused(path, "", reason)
        yield engine.flush()
    except zlib.error:
        raise InputRefused(path, "", "is not whole gzip data") from None
    if not engine.eof:
        raise InputRefused(path, "", "ends within its gzip data")


def check_log(file: BinaryIO, path: Path) -> None:
    """Refuse a log, plain or gzip, that exceeds its bounds once it is decompressed.

    It is decompressed in chunks that are dropped, before anything decodes it.

    Raises
    ------
    InputRefused
    """
    most, size = bound("LOG_BYTES"), os.fstat(file.fileno()).st_size
    head = file.read(len(GZIP))
    file.seek(0)
    if head != GZIP:
        if size > most:
            raise InputRefused(path, "", f"is larger than {most} bytes")
        return
    least = MAX_BYTES + bound("GZIP_RATIO") * size
    taken = 0
    for part in _inflate(iter(lambda: file.read(PACKED), b""), path):
        taken += len(part)
        if taken > most:
            raise InputRefused(path, "", f"is larger than {most} bytes, decompressed")
        if taken > least:
            raise InputRefused(path, "", f"takes more than {least} bytes for its {size} of gzip")


def read_text(path: Path, *, max_bytes: int = MAX_BYTES) -> str:
    """Read text in UTF-8, or in UTF-16 with a byte order mark; refuse anything else."""
    return decode(read_bytes(path, max_bytes=max_bytes), path)


def decode(data: bytes, path: Path) -> str:
    """Decode the bytes of `path` as text, refusing empty and binary content."""
    if not data.strip():
        raise InputRefused(path, "", "is empty")
    encoding = next((name for mark, name in BOMS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputRefused(path, f"line {line}", "is not UTF-8 text") from None
    control = CONTROL.search(text)
    if control:
        line = text.count("\n", 0, control.start()) + 1
        raise InputRefused(path, f"line {line}", "is binary, not text")
    if not text.strip():
        raise InputRefused(path, "", "is empty")
    return text


def read_json(path: Path, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> Any:
    """Read one JSON document, strictly.

    Raises
    ------
    InputRefused
        With the line at which the text ends early, is no JSON or is nested too deeply, or the
        JSON pointer of a repeated key, a number that is not finite or a lone surrogate.
    """
    return parse_json(read_text(path, max_bytes=max_bytes), path, max_depth=max_depth)


def parse_json(text: str, path: Path | str, *, at: str = "", max_depth: int = MAX_DEPTH) -> Any:
    """Parse the JSON `text` of the file `path`, at the pointer `at` of it.

    >>> parse_json('{"a": 1, "a": 2}', "x.json")
    Traceback (most recent call last):
    graph.files.regular.InputRefused: x.json, /a: a key is repeated
    """
    _check_depth(text, path, at, max_depth)
    wrong: list[_Wrong] = []
    try:
        value = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, wrong),
            parse_constant=lambda _: _mark("a number is not finite", wrong),
            parse_float=lambda digits: _float(digits, wrong),
        )
    except json.JSONDecodeError as error:
        end = error.pos >= len(text.rstrip())
        reason = "the JSON text ends too early" if end else "is not JSON"
        raise InputRefused(path, at or f"line {error.lineno}", reason) from None
    except RecursionError:
        raise InputRefused(path, at, f"is nested more than {max_depth} deep") from None
    except ValueError:
        raise InputRefused(path, at, "a number has too many digits") from None
    if wrong or SURROGATE.search(text):
        _find(value, path, at)
    return value


def parse_json_texts(text: str, path: Path | str) -> list[tuple[Any, str]]:
    """Parse one JSON document, or several consecutive ones, each with its place.

    Tools that fetch pages write them so.

    >>> parse_json_texts('{"a": 1}', "x.json"), parse_json_texts("[1] [2]", "x.json")
    ([({'a': 1}, '')], [([1], 'document 1'), ([2], 'document 2')])
    """
    try:
        return [(parse_json(text, path), "")]
    except InputRefused:
        parts = _apart(text)
        if len(parts) < 2:
            raise
    places = (f"document {number}" for number in range(1, len(parts) + 1))
    return [(parse_json(part, path, at=at), at) for part, at in zip(parts, places, strict=True)]


def _apart(text: str) -> list[str]:
    """Split a text after each outermost closing bracket; [] if text remains."""
    parts: list[str] = []
    depth = start = 0
    for token in TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        if depth == 0 and token.group() in ("]", "}"):
            parts.append(text[start : token.end()])
            start = token.end()
    return [] if text[start:].strip() else parts


def _check_depth(text: str, path: Path | str, at: str, max_depth: int) -> None:
    """Count brackets before parsing; a text with few of them needs no check of its strings."""
    if text.count("[") + text.count("{") <= max_depth:
        return
    depth = deepest = 0
    for run in re.findall(r"[\[{]+|[\]}]+", STRING.sub("", text)):
        depth += len(run) if run[0] in "[{" else -len(run)
        deepest = max(deepest, depth)
    if deepest > max_depth:
        line = _line_of_depth(text, max_depth)
        raise InputRefused(path, at or f"line {line}", f"is nested more than {max_depth} deep")


def _line_of_depth(text: str, max_depth: int) -> int:
    depth = 0
    for token in TOKEN.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token.group(), 0)
        if depth > max_depth:
            return text.count("\n", 0, token.start()) + 1
    return 1


def _mark(reason: str, wrong: list[_Wrong]) -> _Wrong:
    wrong.append(_Wrong(reason))
    return wrong[-1]


def _float(digits: str, wrong: list[_Wrong]) -> float | _Wrong:
    value = float(digits)
    return value if math.isfinite(value) else _mark("a number is not finite", wrong)


def _object(pairs: list[tuple[str, Any]], wrong: list[_Wrong]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                made[key] = _mark("a key is repeated", wrong)
            seen.add(key)
    return made


def _find(value: Any, path: Path | str, at: str) -> None:
    """Find the first invalid value of a document, and raise with its pointer."""
    pending: list[tuple[str, Any]] = [(at, value)]
    while pending:
        pointer, here = pending.pop()
        if isinstance(here, _Wrong):
            raise InputRefused(path, pointer, here.reason)
        if isinstance(here, str):
            _check_unicode(here, path, pointer)
        elif isinstance(here, dict):
            for key in here:
                _check_unicode(key, path, pointer)
            pending += [(f"{pointer}/{escaped(key)}", v) for key, v in here.items()]
        elif isinstance(here, list):
            pending += [(f"{pointer}/{n}", v) for n, v in enumerate(here)]


def _check_unicode(text: str, path: Path | str, pointer: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        _refuse_unicode(path, pointer)


def _refuse_unicode(path: Path | str, pointer: str) -> NoReturn:
    raise InputRefused(path, pointer or "/", "text is not valid Unicode") from None


def escaped(key: str) -> str:
    """Return a key as one step of a JSON pointer (RFC 6901).

    >>> escaped("a/b~c")
    'a~1b~0c'
    """
    return key.replace("~", "~0").replace("/", "~1")
