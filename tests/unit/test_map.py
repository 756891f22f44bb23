"""The map of the tree is the tree: docs/modules.md and the drawing in CONTRIBUTING.md."""

import re
from pathlib import Path

import pytest

from tests.support import module_index

ROOT = Path(__file__).parents[2]
FOLDERS = ("ingest", "graph", "analytics", "app")


def test_the_index_of_modules_is_up_to_date() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs" / "modules.md").read_text(encoding="utf-8") == module_index.index()


def test_every_module_says_what_it_is() -> None:
    modules = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    silent = [path for path in modules if len(module_index.sentence(path)) < len("A rule.")]
    assert not silent


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ('"""One. Two."""', "One."),
        ('"""Reads e.g.files of v1.2, whole.\n\nMore."""', "Reads e.g.files of v1.2, whole."),
        ('"""No end"""', "No end"),
        ("x = 1", ""),
    ],
)
def test_the_first_sentence_is_taken(tmp_path: Path, text: str, first: str) -> None:
    (tmp_path / "module.py").write_text(text)
    assert module_index.sentence(tmp_path / "module.py") == first


def drawn() -> dict[str, set[str]]:
    """Return what the drawing in CONTRIBUTING.md names in each of the four folders."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (tree,) = re.findall(r"## The tree\n```\n(.*?)```", text, re.DOTALL)
    found: dict[str, set[str]] = {}
    for line in tree.splitlines():
        names = re.match(r" *((?:[a-z_0-9]+(?:/|\.py) ?)+)", line)
        assert names, line
        if not line.startswith(" "):
            folder = names[1].strip().rstrip("/")
            found[folder] = set()
        else:
            found[folder] |= set(names[1].split())
    return found


def test_the_drawing_names_what_is_there() -> None:
    for folder, names in drawn().items():
        assert (ROOT / folder).exists()
        assert [name for name in names if not (ROOT / folder / name).exists()] == []


def test_the_drawing_leaves_no_folder_out() -> None:
    for folder in FOLDERS:
        there = {
            f"{path.name}/"
            for path in (ROOT / folder).iterdir()
            if path.is_dir() and not path.name.startswith(("_", "."))
        }
        assert there - drawn()[folder] == set(), folder
