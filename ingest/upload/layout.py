"""Layout of uploaded exports in a folder of their own, as a command would find them.

File names come from strangers. A plain base name is kept, since sources use names; any other is
replaced, with a warning. Archives are unpacked within bounds, each into a folder of its own
name, unless the source reads them itself.
"""

import json
import os
import re
import shutil
import time
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

import pandas as pd

from graph.frames import FILE
from graph.journal.failed_reads import UPLOAD_FOLDER
from ingest.files.archives import ARCHIVES, Bounds, Member, is_zip, zip_members
from ingest.files.bounded import GZIP
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Request, Sent, Source, Upload

FOLDER = "uploaded"  # the default scope of a source
OLD = 3600.0  # seconds; an older upload folder is left over
MAX_HEAD = 8 << 20  # bytes
CHUNK = 1 << 20
MAX_NAME = 240  # bytes
MAX_STEPS, MAX_PATH = 24, 1_000  # folder depth, and characters, of a name in an archive
LISTED = 20  # replaced names that are listed singly
SHOWN = 120  # characters of a replaced name that are shown
NAME = re.compile(r"[\w.@+=,:;%$(){}\[\]#~&!' -]{1,200}")
DEVICE = re.compile(r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\..*)?", re.IGNORECASE)
ENDING = re.compile(r"(?:\.[A-Za-z][A-Za-z0-9]{0,7}){1,2}$")
OURS = re.compile(r"upload-\d+(?:\.[a-z][a-z0-9]*){0,2}")
SYSTEM = {"__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini"}  # added by archivers


@dataclass(frozen=True, slots=True)
class Order:
    """The app's request that precedes the bytes of the files.

    `folder` is where the files are laid out, and is removed at the end; `memory` and `expanded` are
    bounds in MiB, of the process (0: none) and of the archives' content.
    """

    source: str
    scope: str
    taken_at: str
    answer: str
    folder: Path
    files: tuple[tuple[str, int], ...]
    memory: int = 0
    expanded: int = 512
    members: int = 5_000


def read_order(stream: BinaryIO) -> Order:
    """Read the order before the files: four bytes of length, and as much JSON."""
    try:
        head = json.loads(_exactly(stream, int.from_bytes(_exactly(stream, 4))))
        files = tuple((str(name), int(size)) for name, size in head.pop("files"))
        return Order(files=files, folder=Path(head.pop("folder")), **head)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _cut() from None


def _exactly(stream: BinaryIO, size: int) -> bytes:
    if size > MAX_HEAD:
        raise _cut()
    return b"".join(_pieces(stream, size))


