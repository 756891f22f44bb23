"""Files that describe a change: what they may hold, and where a wrong one is wrong."""

from pathlib import Path

import pytest

from app.cli.options.change_file import Change, read_change
from graph.files.regular import InputRefused


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.toml", 'remove = ["k1"]\ngrant = ["a,read,x"]'),
        ("c.json", '{"remove": ["k1"], "grant": ["a,read,x"]}'),
    ],
)
def test_both_formats_have_one_shape(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert read_change(tmp_path / name) == Change(("k1",), ("a,read,x",))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('remove = "k1"', "/remove"),
        ("grant = [1]", "/grant/0"),
        ('removed = ["k1"]', "/removed"),
        ("remove = []", ""),
        ("remove = [", ""),
        ("", ""),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(InputRefused) as refused:
        read_change(tmp_path / "c.toml")
    assert refused.value.place == place


@pytest.mark.parametrize("text", ["[]", "null", "[" * 100_000])
def test_json_that_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(InputRefused):
        read_change(tmp_path / "c.json")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRefused, match="no such file"):
        read_change(tmp_path / "c.toml")
