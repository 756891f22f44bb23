"""Packs of files with a manifest of their digests: a folder or a ZIP that anybody can check.

`sha256sum -c MANIFEST.sha256` checks the files. `check_pack` is stricter: also of the manifest and
the ZIP around it no byte may differ from what was written.
"""

import hashlib
import io
import os
import re
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from graph.files.bounds import bound
from graph.files.private import private_bytes, private_folder
from graph.files.regular import InputRefused, sized_file

MANIFEST = "MANIFEST.sha256"
ZIP = ".zip"
WHEN = (1980, 1, 1, 0, 0, 0)  # the first instant of ZIP, so that the bytes are always the same
UNIX = 3
LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)")


@dataclass(frozen=True)
class Checked:
    """The number of files in a pack, and what is wrong: the name of each file and the reason."""

    files: int
    wrong: tuple[tuple[str, str], ...]


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return the manifest of files: their digests and names, as `sha256sum` writes them."""
    lines = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(lines).encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of files, the same bytes for the same files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, WHEN)
            info.create_system, info.external_attr = UNIX, 0o600 << 16
            archive.writestr(info, files[name])
    return stream.getvalue()


def with_manifest(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return files and their manifest: a pack."""
    return {**files, MANIFEST: manifest(files)}


def write_pack(files: Mapping[str, bytes], out: Path) -> None:
    """Write a pack: a ZIP if the name ends so, else a folder.

    Nothing is half there: it is written beside its place, and then moved.

    Raises
    ------
    OSError
        Among others, `out` is a folder with something in it.
    """
    if out.suffix == ZIP:
        replace_file(out, zipped(files))
        return
    private_folder(out.parent)
    made = beside(out)
    shutil.rmtree(made, ignore_errors=True)  # of a process that was ended before
    try:
        for name, content in files.items():
            private_folder((made / name).parent)
            with private_bytes(made / name) as stream:
                stream.write(content)
        made.rename(out)  # fails if something is there, save an empty folder
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def replace_file(out: Path, content: bytes) -> None:
    """Write a file, or leave what is there as it is."""
    part = beside(out)
    try:
        with private_bytes(part) as stream:
            stream.write(content)
        part.replace(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def beside(out: Path) -> Path:
    """Return a name of this process beside `out`, for what is not whole yet."""
    return out.with_name(f".{out.name}.{os.getpid()}")


# -- checking -------------------------------------------------------------------------------------


def check_pack(path: Path) -> Checked:
    """Check a pack, byte by byte.

    Raises
    ------
    InputRefused
        It is no pack, or cannot be read.
    """
    return _of_folder(path) if path.is_dir() else _of_zip(path)


def _of_folder(path: Path) -> Checked:
    names = sorted(str(p.relative_to(path)) for p in path.rglob("*") if not p.is_dir())
    if MANIFEST not in names:
        raise InputRefused(path, "", f"is no pack: it has no {MANIFEST}")
    return _compared({name: _content(path / name) for name in names})


def _content(path: Path) -> bytes:
    with sized_file(path) as stream:
        return stream.read()


def _of_zip(path: Path) -> Checked:
    content = _content(path)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > bound("TABLE_BYTES"):
                raise InputRefused(path, "", "is larger unpacked than may be read")
            files = {info.filename: archive.read(info) for info in infos}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        return Checked(0, ((path.name, f"is no whole ZIP: {error}"),))
    if MANIFEST not in files:
        raise InputRefused(path, "", f"is no pack: it has no {MANIFEST}")
    checked = _compared(files)
    if not checked.wrong and zipped(files) != content:
        return Checked(checked.files, ((path.name, "is not the ZIP that was written"),))
    return checked


def _compared(files: Mapping[str, bytes]) -> Checked:
    """Compare files with their manifest."""
    others = {name: content for name, content in files.items() if name != MANIFEST}
    listed, wrong = _listed(files[MANIFEST])
    for name in sorted(listed.keys() | others.keys()):
        if name not in others:
            wrong.append((name, "is missing"))
        elif name not in listed:
            wrong.append((name, "is not in the manifest"))
        elif hashlib.sha256(others[name]).hexdigest() != listed[name]:
            wrong.append((name, "differs from the manifest"))
    if not wrong and manifest(others) != files[MANIFEST]:
        wrong.append((MANIFEST, "is not as it was written"))
    return Checked(len(others), tuple(wrong))


def _listed(content: bytes) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Return the digests of a manifest by name, and the lines that are none."""
    listed: dict[str, str] = {}
    wrong = []
    for place, line in enumerate(content.decode("utf-8", "replace").splitlines(), 1):
        match = LINE.fullmatch(line)
        if match is None:
            wrong.append((MANIFEST, f"line {place} is no digest and name"))
        else:
            listed[match[2]] = match[1]
    return listed, wrong
