"""A file in `ingest/sources/` is a source: listed, ingested and uploaded, with no other change."""

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ingest.sources
import trustdebt
from ingest.source import Request
from ingest.sources import all_sources
from ingest.upload.layout import Order, lay_out

ROOT = Path(__file__).parents[2]
EXPORT = b"client,secret\nbilling,db-password\n"


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add the source that CONTRIBUTING.md shows, as one file."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "acme_vault.py").write_text(shown, encoding="utf-8")
    monkeypatch.setattr(ingest.sources, "__path__", [*ingest.sources.__path__, str(tmp_path)])
    all_sources.cache_clear()
    yield
    sys.modules.pop("ingest.sources.acme_vault", None)
    vars(ingest.sources).pop("acme_vault", None)
    monkeypatch.undo()
    all_sources.cache_clear()


def said(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    assert trustdebt.main([*map(str, words), "--json"]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)["result"]
    return document


@pytest.mark.usefixtures("added")
def test_one_file_adds_a_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = ["--store", tmp_path / "store"]
    listed = {one["name"]: one for one in said(capsys, "sources", *store)["sources"]}
    assert listed["acme_vault"]["declares"] == ["grants"]
    assert listed["acme_vault"]["upload"]["asks"] == ""
    (tmp_path / "access.csv").write_bytes(EXPORT)
    words = ["ingest", "acme_vault", tmp_path / "access.csv", "--taken-at", "2026-08-01T00:00:00Z"]
    assert said(capsys, *words, *store)["nodes"] == {"ServiceAccount": 1, "Resource": 1}
    source = all_sources()["acme_vault"]
    (tmp_path / "uploaded").mkdir()
    order = Order("acme_vault", "", "", "", tmp_path, (("access.csv", len(EXPORT)),))
    sent = lay_out(order, io.BytesIO(EXPORT), source.upload, tmp_path / "uploaded")
    reading = sent.named(source).read(Request(sent.paths, None, pd.Timestamp("2026", tz="UTC")))
    assert {f for rows in reading.rows.values() for f in rows["_file"]} == {"access.csv"}


def test_without_the_file_there_is_no_such_source() -> None:
    assert "acme_vault" not in all_sources()
