"""The example in docs/estate-format.md is an estate, and the page names what the code knows."""

import re
from pathlib import Path

import pandas as pd

from graph.frames import conform
from graph.schema import AGENT, CAN_ACCESS, HUMAN, OWNS, RESOURCE, USE_EVENT
from ingest.sources.estate.manifest import KEYS
from ingest.sources.estate.native import TABLE_FILES, columns, read_estate

PAGE = (Path(__file__).parents[5] / "docs" / "estate-format.md").read_text(encoding="utf-8")
FILES = re.findall(r"^`([\w./-]+)`\n```\w+\n(.*?)```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_example_is_read_whole(tmp_path):
    for name, text in FILES:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    read = read_estate(tmp_path)
    assert (read.warnings, read.rejected) == ([], [])
    assert read.taken_at == pd.Timestamp("2026-08-01T00:00:00Z")
    assert read.rows.keys() == {AGENT, HUMAN, RESOURCE, OWNS, CAN_ACCESS, USE_EVENT}
    for element, raw in read.rows.items():
        found = conform(raw.assign(source="estate", scope=read.scope), element)
        assert found.rejected.empty, found.rejected
        assert not found.unknown_columns
    grant = read.rows[CAN_ACCESS].iloc[0]
    assert (grant["levels"], grant["_place"]) == ('["read","write"]', "line 2")


def test_the_page_names_every_file_and_key():
    for name, table in TABLE_FILES.items():
        assert f"`{name}." in PAGE
        if name != "decisions":
            wanted = [c for c in columns(table) if c != "id" or name == "uses"]
            assert all(f"`{column}`" in PAGE for column in wanted), name
    assert all(key in PAGE for key in KEYS)
