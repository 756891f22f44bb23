"""A Parquet file is added up before it is decoded: what stands for more than it may is refused."""

import struct
from contextlib import suppress
from io import BufferedReader, BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.files import tables
from ingest.files.parquet_pages import check_pages
from ingest.files.tables import read_table
from ingest.files.text_files import Limits
from ingest.source import InputRefused

MIB = 1 << 20
FEW = Limits(free=MIB, ratio=2)  # so that small files show what large ones do
LONG = "x" * 3 * MIB


def lists(count):
    return pa.array([["a"] * count])


# What takes more than a mebibyte, and how it is written; each file is smaller than 100 kB. It is
# made where it is tried: all of it takes hundreds of megabytes, in every process that collects.
BOMBS = {
    "rows of one value": lambda: ({"id": ["bot"] * 50_000}, {}),
    "rows of nothing": lambda: ({"id": pa.nulls(50_000, pa.string())}, {}),
    "rows of nulls": lambda: ({"id": pa.nulls(50_000)}, {}),
    "one list": lambda: ({"id": lists(200_000)}, {}),
    "one list, no dictionary": lambda: ({"id": lists(200_000)}, {"use_dictionary": False}),
    "one text": lambda: ({"id": [LONG]}, {}),
    "one text, plain": lambda: ({"id": [LONG]}, {"use_dictionary": False}),
    "one text in many rows": lambda: ({"id": ["x" * 60_000] * 2000}, {}),
    "one text in a list": lambda: ({"id": pa.array([["x" * 60_000] * 2000])}, {}),
    "one text in a map": lambda: (
        {"id": pa.array([[("k", "x" * 60_000)]] * 2000, pa.map_(pa.string(), pa.string()))},
        {},
    ),
    "one text in a record": lambda: ({"id": [{"a": "x" * 60_000}] * 2000}, {}),
    "one beginning": lambda: (
        {"id": [f"{'x' * 60_000}{n:06}" for n in range(500)]},
        {"use_dictionary": False, "column_encoding": {"id": "DELTA_BYTE_ARRAY"}},
    ),
    "truths": lambda: ({"id": [True] * 100_000}, {}),
    "numbers": lambda: ({"id": [7] * 100_000}, {}),
    "groups of rows": lambda: ({"id": ["bot"] * 20_000}, {"row_group_size": 1000}),
    "pages of the second version": lambda: ({"id": ["bot"] * 50_000}, {"data_page_version": "2.0"}),
}
BEFORE_DECODING = BOMBS.keys() - {
    *("one text in many rows", "one text in a list", "one text in a map", "one text in a record")
}


def written(path: Path, bomb: str) -> Path:
    columns, options = BOMBS[bomb]()
    pq.write_table(pa.table(columns), path, compression="zstd", **options)
    assert path.stat().st_size < 100_000
    return path


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_takes_more_than_it_may_is_refused(tmp_path, bomb):
    path = written(tmp_path / "t.parquet", bomb)
    with pytest.raises(InputRefused, match="expands to more than"):
        read_table(path, FEW)
    if bomb != "one beginning":  # that encoding is not read as a dictionary, whatever its size
        assert len(read_table(path, Limits()).frame) >= 1


@pytest.mark.parametrize("bomb", sorted(BEFORE_DECODING))
def test_it_is_refused_before_anything_is_decoded(tmp_path, monkeypatch, bomb):
    monkeypatch.setattr(tables.pq, "ParquetFile", lambda *_, **__: pytest.fail("was decoded"))
    with pytest.raises(InputRefused, match="expands to more than"):
        read_table(written(tmp_path / "t.parquet", bomb), FEW)


def test_without_the_look_ahead_rows_of_one_value_are_read(tmp_path, monkeypatch):
    """What the values take says nothing of what a row takes."""
    path = written(tmp_path / "t.parquet", "rows of one value")
    monkeypatch.setattr(tables, "check_pages", lambda *_: None)
    assert len(read_table(path, FEW).frame) == 50_000


def test_without_the_look_ahead_a_text_is_decoded_first(tmp_path, monkeypatch):
    path = written(tmp_path / "t.parquet", "one text")
    monkeypatch.setattr(tables, "check_pages", lambda *_: None)
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(InputRefused, match="expands to more than"):
        read_table(path, FEW)
    assert pa.default_memory_pool().max_memory() >= max(before, 3 * MIB)


def test_a_large_footer_is_not_parsed(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    table = pa.table({"id": ["a"]}).replace_schema_metadata({"k": "x" * 4096})
    pq.write_table(table, path)
    monkeypatch.setenv("TRUSTDEBT_MAX_PARQUET_FOOTER_BYTES", "4096")
    with pytest.raises(InputRefused, match="has a footer of more than 4096 bytes"):
        read_table(path)


@pytest.mark.parametrize("length", [0, 1, 1 << 20, (1 << 32) - 1])
def test_a_footer_that_is_not_there(tmp_path, length):
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1" + b"\0" * 64 + struct.pack("<I", length) + b"PAR1")
    with pytest.raises(InputRefused, match="is not a Parquet file"):
        read_table(path)


def test_the_bounds_on_rows_and_pages(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"id": [str(n) for n in range(300)]}), path, row_group_size=100)
    assert len(read_table(path, Limits(rows=300)).frame) == 300
    with pytest.raises(InputRefused, match="has more than 299 rows"):
        read_table(path, Limits(rows=299))
    monkeypatch.setenv("TRUSTDEBT_MAX_PARQUET_PAGES", "5")  # of a dictionary and of values, thrice
    with pytest.raises(InputRefused, match="has more than 5 pages"):
        read_table(path)


def small() -> bytes:
    sink = pa.BufferOutputStream()
    columns = {"id": ["a", "b", None], "l": [["x"], [], None], "n": [1, 2, 3]}
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


@given(st.data())
def test_a_damaged_file_is_read_or_refused(tmp_path_factory, data):
    """Bytes of it changed, anywhere: the look ahead never ends in a fault of its own."""
    said = bytearray(small())
    for _ in range(data.draw(st.integers(1, 4))):
        said[data.draw(st.integers(0, len(said) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "t.parquet"
    path.write_bytes(said)
    with suppress(InputRefused):
        read_table(path)


def test_what_a_plain_file_takes_is_counted_from_its_pages(tmp_path):
    """Three values of eight bytes: 24 and the page itself, beside three rows of 256."""
    sink = BytesIO()
    table = pa.table({"n": pa.array([1, 2, 3], pa.int64())})
    pq.write_table(table, sink, use_dictionary=False, compression="none", write_statistics=False)
    size = len(sink.getvalue())

    def allowed(most: int) -> bool:
        file = BufferedReader(BytesIO(sink.getvalue()))  # type: ignore[arg-type]
        try:
            check_pages(file, tmp_path, Limits(free=most, ratio=0), size)
        except InputRefused:
            return False
        return True

    levels = 6  # bytes: the length of the run, and the run that says that no value is missing
    most = 3 * 256 + 3 * 8 + (3 * 8 + levels)
    assert allowed(most)
    assert not allowed(most - 1)
