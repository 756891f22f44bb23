"""Logs of use: folded to who used what when, alike by any engine, with nothing lost in silence."""

import gzip
import json
from pathlib import Path

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from graph.schema import USED
from ingest.rows import Rows
from ingest.source import InputRefused, Rejected
from ingest.sources.estate.native import read_estate
from ingest.usage.fold import EVENTS, KEYS, fold, fold_json, merge, merge_tables
from ingest.usage.log import read_usage

DAY = 86_400_000


def event(at: str, principal: str = "bot", outcome: str = "success", **more: str) -> dict[str, str]:
    said = {"at": at, "principal": principal, "resource": "db", "level": "read"}
    return {**said, "outcome": outcome, **more}


def log(folder: Path, lines: list[dict[str, str] | str], name: str = "day.jsonl") -> Path:
    path = folder / name
    text = "".join((x if isinstance(x, str) else json.dumps(x)) + "\n" for x in lines)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_first_last_and_count(tmp_path: Path) -> None:
    """First and last are those of successes; a failure is counted but is no use."""
    path = log(
        tmp_path,
        [
            event("2026-08-02T00:00:00Z"),
            event("2026-08-01T02:00:00+02:00"),
            event("2026-08-03T00:00:00Z", outcome="Denied"),
            event("2026-08-01T12:00:00Z", principal="other"),
        ],
    )
    rows = {r["principal"]: r for r in fold_json([path]).to_pylist()}
    bot = rows["bot"]
    assert (bot["count"], bot["failures"]) == (2, 1)
    assert bot["last_ms"] - bot["first_ms"] == DAY
    assert bot["tried_ms"] - bot["last_ms"] == DAY
    assert rows["other"]["count"] == 1


def test_milliseconds_are_kept_and_zones_understood(tmp_path: Path) -> None:
    """999 microseconds do not become the next millisecond; an offset is an offset."""
    path = log(tmp_path, [event("1970-01-01T01:00:00.001999+01:00")])
    assert fold_json([path]).to_pylist()[0]["first_ms"] == 1


def test_folding_parts_equals_folding_all(tmp_path: Path) -> None:
    """A year of days, folded one by one and merged, is the fold of the year."""
    days = [
        [event(f"2026-08-{d:02}T0{h}:00:00Z", principal=f"p{h}") for h in range(4)]
        for d in range(1, 9)
    ]
    parts = [log(tmp_path, day, f"{i}.jsonl") for i, day in enumerate(days)]
    whole = log(tmp_path, [e for day in days for e in day], "whole.jsonl")

    def rows(table: pa.Table) -> list[dict[str, object]]:
        found = [row | {"days": sorted(row["days"])} for row in table.to_pylist()]
        return sorted(found, key=lambda r: [str(r[k]) for k in KEYS])

    merged = merge_tables([fold_json([p]) for p in parts])
    assert rows(merged) == rows(fold_json([whole]))
    assert rows(merged) != rows(fold_json([parts[0]]))


def folded(paths: list[Path]) -> tuple[pd.DataFrame | None, list[Rejected]]:
    """Fold logs; return what came of it, and what was set aside."""
    gathered = Rows()
    return read_usage(paths, gathered), gathered.rejected


def test_the_expression_is_also_one_for_spark() -> None:
    """What DuckDB runs here compiles for Spark, unchanged."""
    folded = fold(ibis.table(EVENTS, name="events"))
    said = ibis.to_sql(merge(folded), dialect="pyspark")
    assert said.count("GROUP BY") == 3


def test_bad_lines_are_set_aside_and_the_rest_is_folded(tmp_path: Path) -> None:
    """No JSON, no object, no principal, a time without a zone: each is named by its line."""
    bad = ["{", "[1]", json.dumps({"at": "2026-08-01", "resource": "db"})]
    naive = event("2026-08-01T00:00:00")
    path = log(tmp_path, [event("2026-08-01T00:00:00Z"), *bad, naive, event("2026-08-05")])
    rows, rejected = folded([path])
    assert [r.place for r in rejected] == ["line 2", "line 3", "line 4", "line 5"]
    assert "without a zone" in rejected[-1].reason
    assert rows["count"].tolist() == ["2"]


@pytest.mark.parametrize("name", ["principal", "resource"])
@pytest.mark.parametrize("lacking", [{}, {"value": None}, {"value": ""}])
def test_a_line_that_does_not_name_who_used_what_is_told(
    tmp_path: Path, name: str, lacking: dict[str, str | None]
) -> None:
    """Every other line is fine, so the quick reader alone must not pass over it in silence."""
    bad: dict[str, str | None] = {**event("2026-08-01T00:00:00Z")}
    del bad[name]
    if "value" in lacking:
        bad[name] = lacking["value"]
    path = log(tmp_path, [event("2026-08-01T00:00:00Z"), json.dumps(bad)])
    rows, rejected = folded([path])
    assert [(r.place, r.reason) for r in rejected] == [("line 2", f"has no {name}")]
    assert rows["count"].tolist() == ["1"]


def test_a_level_that_is_none_is_told_with_each_line(tmp_path: Path) -> None:
    """As in `uses.jsonl`; not once for all such uses together, without a line."""
    bad = event("2026-08-01T00:00:00Z") | {"level": "Read"}
    path = log(tmp_path, [bad, event("2026-08-01T00:00:00Z"), bad])
    rows, rejected = folded([path])
    reason = "level must be one of list, read, write, admin"
    assert [(r.place, r.reason) for r in rejected] == [("line 1", reason), ("line 3", reason)]
    assert rows["level"].tolist() == ["read"]


