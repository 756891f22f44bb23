"""The file and the place of a fact: where a person who looks there finds it."""

import base64
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from graph.facts import Facts
from graph.schema import RELATIONSHIPS
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.integration.cli import Run, cli, kept
from tests.support.exports.aws_account import ACCOUNT, IAM, allow, details, user
from tests.support.exports.loading import load

__all__ = ["cli", "kept"]  # fixtures of this module

TAKEN_AT = pd.Timestamp("2026-08-01", tz="UTC")
EXPORTS = (
    ("aws", "cloudmapper-demo"),
    ("aws", "cloudsplaining-small/example-authz-details.json"),
    ("opengraph", "opengraph/opengraph-minimal.json"),
    ("kubernetes", "kubehound-rbac"),
    ("mcp_config", "agent-configs/clients"),
    ("a2a", "agent-configs/a2a"),
)


def pointed_at(file: Path, place: str) -> Any:
    """Return what a place names in a file: a JSON pointer (RFC 6901), or `line` and a number.

    A pointer with a line is to a table, maybe in Base64, as in a credential report of AWS.
    """
    text = file.read_text(encoding="utf-8-sig")
    if place.startswith("line "):
        return text.splitlines()[int(place.removeprefix("line ")) - 1]
    value = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    pointer, _, line = place.partition(" line ")
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    if not line:
        return value
    table = value if "," in value else base64.b64decode(value).decode()
    return table.splitlines()[int(line) - 1]


@pytest.mark.parametrize(("source", "export"), EXPORTS)
def test_each_place_in_a_real_export_is_there(real_data, tmp_path, source, export):
    path = real_data / export
    loaded = load(all_sources()[source], tmp_path, path, taken_at=None)
    seen = 0
    for relationship in RELATIONSHIPS:
        rows = loaded.graph.facts.frames[relationship]
        known = loaded.graph.origins(relationship, rows["id"])
        assert len(known) == len(rows)
        for file, place in zip(known["file"], known["place"], strict=True):
            named = path / file if path.is_dir() else path.parent / file
            assert named.is_file(), named
            if not pd.isna(place) and named.suffix in (".json", ".jsonl", ".yaml", ".yml"):
                assert pointed_at(named, place) not in ("", None)
                seen += 1
    assert seen


def account(folder: Path) -> Path:
    """Write an account in which `ann` may make keys of `root-bot`, who may do everything."""
    folder.mkdir()
    file = folder / "acme`*<b>.json"
    ann = user("ann", allow("iam:CreateAccessKey", f"{IAM}user/root-bot"))
    file.write_text(json.dumps(details([ann, user("root-bot", allow("*"))])))
    return file


def test_a_path_says_in_which_file_each_step_is_stated(cli: Run, tmp_path: Path):
    file, store = account(tmp_path / "export"), tmp_path / "store"
    ingest(ParquetStore(store), [(all_sources()["aws"], Request((file,), None, TAKEN_AT))])
    asked = ("path", "ann", f"arn:aws:iam::{ACCOUNT}:root", "--level", "admin", "--store", store)
    (path,) = cli(*asked, "--json").result["paths"]
    for step in path["steps"]:
        for fact in step["rests_on"]:
            assert fact["file"] == file.name
            held = pointed_at(file, fact["place"])
            assert held["Arn"] == fact["from"]["id"]
    shown = " ".join(cli(*asked).out.split())
    assert f"stated by aws {ACCOUNT}, in {file.name} at /UserDetailList/" in shown


def test_without_a_file_it_says_only_who_states_it(cli: Run, tmp_path: Path):
    """The twin: the same facts in a store that was not told of files."""
    first, second = ParquetStore(tmp_path / "first"), ParquetStore(tmp_path / "second")
    request = Request((account(tmp_path / "export"),), None, TAKEN_AT)
    ingest(first, [(all_sources()["aws"], request)])
    facts = first.read()[1]
    with second.lease() as lease:
        second.publish(Facts(facts.frames, facts.coverage), lease)
    asked = ("path", "ann", f"arn:aws:iam::{ACCOUNT}:root", "--store", second.uri)
    steps = [s for p in cli(*asked, "--json").result["paths"] for s in p["steps"]]
    facts_of_steps = [fact for step in steps for fact in step["rests_on"]]
    assert facts_of_steps
    assert not any({"file", "place"} & set(fact) for fact in facts_of_steps)
    shown = " ".join(cli(*asked).out.split())
    assert f"stated by aws {ACCOUNT} " in shown
