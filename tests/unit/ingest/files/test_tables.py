"""Tables are read strictly: what is wrong is named with its line, and never quietly mended."""

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.files.tables import read_table
from ingest.files.text_files import Limits
from ingest.source import InputRefused

MOMENT = 1_785_542_400_000  # 2026-08-01, in milliseconds
CANARY = "AKIAIOSFODNN7EXAMPLE"  # the example key of Amazon's documentation


def cells(found):
    frame = found.frame.drop(columns=["_file"]).astype(object)
    return frame.where(frame.notna(), None).to_dict("records")


def read(tmp_path, content, name="t.csv", limits=None, **options):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path, limits or Limits(), **options)


def refused(tmp_path, content, name="t.csv", limits=None):
    with pytest.raises(InputRefused) as caught:
        read(tmp_path, content, name, limits)
    assert name in caught.value.file
    assert CANARY not in str(caught.value)
    return caught.value.place, caught.value.reason


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", ["", "\n"])
def test_rows_have_the_line_they_start_on(tmp_path, end, mark, last):
    text = end.join(["id,name", "a,Anna", "b,", 'c,"x,""y"""']) + last.replace("\n", end)
    found = read(tmp_path, mark + text.encode())
    assert cells(found) == [
        {"id": "a", "name": "Anna", "_place": "line 2"},
        {"id": "b", "name": None, "_place": "line 3"},
        {"id": "c", "name": 'x,"y"', "_place": "line 4"},
    ]


@pytest.mark.parametrize("by", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r"])  # the second is read the careful way
def test_cells_may_be_separated_as_spreadsheets_of_other_languages_do(tmp_path, by, end):
    lines = (
        by.join(cells_of) for cells_of in (("id", "name"), ("7", '"Ann; Lee, Dr."'), ("8", ""))
    )
    assert cells(read(tmp_path, end.join(lines) + end, by_others=True)) == [
        {"id": "7", "name": "Ann; Lee, Dr.", "_place": "line 2"},
        {"id": "8", "name": None, "_place": "line 3"},
    ]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("first", "by"), [("#TYPE Selected.Microsoft.ActiveDirectory.ADUser", ","), ("sep=;", ";")]
)
def test_a_line_of_the_tool_before_the_header_is_none(tmp_path, mark, first, by):
    content = f"{mark}{first}\r\nid{by}name\r\n7{by}Ann\r\n8{by}Bob{by}x\r\n"
    table = read(tmp_path, content, by_others=True)
    assert cells(table) == [{"id": "7", "name": "Ann", "_place": "line 3"}]
    assert [(r.place, r.reason) for r in table.rejected] == [
        ("line 4", "has 3 cells where the header has 2")
    ]


def test_a_comma_in_the_header_separates_whatever_else_is_there(tmp_path):
    content = "id,roles (a;b;c)\n7,a;b\n"
    assert cells(read(tmp_path, content, by_others=True)) == [
        {"id": "7", "roles (a;b;c)": "a;b", "_place": "line 2"}
    ]


def test_line_breaks_inside_quotes_and_blank_lines_do_not_shift_the_lines(tmp_path):
    found = read(tmp_path, 'id,name\n\na,"two\nlines"\n\nb,B\n')
    assert [(r["id"], r["name"], r["_place"]) for r in cells(found)] == [
        ("a", "two\nlines", "line 3"),
        ("b", "B", "line 6"),
    ]


def test_ragged_rows_are_set_aside_and_the_others_stay(tmp_path):
    found = read(tmp_path, f"id,name\na,A\nb\nc,C,{CANARY}\nd,D\n")
    assert [r["id"] for r in cells(found)] == ["a", "d"]
    assert [(r.place, r.reason) for r in found.rejected] == [
        ("line 3", "has 1 cells where the header has 2"),
        ("line 4", "has 3 cells where the header has 2"),
    ]


def test_a_quote_that_is_never_closed_is_refused_instead_of_swallowing_the_rest(tmp_path):
    text = 'id,name\na,A\nb,"B\nc,C\nd,D\n'
    assert refused(tmp_path, text) == ("line 3", "opens a quote that is never closed")
    plain = list(csv.reader(text.splitlines(keepends=True)))
    assert len(plain) == 3, "without the defence, two rows are lost without a word"


def test_a_cell_that_is_too_long_costs_its_row_only(tmp_path):
    text = "id,name\na," + "x" * 200_000 + '\nb,"B\nB"\n'
    found = read(tmp_path, text)
    assert [r["id"] for r in cells(found)] == ["b"]
    assert [(r.place, r.reason) for r in found.rejected] == [
        ("line 2", "holds a cell that is too long")
    ]


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b"", "", "is empty"),
        ("id,name\na,A\n".encode("utf-16"), "line 1", "is UTF-16 text; save it as UTF-8"),
        (b"id,name\na,A\nb,\0\n", "line 3", "holds a NUL byte; it is not text"),
        ("id,name\na,Jürgen\n".encode("latin-1"), "line 2", "is not UTF-8 text"),
        (b"id,name\na,\xe2\x82", "line 2", "is not UTF-8 text"),
        (b"id,id\na,b\n", "line 1", "names a column twice"),
        (b"id, ,name\na,b,c\n", "line 1", "has a column without a name"),
    ],
)
def test_what_is_not_a_text_table_is_refused(tmp_path, content, place, reason):
    assert refused(tmp_path, content) == (place, reason)


def test_caps(tmp_path):
    few = Limits(size=60, line=40, rows=3, columns=3)
    assert refused(tmp_path, "id\n" + "a\n" * 40, limits=few)[1] == "is larger than 60 bytes"
    assert refused(tmp_path, "id\n" + "a" * 50, limits=few) == ("line 2", "is longer than 40 bytes")
    assert refused(tmp_path, "id\na\nb\nc\nd\n", limits=few)[1] == "has more than 3 rows"
    assert refused(tmp_path, "a,b,c,d\n1,2,3,4\n", limits=few)[1] == "has more than 3 columns"


