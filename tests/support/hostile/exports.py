"""What can be wrong with an export, each as a change to a good one, and what must come of it."""

import copy
import gzip
import io
import json
import os
import re
import stat
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.exports.example import Export
from tests.support.exports.small_exports import write

MIB = 1 << 20
OUTSIDE = "outside-the-folder"  # must not be read through a link
LONG = 10_000_000  # characters of a name
DATE = re.compile(r"\d{4}-\d\d-\d\dT.*")
READ, REFUSED, ASIDE, PASSED = "read", "refused", "set aside", "passed over"
ANY = {READ, REFUSED, ASIDE, PASSED}
NOT_WHOLE = {REFUSED, ASIDE, PASSED}  # said aloud, in one way or another


@dataclass(frozen=True)
class Case:
    """One thing that is wrong: how it is made in an empty folder, and what may come of it.

    `make` returns what to read, or None where it does not fit the export.
    """

    make: Callable[[Export, Path], Path | None]
    allowed: set[str]


def main_file(export: Export) -> str:
    """Name the file of an export that says most."""
    return max(export, key=lambda name: len(export[name]))


def _bytes(change: Callable[[bytes], bytes]) -> Callable[[Export, Path], Path | None]:
    """Change the bytes of the main file."""

    def make(export: Export, folder: Path) -> Path | None:
        name = main_file(export)
        changed = change(export[name])
        return write({**export, name: changed}, folder) if changed != export[name] else None

    return make


def _document(change: Callable[[Any], Any]) -> Callable[[Export, Path], Path | None]:
    """Change what the JSON files of an export say."""

    def make(export: Export, folder: Path) -> Path | None:
        changed = {
            name: json.dumps(change(json.loads(data))).encode()
            for name, data in export.items()
            if name.endswith(".json")
        }
        return write({**export, **changed}, folder) if changed else None

    return make


