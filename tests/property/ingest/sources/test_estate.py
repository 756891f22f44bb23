"""What is written as a native estate is read back as it was, whatever it says."""

import csv
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.element import Dtype, Node, Relationship
from graph.facts import LazyFrames
from graph.frames import conform
from graph.schema import AGENT, DECISION_RECORD, FACT_NODES, LEVELS, RELATIONSHIPS, ROLE_POLICY
from graph.values import canonical
from ingest.files.tables import read_table
from ingest.sources.estate.manifest import Manifest
from ingest.sources.estate.native import TABLE_FILES, columns, read_estate
from ingest.sources.estate.writing import write_estate

WRITTEN = (*FACT_NODES, *RELATIONSHIPS, *TABLE_FILES.values())  # what the format has
STAMP = {"source": "estate", "scope": "acme"}
MANIFEST = Manifest(pd.Timestamp("2026-08-01T00:00:00Z"), 'a "scope"\\ü')
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
INSTANT = st.datetimes(pd.Timestamp(1971, 1, 1), pd.Timestamp(2200, 1, 1)).map(
    lambda t: pd.Timestamp(t, tz="UTC").floor("ms")
)
POSTURE = st.fixed_dictionaries({}, optional={"grade": TEXT, "tdr_bp": st.integers(0, 10_000)})
VALUES = {
    Dtype.TEXT: TEXT,
    Dtype.COUNT: st.integers(-(2**63), 2**63 - 1),
    Dtype.NUMBER: st.floats(allow_nan=False, allow_infinity=False),
    Dtype.FLAG: st.booleans(),
    Dtype.INSTANT: INSTANT,
    Dtype.INSTANTS: st.dictionaries(st.sampled_from(LEVELS), INSTANT.map(lambda t: t.isoformat())),
    Dtype.TEXTS: st.lists(TEXT, max_size=3),
    Dtype.JSON: st.lists(st.dictionaries(TEXT, st.integers() | TEXT, max_size=2), max_size=2),
}


def value(element, column):
    if column.choices:
        one = st.sampled_from(column.choices)
        return one if column.dtype is Dtype.TEXT else st.lists(one, max_size=2).map(canonical)
    if column.within is not None:
        return st.floats(*column.within)
    if element is DECISION_RECORD and column.dtype is Dtype.JSON:
        return POSTURE.filter(bool).map(canonical)
    found = VALUES[column.dtype]
    return (
        found.map(canonical) if column.dtype in (Dtype.TEXTS, Dtype.INSTANTS, Dtype.JSON) else found
    )


def row(element):
    required = {c.name: value(element, c) for c in element.columns if c.required}
    written = [c for c in element.columns if c.name in columns(element)]
    optional = {c.name: value(element, c) for c in written if c.name not in required}
    required |= {name: st.just(said) for name, said in STAMP.items()}
    return st.fixed_dictionaries(required, optional=optional)


def frame(element):
    key = ("source_id", "target_id") if isinstance(element, Relationship) else ("id",)
    rows = st.lists(row(element), max_size=4, unique_by=lambda r: tuple(r[k] for k in key))
    return rows.map(lambda said: conform(pd.DataFrame(said, dtype=object), element).frame)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@given(data=st.data())
@settings(max_examples=25)
def test_written_frames_are_read_back(suffix, data):
    elements = data.draw(st.lists(st.sampled_from(WRITTEN), max_size=2, unique=True))
    frames = {e: data.draw(frame(e), label=e.name) for e in elements}
    with tempfile.TemporaryDirectory() as folder:
        write_estate(frames, Path(folder), MANIFEST, suffix)
        read = read_estate(Path(folder))
    assert (read.scope, read.taken_at) == (MANIFEST.scope, MANIFEST.taken_at)
    assert (read.rejected, read.warnings) == ([], [])
    assert read.rows.keys() == {e for e in frames if len(frames[e])}
    for element, raw in read.rows.items():
        again = conform(raw.assign(**STAMP), element)
        assert again.rejected.empty, again.rejected.to_dict("records")
        pd.testing.assert_frame_equal(again.frame, frames[element])


CELL = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=5), st.sampled_from(["\n", "\r\n"])
)
def test_csv_reads_as_the_standard_library_reads_it(rows, end):
    """Either way of reading, the quick or the careful one, agrees with Python's own reader."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(
                [["a", "b"], *rows]
            )
        found = read_table(path)
    read = found.frame[["a", "b"]].astype(object).fillna("").to_numpy().tolist()
    assert (read, found.rejected) == (rows, [])


def test_the_frames_of_every_element_can_be_written(tmp_path):
    """A store hands over frames of all elements, most of them empty; empty ones leave no file."""
    whole = LazyFrames(lambda e: conform(pd.DataFrame(), e).frame)
    write_estate(whole, tmp_path, MANIFEST)
    assert [p.name for p in tmp_path.iterdir()] == ["estate.toml"]
    assert read_estate(tmp_path).rows == {}
    assert all(isinstance(e, Node | Relationship) or e.name for e in whole)


def test_tables_that_are_internal_are_left_out(tmp_path):
    """What a reading keeps for other readings has no file in the format."""
    row = {"id": "r", "principal": "r", "policy": "{}", "source": "aws", "scope": "1"}
    kept = {ROLE_POLICY: conform(pd.DataFrame([row]), ROLE_POLICY).frame}
    assert len(kept[ROLE_POLICY]) == 1
    write_estate(kept, tmp_path, MANIFEST)
    assert [p.name for p in tmp_path.iterdir()] == ["estate.toml"]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("name", ["=1", "'=1", "''=1", "' @x", "'tis", "'\uff1d"])
def test_an_apostrophe_before_a_formula_is_read_back(suffix, name, tmp_path):
    """An export in CSV puts one there, which reading takes off: one of the text itself stays."""
    frames = {AGENT: conform(pd.DataFrame([STAMP | {"id": "a", "name": name}]), AGENT).frame}
    write_estate(frames, tmp_path / "estate", MANIFEST, suffix)
    assert read_estate(tmp_path / "estate").rows[AGENT]["name"].tolist() == [name]
