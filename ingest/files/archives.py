"""ZIP archives of others: read in memory, within bounds, member by member."""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from graph.files.regular import opened_file
from ingest.files.bounded import CHUNK, MAX_BYTES
from ingest.files.progress import opened
from ingest.source import InputRefused

ZIP = b"PK\x03\x04"
ARCHIVES = (ZIP, b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c", b"Rar!")
MAX_MEMBERS = 10_000
MAX_TOTAL = 1024 * 1024 * 1024  # bytes of all members together
FREE, RATIO = 16 * 1024 * 1024, 200  # bytes, and ratio, that a member may expand to


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive; `written` is its modification time in the archive."""

    name: str
    data: bytes
    written: tuple[int, int, int, int, int, int] = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of an archive: a count of files, and their bytes together once expanded."""

    members: int = MAX_MEMBERS
    total: int = MAX_TOTAL
    refused: tuple[bytes, ...] = ARCHIVES


USUAL = Bounds()


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a ZIP archive."""
    with opened_file(path) as stream:
        return stream.read(4) == ZIP


def zip_members(path: Path, bounds: Bounds = USUAL) -> Iterator[Member]:
    """Read the files of an archive one by one, in the order of their names.

    Raises
    ------
    InputRefused
        If it is broken or encrypted, holds a link or another archive, names a path outside
        itself, or expands beyond the bounds.
    """
    opened(path)
    try:
        with opened_file(path) as stream, zipfile.ZipFile(stream) as archive:
            infos = sorted(archive.infolist(), key=lambda info: info.filename)
            if len(infos) > bounds.members:
                raise InputRefused(path, "", f"holds more than {bounds.members} files")
            total = 0
            for info in infos:
                _check(info, path)
                if info.is_dir():
                    continue
                data = _expand(archive, info, path)
                total += len(data)
                if total > bounds.total:
                    raise InputRefused(path, "", f"expands to more than {bounds.total >> 20} MiB")
                if data.startswith(bounds.refused):
                    raise InputRefused(path, info.filename, "is an archive within the archive")
                yield Member(info.filename, data, info.date_time)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError):
        raise InputRefused(path, "", "is not a ZIP archive that can be read") from None


def _check(info: zipfile.ZipInfo, path: Path) -> None:
    name = info.filename.replace("\\", "/")
    steps = PurePosixPath(name).parts
    if name.startswith("/") or ".." in steps or (steps and steps[0].endswith(":")):
        raise InputRefused(path, "", "names a file outside the archive")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise InputRefused(path, info.filename, "is a link")
    if info.flag_bits & 1:
        raise InputRefused(path, info.filename, "is encrypted")


def _expand(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> bytes:
    """Expand a member in chunks, whatever size it declares."""
    allowed = min(MAX_BYTES, max(FREE, RATIO * info.compress_size))
    content = bytearray()
    with archive.open(info) as stream:
        while piece := stream.read(CHUNK):
            content += piece
            if len(content) > allowed:
                reason = f"expands to more than {allowed >> 20} MiB"
                raise InputRefused(path, info.filename, reason)
    return bytes(content)