def _walk(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Change every value of a document, from the inside out."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return change([walk(v) for v in value])
        if isinstance(value, dict):
            return change({k: walk(v) for k, v in value.items()})
        return change(value)

    return walk


# -- archives and links ----------------------------------------------------------------------------


def zipped(members: Mapping[str, bytes], mode: int = 0o100644) -> bytes:
    """Return a ZIP archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return out.getvalue()


@cache
def zip_bomb() -> bytes:
    """Return a small archive of a large file."""
    return zipped({"a.json": bytes(300 * MIB)})


@cache
def gzip_bomb() -> bytes:
    """Return a small compressed file of very much white space."""
    return gzip.compress(b" " * 200 * MIB, 1)


def _slip(export: Export, folder: Path) -> Path:
    return write({"x.zip": zipped({"../../slipped.json": export[main_file(export)]})}, folder)


def _link_outside(export: Export, folder: Path) -> Path:
    """Put a link into the folder to a file beside it that names what must not be read."""
    name = main_file(export)
    other = re.sub(
        rb'"(name|displayName|UserName)": "', rb'"\1": "' + OUTSIDE.encode(), export[name]
    )
    write({f"other/{Path(name).name}": other}, folder)
    inside = folder / "inside"
    write(export, inside)
    (inside / name).unlink()
    (inside / name).symlink_to(folder / "other" / Path(name).name)
    return inside


def _link_loop(export: Export, folder: Path) -> Path:
    write(export, folder)
    (folder / "loop").symlink_to(folder)
    (folder / "self.json").symlink_to(folder / "self.json")
    return folder


def _pipe(export: Export, folder: Path) -> Path:
    """Put a pipe that nobody writes to where the main file was: reading it would never end."""
    name = main_file(export)
    write(export, folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    return folder


# -- text and documents ----------------------------------------------------------------------------


def _first_name(document: Any) -> Any:
    """Make one name of a document ten million characters long."""
    changed = copy.deepcopy(document)
    pending = [changed]
    while pending:
        here = pending.pop(0)
        if isinstance(here, list):
            pending += here
        elif isinstance(here, dict):
            for key, value in here.items():
                if isinstance(value, str) and re.search(r"(?i)(?:name|^id)$", key):
                    here[key] = "x" * LONG
                    return changed
            pending += here.values()
    return changed


def _again(data: bytes) -> bytes:
    """Say the first key of an object twice, or name the first column twice."""
    if b"{" in data:
        return data.replace(b"{", b'{"zz": 1, "zz": 2, ', 1)
    head, _, rest = data.partition(b"\n")
    return head + b"," + head.split(b",")[0] + b"\n" + rest if b"," in head else data


def _numbers(data: bytes) -> bytes:
    return data.replace(b"{", b'{"zz": ' + b"9" * 5000 + b", ", 1) if b"{" in data else data


def _middle(inserted: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[: len(data) // 2] + inserted + data[len(data) // 2 :]


def _in_text(escape: bytes) -> Callable[[bytes], bytes]:
    return lambda data: re.sub(rb'": "', lambda m: m.group() + escape, data, count=1)


def _counted(document: Any) -> Any:
    wrong = {"@odata.count": 99, "count": 99, "total": 99, "IsTruncated": True}
    return {**document, **wrong} if isinstance(document, dict) else document


def _deep(value: Any) -> Any:
    if isinstance(value, str):
        return "[" * 200 + "]" * 200
    return value


CASES: dict[str, Case] = {
    "zip bomb": Case(_bytes(lambda _: zip_bomb()), NOT_WHOLE),
    "gzip bomb": Case(_bytes(lambda d: gzip.compress(d) + gzip_bomb()), NOT_WHOLE),
    "cut gzip": Case(_bytes(lambda d: gzip.compress(d)[:-9]), NOT_WHOLE),
    "zip slip": Case(_slip, NOT_WHOLE),
    "archive in an archive": Case(
        _bytes(lambda d: zipped({"a.zip": zipped({"a.json": d})})), NOT_WHOLE
    ),
    "link in an archive": Case(
        _bytes(lambda _: zipped({"a.json": b"/etc/hostname"}, stat.S_IFLNK | 0o777)), NOT_WHOLE
    ),
    "link out of the folder": Case(_link_outside, NOT_WHOLE),
    "link to itself": Case(_link_loop, ANY),
    "pipe": Case(_pipe, ANY),
    "byte order mark": Case(_bytes(lambda d: b"\xef\xbb\xbf" + d), {READ}),
    "UTF-16": Case(_bytes(lambda d: d.decode().encode("utf-16")), {READ, REFUSED, ASIDE}),
    "Latin-1": Case(_bytes(_in_text(b"caf\xe9")), NOT_WHOLE),
    "NUL": Case(_bytes(_middle(b"\0")), NOT_WHOLE),
    "lone surrogate": Case(_bytes(_in_text(rb"\ud800")), NOT_WHOLE),
    "surrogate in UTF-8": Case(_bytes(_in_text(b"\xed\xa0\x80")), NOT_WHOLE),
    "duplicate keys": Case(_bytes(_again), NOT_WHOLE),
    "a number of 5000 digits": Case(_bytes(_numbers), ANY),
    "not a number": Case(_bytes(lambda d: d.replace(b"{", b'{"zz": NaN, ', 1)), ANY),
    "numbers everywhere": Case(
        _document(_walk(lambda v: 10**30 if isinstance(v, str | int) else v)), ANY
    ),
    "/Date(ms)/": Case(
        _document(
            _walk(lambda v: "/Date(1577836800000)/" if isinstance(v, str) and DATE.match(v) else v)
        ),
        ANY,
    ),
    "one-element lists": Case(
        _document(_walk(lambda v: v[0] if isinstance(v, list) and len(v) == 1 else v)), ANY
    ),
    "wrong count": Case(_document(_counted), ANY),
    "everything twice": Case(_document(_walk(lambda v: v * 2 if isinstance(v, list) else v)), ANY),
    "nothing in any list": Case(_document(_walk(lambda v: [] if isinstance(v, list) else v)), ANY),
    "null everywhere": Case(_document(_walk(lambda v: None if isinstance(v, str) else v)), ANY),
    "brackets without end": Case(_bytes(lambda _: b"[" * 200_000), NOT_WHOLE),
    "nested deeply": Case(_bytes(lambda _: b'{"a":' * 20_000 + b"1" + b"}" * 20_000), NOT_WHOLE),
    "brackets in texts": Case(_document(_walk(_deep)), ANY),
    "a name of 10 MB": Case(_document(_first_name), ANY),
    "a text of 10 MB": Case(_bytes(lambda d: d.replace(b'": "', b'": "' + b"y" * LONG, 1)), ANY),
    "a million commas": Case(_bytes(lambda d: d + b"," * 1_000_000 + b"\n"), ANY),
    "a million lines": Case(_bytes(lambda d: b"\n" * 1_000_000 + d), ANY),
    "cut after a quarter": Case(_bytes(lambda d: d[: len(d) // 4]), ANY),
    "cut in the middle": Case(_bytes(lambda d: d[: len(d) // 2]), ANY),
    "cut at the end": Case(_bytes(lambda d: d[:-1]), ANY),
    "empty": Case(_bytes(lambda _: b""), ANY),
    "blank": Case(_bytes(lambda _: b" \n\t\n"), ANY),
    **{
        f"only {said.decode()}": Case(_bytes(lambda _, said=said: said), ANY)
        for said in (b"null", b"[]", b"{}", b'"x"', b"1", b"---", b"a: &a [*a]", b"[[1]]")
    },
}
