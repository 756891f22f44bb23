"""What `export csv` writes, `ingest estate` reads back: formulas are defused, and names kept."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.escape import csv_cell
from app.exchange.snapshots import csv
from graph.files.spreadsheet_cells import guarded, unguarded
from graph.schema import AGENT, CAN_ACCESS, RESOURCE
from ingest.sources.estate.native import read_estate
from tests.support.estates.small_estates import Estate

NAMES = ("@acme/bot", "=cmd|calc", "'=cmd|calc", "-2", "+1", " @x", "'tis", "''@y")


@pytest.fixture
def again(tmp_path: Path):
    e = Estate()
    for name in NAMES:
        e.agent(name, declared_scope=[{"resource": f"{name}/db", "level": "read"}])
        e.resource(f"{name}/db", "restricted").can(name, "read", f"{name}/db", id=f"g{name}")
    csv.save(e.posture(), tmp_path / "out")
    stated = e.write(tmp_path / "in") / "estate.toml"
    shutil.copy(stated, tmp_path / "out" / "estate.toml")
    return read_estate(tmp_path / "out")


def test_ids_that_look_like_formulas_come_back_as_they_were(again) -> None:
    """Else a declared scope, which names them in JSON, would cover nothing any more."""
    assert set(again.rows[AGENT]["id"]) == set(NAMES)
    assert set(again.rows[RESOURCE]["id"]) == {f"{name}/db" for name in NAMES}
    assert set(again.rows[CAN_ACCESS]["source_id"]) == set(NAMES)


@given(st.text(st.sampled_from("'= @-ab\t\uff1d"), max_size=6))
def test_no_text_is_run_and_each_comes_back(text: str) -> None:
    cell = guarded(text)
    assert not cell.lstrip(" ").startswith(("=", "@", "-", "\t", "\uff1d"))
    assert csv_cell(text) == cell
    assert unguarded(cell) == text
