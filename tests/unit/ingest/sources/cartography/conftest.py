"""A graph of the nodes and relationships that a test names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.sources.cartography import SOURCE
from tests.support.exports.loading import Loaded, load


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Loaded]:
    """Read nodes and relationships as the lines of one export."""

    def reading(*parts: dict[str, Any]) -> Loaded:
        path = tmp_path / "graph.json"
        path.write_text("\n".join(map(json.dumps, parts)) + "\n")
        return load(SOURCE, tmp_path, path)

    return reading