def test_an_empty_text_is_an_absent_fact(tmp_path: Path) -> None:
    """As in a table: without a credential and without a level, one use of the principal alone."""
    bare = {k: v for k, v in event("2026-08-01T00:00:00Z").items() if k != "level"}
    path = log(tmp_path, [bare, bare | {"credential": "", "level": ""}])
    rows, rejected = folded([path])
    assert rejected == []
    assert rows["source_id"].tolist() == ["bot"]
    assert rows["level"].isna().tolist() == [True]
    assert rows["count"].tolist() == ["2"]


def test_gzip_is_read_and_a_torn_one_set_aside(tmp_path: Path) -> None:
    """A log that ends in the middle is named, and not read in part."""
    path = log(tmp_path, [event("2026-08-01T00:00:00Z")], "day.jsonl.gz")
    assert folded([path])[0]["count"].tolist() == ["1"]
    path.write_bytes(path.read_bytes()[:-12])
    rows, rejected = folded([path])
    assert rows is None
    assert [(Path(r.file).name, r.whole_file) for r in rejected] == [("day.jsonl.gz", True)]


def test_a_file_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    """A copy under another name adds nothing; a file of the same size does."""
    paths = [
        log(tmp_path, [event("2026-08-01T00:00:00Z")], name) for name in ("a.jsonl", "b.jsonl")
    ]
    assert folded(paths)[0]["count"].tolist() == ["1"]
    paths.append(log(tmp_path, [event("2026-08-02T00:00:00Z")], "c.jsonl"))
    assert folded(paths)[0]["count"].tolist() == ["2"]


@pytest.mark.parametrize("zone", ["-02:00Z", "+02:00Z", "", "X", "ZZ"])
def test_a_time_with_a_zone_that_is_none_is_set_aside(tmp_path: Path, zone: str) -> None:
    """The quick way past the zone must not let in what the slow one refuses."""
    path = log(tmp_path, [event(f"2026-08-01T00:00:00{zone}"), event("2026-08-01T00:00:00Z")])
    rows, rejected = folded([path])
    assert [r.place for r in rejected] == ["line 1"]
    assert rows["count"].tolist() == ["1"]


def test_days_are_told_in_runs(tmp_path: Path) -> None:
    """Days are those of UTC, whatever the zone of an event; what failed counts on none."""
    path = log(
        tmp_path,
        [
            event("2026-08-01T00:00:00Z"),
            event("2026-08-01T23:59:59Z", credential="key"),
            event("2026-08-03T01:00:00+02:00"),
            event("2026-08-03T12:00:00Z", outcome="denied"),
            event("2026-08-09T12:00:00Z"),
        ],
    )
    rows = folded([path])[0].set_index("source_id")["by_day"]
    assert json.loads(rows["bot"]) == {"2026-08-01": [2, 1], "2026-08-09": [1]}
    assert json.loads(rows["key"]) == {"2026-08-01": [1]}


def test_a_credential_is_seen_too(tmp_path: Path) -> None:
    """A use with a key is one of the principal and one of the key."""
    path = log(tmp_path, [event("2026-08-01T00:00:00Z", credential="key")])
    assert set(folded([path])[0]["source_id"]) == {"bot", "key"}


def test_an_estate_takes_logs(tmp_path: Path) -> None:
    """Logs in the folder `usage` of a native estate become USED, beside those it lists."""
    (tmp_path / "estate.toml").write_text('taken_at = 2026-08-06T00:00:00Z\nscope = "acme"\n')
    (tmp_path / "usage").mkdir()
    log(tmp_path / "usage", [event("2026-08-01T00:00:00Z"), event("2026-08-02T00:00:00Z")])
    rows = read_estate(tmp_path).rows[USED]
    assert rows["count"].tolist() == ["2"]
    (tmp_path / "usage" / "notes.txt").write_text("x")
    with pytest.raises(InputRefused, match=r"notes\.txt"):
        read_estate(tmp_path)


@pytest.mark.parametrize("beside", [[], [event("soon")]], ids=["alone", "beside a wrong line"])
@pytest.mark.parametrize(
    "at",
    [
        "2026-7-30T06:00:00Z",
        "2026-07-30T6:00:00Z",
        "2026-07-30T24:00:00Z",
        "2026-07-30T06:00:00+25:00",
        "2026-07-30T06:00:00 Z",
        "2026-07-30Z",
        "12026-07-30T06:00:00Z",
        "44-03-15 (BC) 00:00:00Z",
    ],
)
def test_what_is_no_instant_is_one_in_no_log(tmp_path: Path, at: str, beside: list[dict[str, str]]):
    """An engine reads more than the format has: it was taken, unless another line was wrong."""
    rows = Rows()
    assert read_usage([log(tmp_path, [event(at), *beside])], rows) is not None
    reasons = {(r.place, r.reason) for r in rows.rejected}
    assert ("line 1", "is not an ISO 8601 instant") in reasons


@pytest.mark.parametrize("at", ["2026-07-30T06:00:00.5Z", "2026-07-30 07:00:00.5+01", "2026-07-30"])
def test_what_is_an_instant_is_one_in_every_log(tmp_path: Path, at: str):
    rows = Rows()
    used = read_usage([log(tmp_path, [event(at)])], rows)
    assert used is not None
    day = pd.Timestamp("2026-07-30", tz="UTC")
    assert used["last_at"].tolist() == [day if len(at) == 10 else day + pd.Timedelta(21600.5, "s")]
    assert rows.rejected == []
