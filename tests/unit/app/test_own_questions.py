"""Questions from a folder of one's own: beside those of the program, or refused with the reason."""

from pathlib import Path

import pytest

from app import questions
from app.questions import LARGEST, VARIABLE, all_questions, library

GOOD = 'question = "How many?"\nwhy = "w."\nsql = "SELECT count(*) AS n FROM Agent"\n'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a folder of one's own."""
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def test_a_file_of_ones_own_is_a_question_and_a_change_is_seen(folder: Path) -> None:
    before = len(all_questions())
    (folder / "how_many.toml").write_text(GOOD)
    (folder / "notes.txt").write_text("no question")
    assert len(all_questions()) == before + 1
    assert library().own == {"how_many"}
    assert all_questions()["how_many"].question == "How many?"
    (folder / "how_many.toml").write_text(GOOD.replace("How many?", "How many agents?"))
    assert all_questions()["how_many"].question == "How many agents?"
    (folder / "how_many.toml").unlink()
    assert len(all_questions()) == before


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("n", "question = ", "n: "),
        ("n", GOOD.replace("SELECT count(*) AS n FROM Agent", "DROP TABLE Agent"), "one SELECT"),
        ("n", GOOD.replace("SELECT count(*)", "SELECT 1; SELECT count(*)"), "one SELECT"),
        ("n", GOOD.replace("SELECT count(*) AS n FROM Agent", "COPY Agent TO 'x'"), "one SELECT"),
        ("n", GOOD.replace("SELECT count(*)", "SELEKT count(*)"), "n: sql: "),
        ("n", GOOD.replace('"w."', "3"), "why is no text"),
        ("n", GOOD + "[parameters.days]\nsays = 'd'\ndefault = 1.5\n", "whole number"),
        ("n", GOOD + "[parameters]\ndays = 3\n", "parameters.days is no table"),
        ("n", GOOD + "[parameters.as_of]\nsays = 'd'\ndefault = 1\n", "has $as_of already"),
        ("grants_of", GOOD, "comes with the program"),
        ("Bad Name!", GOOD, "only small letters"),
        ("n", GOOD + "#" * LARGEST, "larger than 64 KiB"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason_and_the_others_stay(
    folder: Path, name: str, text: str, words: str
) -> None:
    (folder / "right.toml").write_text(GOOD)
    (folder / f"{name}.toml").write_text(text)
    known = library()
    assert known.own == {"right"}
    (reason,) = known.refused
    assert reason.startswith(f"{name}: ")
    assert words in reason


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    (folder / "n.toml").write_bytes(b"\xff\xfe\x00")
    assert library().refused == ("n: it cannot be read as text in UTF-8",)


def test_too_many_files_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "MOST", 9)
    for at in range(10):
        (folder / f"q{at:04}.toml").write_text(GOOD)
    assert len(library().own) == 9
    assert "only the first 9 files" in library().refused[-1]


def test_a_folder_that_is_not_there_is_told_and_the_rest_works(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(folder / "nowhere"))
    assert VARIABLE in library().refused[0]
    assert "grants_of" in library().questions