def _pieces(stream: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = stream.read(min(size, CHUNK))
        if not piece:
            raise _cut()
        size -= len(piece)
        yield piece


def _cut() -> InputRefused:
    return InputRefused("the upload", "", "did not arrive whole")


@contextmanager
def own_folder(folder: Path) -> Iterator[Path]:
    """Make the folder of an upload and remove it at the end, with any left-over ones.

    Raises
    ------
    InputRefused
        If it cannot be made.
    """
    _sweep(folder.parent)
    try:
        folder.mkdir(mode=0o700)
        inner = folder / FOLDER
        inner.mkdir(mode=0o700)
    except OSError as error:
        raise InputRefused("the upload", "", f"has no place here: {error.strerror}") from None
    try:
        yield inner.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Remove the folders of uploads whose process and app were both killed."""
    for folder in parent.glob(f"{UPLOAD_FOLDER}*"):
        try:
            status = folder.lstat()
            ours = status.st_uid == os.getuid()
        except (OSError, AttributeError):
            continue
        if ours and time.time() - status.st_mtime > OLD:
            shutil.rmtree(folder, ignore_errors=True)


# -- names -----------------------------------------------------------------------------------------


def is_plain(name: str) -> bool:
    """Return whether a name may be kept: letters, digits and a few signs, and no device.

    >>> [is_plain(n) for n in (".mcp.json", "access list (1).csv", "a/b", "..", "nul.txt", "<b>")]
    [True, True, False, False, False, False]
    """
    if not NAME.fullmatch(name) or DEVICE.fullmatch(name) or len(name.encode()) > MAX_NAME:
        return False
    return name.strip(" ") == name and not name.endswith(".")


def ending(name: str) -> str:
    """Return the plain ending of a name; "" if it has none.

    >>> ending("a/../log.json.gz"), ending("x.csv/../../etc"), ending("a.b c")
    ('.json.gz', '', '')
    """
    match = ENDING.search(name)
    return match.group().lower() if match else ""


@dataclass
class Names:
    """Assignment of names within folders: unchanged where possible, else replaced and recorded."""

    places: dict[tuple[Path, str], Path] = field(default_factory=dict)
    taken: set[tuple[Path, str]] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)

    def place(self, folder: Path, sent_name: str) -> Path:
        """Return the path for a file as it was sent; equal names get different paths."""
        name = unicodedata.normalize("NFC", sent_name)
        if not is_plain(name) or (folder, name.casefold()) in self.taken:
            name = self._replace(folder, sent_name)
        self.taken.add((folder, name.casefold()))
        self.places[folder, sent_name] = folder / name
        return folder / name

    def step(self, folder: Path, sent_name: str) -> Path:
        """Return the path for a folder as it was sent, the same path each time."""
        return self.places.get((folder, sent_name)) or self.place(folder, sent_name)

    def _replace(self, folder: Path, sent_name: str) -> str:
        """Return a replacement name that is unique in `folder`."""
        number = len(self.replaced) + 1
        while (folder, (name := f"upload-{number}{ending(sent_name)}")) in self.taken:
            number += 1
        self.replaced[name] = shown(sent_name)
        return name


def shown(name: str) -> str:
    """Return a name for messages: redacted and shortened."""
    clean = redact_text(name[: 4 * SHOWN])
    return clean if len(clean) <= SHOWN else f"{clean[:SHOWN]}…"


# -- files -----------------------------------------------------------------------------------------


@dataclass
class Received:
    """An upload in `folder`: the paths to read, and the names of its files."""

    folder: Path
    names: Names = field(default_factory=Names)
    paths: Sequence[Path] = ()

    def text(self, message: str) -> str:
        """Replace our names in a message by those that the sender knows."""
        bare = message.replace(f"{self.folder}/", "").replace(str(self.folder), "the upload")
        known = self.names.replaced
        return OURS.sub(lambda match: known.get(match.group(), match.group()), bare)

    def refused(self, error: InputRefused) -> InputRefused:
        """Return an error with the names that the sender knows."""
        file, place = self.text(error.file)[: 4 * SHOWN], redact_text(error.place)[: 4 * SHOWN]
        return InputRefused(file, place, self.text(error.reason))

    def named(self, source: Source) -> Source:
        """Return the source with file names in its results that the sender knows."""

        def read(request: Request) -> Reading:
            try:
                reading = source.read(request)
            except InputRefused as error:
                raise self.refused(error) from error
            rejected = [replace(r, file=self.text(r.file)) for r in reading.rejected]
            warnings = [*self._notes(), *map(self.text, reading.warnings)]
            rows = {element: self._filed(frame) for element, frame in reading.rows.items()}
            return replace(reading, rejected=rejected, warnings=warnings, rows=rows)

        return replace(source, read=read)

    def _filed(self, frame: pd.DataFrame) -> pd.DataFrame:
        if FILE not in frame:
            return frame
        files = frame[FILE].astype("string")
        names = {file: self.text(file) for file in files.dropna().unique()}
        return frame.assign(**{FILE: files.map(names).astype("string")})

    def _notes(self) -> list[str]:
        """Return a warning for each replaced name."""
        notes = [f"{was}: read as {name}" for name, was in self.names.replaced.items()]
        more = len(notes) - LISTED
        return notes[:LISTED] + ([f"{more} more names were replaced"] if more > 0 else [])


def lay_out(order: Order, stream: BinaryIO, upload: Upload, folder: Path) -> Received:
    """Write the files of an upload into `folder`, unpack its archives, and return what to read.

    Raises
    ------
    InputRefused
        If it is truncated, an archive is unsafe, or the source needs more.
    """
    received = Received(folder)
    try:
        paths = [_write(stream, size, folder, name, received) for name, size in order.files]
        if upload.unpack:
            paths = _unpack(paths, order, received)
        received.paths = upload.lay_out(Sent(folder, tuple(paths), order.answer))
    except InputRefused as error:
        raise received.refused(error) from None
    except OSError as error:
        raise InputRefused("the upload", "", f"cannot be kept: {error.strerror}") from None
    return received


def _write(stream: BinaryIO, size: int, folder: Path, name: str, received: Received) -> Path:
    file = received.names.place(folder, name)
    with file.open("xb") as target:
        for piece in _pieces(stream, size):
            target.write(piece)
    return file


def _unpack(paths: list[Path], order: Order, received: Received) -> list[Path]:
    """Replace each archive by a folder; the bounds apply to all of them together."""
    unpacked: list[Path] = []
    members, total = order.members, order.expanded << 20
    for path in paths:
        if not is_zip(path):
            unpacked.append(path)
            continue
        bounds = Bounds(members, total, tuple(a for a in ARCHIVES if not a.startswith(GZIP)))
        folder, count, size = _unpack_one(path, bounds, received)
        members, total = members - count, total - size
        unpacked.append(folder)
    return unpacked


def _unpack_one(path: Path, bounds: Bounds, received: Received) -> tuple[Path, int, int]:
    aside = received.folder.parent / f"archive-{path.name}"
    path.rename(aside)
    top = received.names.place(received.folder, re.sub(r"(?i)\.zip$", "", path.name) or "archive")
    count = size = 0
    try:
        for member in zip_members(aside, bounds):
            steps = PurePosixPath(member.name.replace("\\", "/")).parts
            if not steps or SYSTEM & set(steps):
                continue
            file = _place(steps, top, received)
            file.write_bytes(member.data)
            _date(file, member)
            count, size = count + 1, size + len(member.data)
    except InputRefused as error:
        raise InputRefused(path, error.place, error.reason) from None
    finally:
        aside.unlink(missing_ok=True)
    if not count:
        raise InputRefused(path, "", "holds no files")
    return _entered(top), count, size


def _place(steps: Sequence[str], top: Path, received: Received) -> Path:
    """Make the folders of a file of an archive, and return its path."""
    full_name = "/".join(steps)
    if len(steps) > MAX_STEPS or len(full_name) > MAX_PATH:
        raise InputRefused("", shown(full_name), "has a name too long, or lies too deep")
    here = top
    for step in steps[:-1]:
        here = received.names.step(here, step)
    try:
        here.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise InputRefused("", shown(full_name), "lies below a file") from None
    if (here, steps[-1]) in received.names.places:
        raise InputRefused("", shown(full_name), "is in the archive twice")
    return received.names.place(here, steps[-1])


def _date(file: Path, member: Member) -> None:
    """Set the time of a file to that in the archive: some exports have no other date."""
    try:
        written = datetime(*member.written, tzinfo=UTC).timestamp()
    except ValueError:
        return
    if member.written[0] > 1980:  # archivers write this year if they know none
        os.utime(file, (min(written, time.time()),) * 2)


def _entered(top: Path) -> Path:
    """Return the folder that was packed: the only one within the archive, or the archive's own."""
    inside = list(top.iterdir())
    only = inside[0] if len(inside) == 1 else top
    return only if only.is_dir() and not only.name.startswith(".") else top
