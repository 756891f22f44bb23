"""A cluster of the objects that a test names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.sources.kubernetes import SOURCE
from tests.support.exports.loading import Loaded, load


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Loaded]:
    """Read objects from one list of a cluster."""

    def reading(*objects: dict[str, Any], **options: Any) -> Loaded:
        path = tmp_path / "all.json"
        path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)}))
        return load(SOURCE, tmp_path / "s", path, **options)

    return reading
