"""Exports with anything in any place: read, set aside or refused, and never a fault."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.frames import conform
from ingest.source import InputRefused, Reading, Request, Source
from tests.support.exports.small_exports import DOCUMENTS
from tests.support.search import worlds

ODD = st.sampled_from(
    [None, True, 0, -1, 1e300, 2**70, "", " ", "*", "\u202e", "x" * 3000, "a/b~c", "https://[",
     "\ufdd0", [], [[]], [None], ["x", 1], {}, {"": ""}, {"name": {}}, [{"id": []}]]
)  # fmt: skip


def steps(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every place of a document."""
    parts: Any = enumerate(value) if isinstance(value, list) else ()
    found = [above]
    for key, part in value.items() if isinstance(value, dict) else parts:
        found += steps(part, (*above, key))
    return found


def replaced(document: Any, way: tuple[Any, ...], by: Any) -> Any:
    """Return the document with one place replaced."""
    if not way:
        return by
    changed = copy.deepcopy(document)
    here = changed
    for step in way[:-1]:
        here = here[step]
    here[way[-1]] = by
    return changed


def outcome(source: Source, path: Path) -> Reading | None:
    """Read a file; None where it is refused."""
    try:
        reading = source.read(Request([path], "demo", None))
    except InputRefused:
        return None
    for element, rows in reading.rows.items():
        conform(rows.assign(source="x", scope="demo"), element)
    return reading


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_documents_are_read_as_they_are(folder: Path, name: str) -> None:
    """Else the places below would be replaced in something that nobody looks into."""
    source, document = DOCUMENTS[name]
    path = folder / f"{name}.json"
    path.write_text(json.dumps(document))
    reading = outcome(source, path)
    assert reading is not None
    assert reading.rows


@pytest.mark.parametrize("name", DOCUMENTS)
def test_anything_anywhere_is_read_set_aside_or_refused(folder: Path, name: str) -> None:
    source, document = DOCUMENTS[name]
    path = folder / f"{name}.json"

    @settings(max_examples=worlds(8, 150))
    @given(way=st.sampled_from(steps(document)), by=ODD, other=st.sampled_from(steps(document)))
    def check(way: tuple[Any, ...], by: Any, other: tuple[Any, ...]) -> None:
        changed = replaced(document, way, by)
        if way != other[: len(way)] and way[: len(other)] != other:
            changed = replaced(changed, other, by)
        path.write_text(json.dumps(changed))
        outcome(source, path)

    check()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_cut_file_is_refused_or_partial(folder: Path, name: str) -> None:
    """No prefix of a document is taken for the whole of it."""
    source, document = DOCUMENTS[name]
    said = json.dumps(document)
    path = folder / f"{name}-cut.json"

    @settings(max_examples=worlds(5, 75))
    @given(st.integers(0, len(said) - 1))
    def check(length: int) -> None:
        path.write_text(said[:length])
        assert outcome(source, path) is None

    check()


WRITERS: dict[str, Callable[[str], bytes]] = {
    "byte order mark": lambda said: b"\xef\xbb\xbf" + said.encode(),
    "UTF-16": lambda said: said.encode("utf-16"),
}


@pytest.mark.parametrize("way", WRITERS)
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_encoding_makes_no_difference(folder: Path, name: str, way: str) -> None:
    source, document = DOCUMENTS[name]
    plain, marked = folder / "plain.json", folder / "marked.json"
    plain.write_text(json.dumps(document))
    marked.write_bytes(WRITERS[way](json.dumps(document)))
    first, second = outcome(source, plain), outcome(source, marked)
    assert first is not None
    assert second is not None
    for element, rows in first.rows.items():
        kept = [c for c in rows.columns if c not in ("_file", "id")]
        assert len(rows[kept]) == len(second.rows[element])
