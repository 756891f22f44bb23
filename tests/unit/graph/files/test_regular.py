"""Only regular files are opened, at once, also when a path changes after it was looked at."""

import os

import pytest

from graph.files import regular
from graph.files.regular import InputRefused, open_file, opened_path, sized_file
from tests.support.hostile.special_files import SPECIAL, StillWaiting, in_time


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_file_is_refused_at_once(tmp_path, kind):
    SPECIAL[kind](tmp_path / "x")
    with in_time(), pytest.raises(InputRefused) as refused:
        open_file(tmp_path / "x")
    assert refused.value.exit_code == 3
    assert refused.value.file == str(tmp_path / "x")


@pytest.mark.parametrize("name", ["a\0b", "a" * 5000, "", "no/such/file", "x/below a file"])
def test_a_name_of_no_file_is_refused(tmp_path, name):
    (tmp_path / "x").write_bytes(b"1")
    with pytest.raises(InputRefused):
        open_file(tmp_path / name)


def swapped(monkeypatch, path):
    """Let a pipe take the place of a file after it was looked at, and before it is opened."""
    really = os.open

    def late(file, flags, *more):
        if file == path:
            path.unlink()
            os.mkfifo(path)
        return really(file, flags, *more)

    monkeypatch.setattr(os, "open", late)


def test_a_pipe_that_takes_the_place_of_a_file_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"1")
    swapped(monkeypatch, path)
    with in_time(), pytest.raises(InputRefused, match="is not a file"):
        open_file(path)


def test_without_its_flags_it_would_wait(tmp_path, monkeypatch):
    path = tmp_path / "x"
    path.write_bytes(b"1")
    swapped(monkeypatch, path)
    monkeypatch.setattr(regular, "FLAGS", os.O_RDONLY)
    with pytest.raises(StillWaiting), in_time(0.5):
        open_file(path)


def test_a_library_reads_what_was_opened_and_not_what_took_its_place(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"first")
    with opened_path(path) as itself:
        path.unlink()
        os.mkfifo(path)
        with in_time():
            assert itself.read_bytes() == b"first"


def test_what_fails_while_it_is_read_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"1")
    with pytest.raises(InputRefused, match="Input/output"), regular.opened_file(tmp_path / "x"):
        raise OSError(5, "Input/output error")


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "x").open("wb") as file:
        file.truncate(11)
    with pytest.raises(InputRefused, match="larger than 10 bytes"), sized_file(tmp_path / "x", 10):
        pass