def test_missing_files_and_folders_are_refused(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for name in ("folder.csv", "nowhere.csv", "nowhere.parquet", "nowhere.jsonl"):
        with pytest.raises(InputRefused):
            read_table(tmp_path / name)


def test_the_quick_way_and_the_careful_way_read_the_same(tmp_path):
    lines = [f'a{i},"[""read"",""write""]",2026-08-01,"x, y {i}",' for i in range(500)]
    quick = read(tmp_path, "id,levels,at,name,none\n" + "\n".join(lines) + "\n")
    careful = read(tmp_path, "id,levels,at,name,none\n" + "\n".join(lines) + "\n\n")
    assert quick.frame.drop(columns="_file").equals(careful.frame.drop(columns="_file"))
    assert quick.frame["levels"][0] == '["read","write"]'


# ---------------------------------------------------------------- JSON lines


def test_json_values_become_the_text_a_csv_cell_would_hold(tmp_path):
    text = '{"id":"a","n":2,"f":1.50,"t":true,"l":["b","a"],"m":{"z":1,"a":2},"x":null,"e":""}\n'
    assert cells(read(tmp_path, text + '\n{"id":"b","late":"y"}', "t.jsonl")) == [
        {"id": "a", "n": "2", "f": "1.5", "t": "true", "l": '["b","a"]', "m": '{"a":2,"z":1}',
         "x": None, "e": None, "late": None, "_place": "line 1"},
        {"id": "b", "n": None, "f": None, "t": None, "l": None, "m": None,
         "x": None, "e": None, "late": "y", "_place": "line 3"},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id":"a","id":"b"}', "repeats a key"),
        ('{"id":"a","m":{"x":1,"x":2}}', "repeats a key"),
        ('{"id":NaN}', "has a number that is not finite"),
        ('{"id":"\\ud800"}', "is not valid Unicode"),
        ('["a"]', "is not a JSON object"),
        ('{"id":', "is not JSON"),
        ('{"a":' * 100_000, "is not JSON"),
        ('{"id":' + "9" * 5_000 + "}", "is not JSON"),
        (f'{{"id": {CANARY}}}', "is not JSON"),
    ],
)
def test_lines_that_are_no_objects_are_set_aside(tmp_path, line, reason):
    found = read(tmp_path, f'{{"id":"first"}}\n{line}\n{{"id":"last"}}\n', "t.jsonl")
    assert [r["id"] for r in cells(found)] == ["first", "last"]
    assert [(r.place, r.reason) for r in found.rejected] == [("line 2", reason)]


def test_json_that_is_not_in_lines_is_refused(tmp_path):
    whole = json.dumps([{"id": "a"}], indent=1)
    assert refused(tmp_path, whole, "t.jsonl")[1] == "no line of it is a JSON object"


# ---------------------------------------------------------------- Parquet


def test_parquet_values_become_text(tmp_path):
    table = pa.table(
        {
            "id": ["a", "b"],
            "at": pa.array(
                [1_785_542_400_000, 1_785_542_400_001], pa.timestamp("ms", "Europe/Rome")
            ),
            "naive": pa.array([0, 1], pa.timestamp("us")),
            "day": pa.array([0, None], pa.date32()),
            "list": [["read", "write"], None],
            "map": pa.array([[("read", "x")], None], pa.map_(pa.string(), pa.string())),
            "flag": [True, None],
            "score": [2.5, None],
            "kind": pa.array(["x", "x"]).dictionary_encode(),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    first, second = cells(read_table(tmp_path / "t.parquet"))
    assert first == {
        "id": "a", "at": "2026-08-01T00:00:00Z", "naive": "1970-01-01T00:00:00",
        "day": "1970-01-01", "list": '["read","write"]', "map": '{"read":"x"}', "flag": "true",
        "score": "2.5", "kind": "x", "_place": "row 1",
    }  # fmt: skip
    assert (second["at"], second["list"], second["flag"]) == (
        "2026-08-01T00:00:00.001Z",
        None,
        None,
    )


@pytest.mark.parametrize("content", [b"PAR1", b"PAR1\0\0\0\0PAR1", b"id,name\na,b\n", b"\0" * 4096])
def test_broken_parquet_is_refused(tmp_path, content):
    assert refused(tmp_path, content, "t.parquet")[1] == "is not a Parquet file that can be read"


def test_truncated_parquet_and_bytes_are_refused(tmp_path):
    path = tmp_path / "whole.parquet"
    pq.write_table(pa.table({"id": [f"a{i}" for i in range(5000)]}), path)
    assert refused(tmp_path, path.read_bytes()[:-100], "t.parquet")
    pq.write_table(pa.table({"id": [b"a"]}), path)
    with pytest.raises(InputRefused):
        read_table(path)


def test_a_small_file_that_expands_is_stopped(tmp_path):
    """A few kilobytes of Parquet may stand for gigabytes of one value in every row."""
    path, rows = tmp_path / "bomb.parquet", 25_000
    indices = pa.array([0] * rows, pa.int32())
    long = pa.DictionaryArray.from_arrays(indices, pa.array(["x" * 4_000]))
    pq.write_table(pa.table({"id": long}), path)
    assert path.stat().st_size < 50_000
    with pytest.raises(InputRefused, match="expands to more than"):
        read_table(path, Limits(free=1 << 20))
    unbounded = read_table(path, Limits(free=1 << 30)).frame["id"]
    assert unbounded.str.len().sum() == 4_000 * rows, "without the bound it is 100 MB of text"
