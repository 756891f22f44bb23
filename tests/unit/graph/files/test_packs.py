"""Packs: anybody can check the files, and no byte of one may differ from what was written."""

import shutil
import subprocess
from pathlib import Path

import pytest

from graph.files.packs import MANIFEST, beside, check_pack, with_manifest, write_pack, zipped
from graph.files.regular import InputRefused

FILES = with_manifest({"chain.json": b'{"chain":[]}', "proofs/0001.json": b'{"claim":1}'})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_pack(FILES, tmp_path / "pack")
    return tmp_path / "pack"


def test_what_was_written_is_right(folder: Path, tmp_path: Path):
    write_pack(FILES, tmp_path / "pack.zip")
    assert (check_pack(folder).files, check_pack(folder).wrong) == (2, ())
    assert (check_pack(tmp_path / "pack.zip").files, check_pack(tmp_path / "pack.zip").wrong) == (
        2,
        (),
    )


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_sha256sum_checks_the_files(folder: Path):
    line = ["sha256sum", "--strict", "-c", MANIFEST]
    assert subprocess.run(line, cwd=folder, check=False, capture_output=True).returncode == 0
    (folder / "chain.json").write_bytes(b'{"chain":[1]}')
    assert subprocess.run(line, cwd=folder, check=False, capture_output=True).returncode != 0


def test_one_changed_bit_is_found_at_every_byte_of_a_zip(tmp_path: Path):
    content, path = zipped(FILES), tmp_path / "pack.zip"
    missed = []
    for place in range(len(content)):
        for bit in (0, 5):  # the fifth tells small letters from capital ones
            changed = bytearray(content)
            changed[place] ^= 1 << bit
            path.write_bytes(changed)
            try:
                found = bool(check_pack(path).wrong)
            except InputRefused:
                found = True
            missed += [] if found else [(place, bit)]
    assert missed == []


def test_one_changed_bit_is_found_at_every_byte_of_a_folder(folder: Path):
    missed = []
    for name, content in FILES.items():
        for place in range(len(content)):
            for bit in (0, 5):
                changed = bytearray(content)
                changed[place] ^= 1 << bit
                (folder / name).write_bytes(changed)
                missed += [] if check_pack(folder).wrong else [(name, place, bit)]
        (folder / name).write_bytes(content)
    assert missed == []


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="no sha256sum here")
def test_sha256sum_alone_misses_a_change_of_the_manifest(folder: Path):
    """The twin: capital letters in a digest, which sha256sum takes for the same."""
    listed = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).write_bytes(listed.replace(listed[:64], listed[:64].upper()))
    line = ["sha256sum", "-c", MANIFEST]
    assert subprocess.run(line, cwd=folder, check=False, capture_output=True).returncode == 0
    assert check_pack(folder).wrong


@pytest.mark.parametrize("name", ["more.json", "proofs/0002.json"])
def test_a_file_too_many_or_missing_is_found(folder: Path, name: str):
    (folder / name).write_bytes(b"{}")
    assert check_pack(folder).wrong == ((name, "is not in the manifest"),)
    (folder / name).unlink()
    (folder / "chain.json").unlink()
    assert check_pack(folder).wrong == (("chain.json", "is missing"),)


def test_a_pack_is_written_whole_or_not_at_all(tmp_path: Path):
    taken = tmp_path / "pack"
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    with pytest.raises(OSError, match="not empty"):
        write_pack(FILES, taken)
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]
    assert [path.name for path in taken.iterdir()] == ["mine.txt"]


def test_what_an_ended_process_left_is_not_taken_along(tmp_path: Path):
    left = beside(tmp_path / "pack")
    left.mkdir()
    (left / "half.json").write_text("{")
    write_pack(FILES, tmp_path / "pack")
    assert check_pack(tmp_path / "pack").wrong == ()


def test_what_is_no_pack_is_refused(tmp_path: Path):
    with pytest.raises(InputRefused, match="no pack"):
        check_pack(tmp_path)
    (tmp_path / "x.zip").write_bytes(zipped({"a": b"a"}))
    with pytest.raises(InputRefused, match="no pack"):
        check_pack(tmp_path / "x.zip")


def test_the_same_files_give_the_same_zip():
    assert zipped(FILES) == zipped(dict(reversed(FILES.items())))
