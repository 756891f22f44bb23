"""Who may publish which component of a public project; expected counts are of its files."""

import json
import shutil
from pathlib import Path

import pytest

from analytics.findings.evaluation import find_all
from graph.schema import CAN_ACCESS, HUMAN, OWNS, RESOURCE, SERVICE_ACCOUNT
from ingest.sources.csv import SOURCE
from tests.support.exports.loading import load

MAP = """
scope = "jenkins"
[[table]]
file = "components.jsonl"
holds = "owners"
columns = { thing = "file", thing_name = "name", owner = "developers" }
always = { thing_label = "ServiceAccount", role = "business" }

[[table]]
file = "components.jsonl"
holds = "access"
columns = { target = "file", target_name = "name", holder = "developers" }
always = { holder_label = "Human", levels = "write" }
"""


@pytest.mark.parametrize(("date", "components", "nobody"), [
    ("2019-07-01", 1954, 348), ("2026-08-18", 2546, 348),
])  # fmt: skip
def test_every_component_and_each_who_may_publish_it(
    real_data: Path, tmp_path: Path, date: str, components: int, nobody: int
) -> None:
    """The README beside the files has the two counts; the names are counted here."""
    path = real_data / "jenkins-permissions" / f"permissions-{date}.jsonl"
    if not path.is_file():
        pytest.skip(f"no export at {path}")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "columns.toml").write_text(f"taken_at = {date}" + MAP)
    shutil.copy(path, tmp_path / "in" / "components.jsonl")
    loaded = load(SOURCE, tmp_path / "s", tmp_path / "in", scope=None, taken_at=None)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    pairs = {(name, row["file"]) for row in rows for name in row["developers"]}
    assert loaded.reasons == []
    assert len(loaded.rows(SERVICE_ACCOUNT)) == len(loaded.rows(RESOURCE)) == components
    assert len(loaded.rows(HUMAN)) == len({name for name, _ in pairs})
    for kind in (OWNS, CAN_ACCESS):
        assert len(loaded.rows(kind)) == len(pairs)
    orphaned = find_all(loaded.posture).query("rule == 'OWN-01'")["subject"]
    assert len(set(orphaned)) == nobody
