"""Tables beside a map of their columns, as a test writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.sources.csv import SOURCE
from tests.support.exports.loading import Loaded, load

HEAD = """
scope = "iga"
taken_at = 2026-08-01
dates = ["%d.%m.%Y"]
"""


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Loaded]:
    """Read tables, by name, with a map of their columns below its head."""

    def reading(columns: str, head: str = HEAD, **files: str) -> Loaded:
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        (folder / "columns.toml").write_text(head + columns)
        for name, content in files.items():
            (folder / f"{name}.csv").write_text(content)
        return load(SOURCE, tmp_path / "s", folder, scope=None, taken_at=None)

    return reading
