"""Reading of files that others wrote: bounded, strict, and refused with the place."""

import gzip
import json
import os
import re
import time
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.files import bounded
from ingest.files.bounded import list_files, parse_json, read_bytes, read_json, read_text
from ingest.source import InputRefused

BAD = {
    "empty": (b"", "", "is empty"),
    "blank": (b" \n\t\n", "", "is empty"),
    "binary": (b"\x00\x01\x02{}", "line 1", "is binary, not text"),
    "latin-1": (b'{"a":\n"\xe9"}', "line 2", "is not UTF-8 text"),
    "truncated": (b'{"a": [\n1,\n2', "line 3", "the JSON text ends too early"),
    "not JSON": (b'{"a": 1}\nnonsense', "line 2", "is not JSON"),
    "single quotes": (b"{'a': 1}", "line 1", "is not JSON"),
    "repeated key": (b'{"a": {"b": 1, "c": 2, "b": 3}}', "/a/b", "a key is repeated"),
    "NaN": (b'{"a": [1, NaN]}', "/a/1", "a number is not finite"),
    "Infinity": (b'{"a": -Infinity}', "/a", "a number is not finite"),
    "beyond all floats": (b'{"a/b": 1e999}', "/a~1b", "a number is not finite"),
    "lone surrogate": (b'{"a": ["x", "\\ud800"]}', "/a/1", "text is not valid Unicode"),
    "lone surrogate as key": (b'{"\\udfff": 1}', "/", "text is not valid Unicode"),
    "long number": (b'{"a": ' + b"9" * 5000 + b"}", "", "a number has too many digits"),
    "deep": (b"[" * 100_000, "line 1", "is nested more than 100 deep"),
    "deep and whole": (b"\n" + b"[" * 101 + b"]" * 101, "line 2", "is nested more than 100 deep"),
    "deep objects": (b'{"a":' * 5000 + b"1" + b"}" * 5000, "line 1", "is nested more than 100"),
    "broken gzip": (gzip.compress(b'{"a": 1}' * 99)[:-9], "", "ends within its gzip data"),
    "no gzip": (b"\x1f\x8bnonsense", "", "is not whole gzip data"),
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_bad_file_is_refused_with_place_and_reason(name, tmp_path):
    """Each kind of broken file is refused with file, place and reason."""
    content, place, reason = BAD[name]
    file = tmp_path / "export.json"
    file.write_bytes(content)
    with pytest.raises(InputRefused, match=re.escape(reason)) as refused:
        read_json(file)
    assert (refused.value.file, refused.value.place) == (str(file), place)


GOOD = {
    "plain": '{"a": ["ä", 1.5]}'.encode(),
    "UTF-8 with mark": '{"a": ["ä", 1.5]}'.encode("utf-8-sig"),
    "UTF-16": '{"a": ["ä", 1.5]}'.encode("utf-16"),
    "UTF-16 big end first": b"\xfe\xff" + '{"a": ["ä", 1.5]}'.encode("utf-16-be"),
    "gzip": gzip.compress('{"a": ["ä", 1.5]}'.encode()),
    "gzip in two members": gzip.compress(b'{"a": [') + gzip.compress('"ä", 1.5]}'.encode()),
}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_good_file_is_read_whatever_its_encoding(name, tmp_path):
    """The same document comes out of every accepted encoding."""
    file = tmp_path / "export"
    file.write_bytes(GOOD[name])
    assert read_json(file) == {"a": ["ä", 1.5]}


def test_brackets_in_strings_are_no_depth():
    """Text with many brackets is not mistaken for nesting, nor hides it."""
    text = "[{" * 5000
    assert parse_json(json.dumps({"a": text}), "x") == {"a": text}
    with pytest.raises(InputRefused, match="nested"):
        parse_json('["' + "]" * 500 + '",' + "[" * 200 + "]" * 200 + "]", "x")


def test_whole_pair_of_surrogates_is_a_letter():
    """An emoji written as two escapes is one letter and is read."""
    assert parse_json('{"a": "\\ud83d\\ude00"}', "x") == {"a": "😀"}


def test_small_file_that_expands_to_a_gibibyte_is_stopped_early(tmp_path):
    """A compressed gibibyte is refused at the cap, without ever being held in memory."""
    file = tmp_path / "bomb.json.gz"
    stream, mebibyte = zlib.compressobj(9, wbits=31), b"0" * 1024 * 1024
    # After a full flush the same text is the same bytes again, and need not be compressed again.
    first, next_ = (stream.compress(mebibyte) + stream.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    file.write_bytes(first + next_ * 1023)
    assert file.stat().st_size < 2 * 1024 * 1024
    with gzip.open(file) as text:  # it does expand, beyond the cap at least
        assert text.read(32 * 1024 * 1024) == mebibyte * 32
    tracemalloc.start()
    try:
        with pytest.raises(InputRefused, match="is larger than 16 MiB"):
            read_text(file, max_bytes=16 * 1024 * 1024)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100 * 1024 * 1024


def test_large_plain_file_is_refused(tmp_path):
    """The cap holds for plain files too."""
    file = tmp_path / "large.json"
    file.write_bytes(b"[" + b"0," * 3000 + b"0]")
    with pytest.raises(InputRefused, match="is larger than 0 MiB"):
        read_json(file, max_bytes=5000)


@given(st.text(alphabet='[]{}",:\\ud8NaI1e9 \n', max_size=60))
def test_any_text_is_parsed_as_json_does_or_refused(said):
    """Whatever the text, the answer is that of the standard parser, or a refusal."""
    try:
        value = parse_json(said, "x")
    except InputRefused:
        return
    assert json.dumps(value) == json.dumps(json.loads(said))


def test_files_of_a_folder_are_listed_without_links_and_hidden_ones(tmp_path):
    """A link to a folder is not followed, so a loop of links ends; hidden files are left out."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_text("1")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("1")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    assert list_files(tmp_path) == [tmp_path / "a" / "one"]


@pytest.mark.parametrize("path", ["not-there.json", "bad\0name"])
def test_missing_file_is_refused(path, tmp_path):
    """A path that leads nowhere is refused."""
    with pytest.raises(InputRefused):
        list_files(tmp_path / path)


def test_pipe_is_refused_and_not_waited_for(tmp_path):
    """Something that is neither file nor folder is refused at once."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputRefused, match="neither a file nor a folder"):
        list_files(tmp_path / "pipe")


def test_a_pipe_among_files_is_listed_so_that_it_is_missed(tmp_path):
    """Nobody knows what it would have said, so it is not passed over; to read it is refused."""
    os.mkfifo(tmp_path / "pipe")
    assert list_files(tmp_path) == [tmp_path / "pipe"]
    with pytest.raises(InputRefused, match="is not a file"):
        read_bytes(tmp_path / "pipe")


def test_refusal_never_echoes_content(tmp_path):
    """The message names the place and the rule, not what stands there."""
    file = tmp_path / "export.json"
    file.write_text('{"secret": "hunter2", "secret": "hunter2"')
    with pytest.raises(InputRefused) as refused:
        read_json(file)
    assert "hunter2" not in str(refused.value)


def test_unreadable_file_is_refused(tmp_path: Path):
    """A file that may not be opened is refused, not a traceback."""
    file = tmp_path / "export.json"
    file.write_text("{}")
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(InputRefused, match="may not be read"):
        read_json(file)


def test_a_string_without_an_end_costs_no_time(tmp_path):
    """Brackets are counted outside strings; a quote that is never closed must not stall that."""
    path = tmp_path / "open.json"
    path.write_text("[" * 60 + "]" * 60 + '"' + "a" * 200_000)
    began = time.monotonic()
    with pytest.raises(InputRefused):
        read_json(path, max_depth=50)
    assert time.monotonic() - began < 5


def test_gzip_of_empty_members_is_refused(tmp_path):
    """They count nothing against the bound on bytes, so they are counted themselves."""
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b"{}") + gzip.compress(b"") * bounded.MAX_MEMBERS)
    start = time.process_time()
    with pytest.raises(InputRefused, match="has more than 10000 gzip members"):
        read_json(path)
    assert time.process_time() - start < 3


def test_gzip_of_members_is_read(tmp_path, monkeypatch):
    """As many as are allowed; and without the bound any number, whatever the time."""
    path = tmp_path / "a.json.gz"
    members = gzip.compress(b"") * (bounded.MAX_MEMBERS - 1)
    path.write_bytes(gzip.compress(b"{}") + members)
    assert read_json(path) == {}
    path.write_bytes(gzip.compress(b"{}") + members * 2)
    monkeypatch.setattr(bounded, "MAX_MEMBERS", 10**9)
    assert read_json(path) == {}
