"""The public corpus of Cedar: the published decision of every request, through the product."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from analytics.answers.requests import evaluated
from analytics.answers.table import as_json
from analytics.engines.reading import policy_set


def stores(folder: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / "cedar-corpus" / "stores.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def answered(folder: Path, store: dict[str, Any], schema: bool) -> list[dict[str, Any]]:
    """Return what the product says of the requests of a store, from files."""
    files = {name: folder / name for name in ("p.cedar", "requests.json", "entities.json", "s")}
    files["p.cedar"].write_text(store["policies"], encoding="utf-8")
    files["requests.json"].write_text(json.dumps(store["requests"]))
    files["entities.json"].write_text(json.dumps(store["entities"]))
    files["s"].write_text(store["schema"], encoding="utf-8")
    policies = policy_set(files["p.cedar"])
    answer = evaluated(
        policies, files["requests.json"], files["entities.json"], files["s"] if schema else None
    )
    return as_json(answer)["requests"]


@pytest.mark.parametrize("schema", [False, True])
def test_every_published_decision(real_data: Path, tmp_path, schema):
    counts: Counter[str] = Counter()
    for store in stores(real_data):
        rows = answered(tmp_path, store, schema)
        for published, row in zip(store["requests"], rows, strict=True):
            counts["requests"] += 1
            counts[row["decision"]] += 1
            counts["reasons"] += bool(row["policies"])
            counts["errors"] += bool(row["errors"])
            assert row["decision"] == published["decision"], (store["store"], row)
            assert sorted(row["policies"]) == sorted(published["reason"]), (store["store"], row)
            failed = {error["policy"] for error in row["errors"]}
            assert failed == set(published["errors"]), (store["store"], row)
    labels = {"requests": 4800, "allow": 2748, "deny": 2052, "reasons": 3052, "errors": 341}
    assert counts == labels  # of the corpus' own page
