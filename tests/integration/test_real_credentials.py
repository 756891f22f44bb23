"""Credentials in exports that nobody here wrote; what is expected was counted in the files."""

import csv
import io
import json
from pathlib import Path

import pandas as pd
import pytest

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from ingest.source import Request
from ingest.sources import all_sources
from tests.support.printed import findings

CRD = ("CRD-01", "CRD-02", "CRD-03", "CRD-04", "CRD-05", "CRD-06")


def judged(tmp_path: Path, name: str, path: Path, as_of: str | None = None) -> Posture:
    store = ParquetStore(tmp_path / name)
    taken = pd.Timestamp("2026-08-01", tz="UTC")
    ingest(store, [(all_sources()[name], Request((path,), "t", taken))])
    info, facts = store.read(None)
    return assess(AccessGraph.of(facts, pd.Timestamp(as_of) if as_of else None, info))


def found(posture: Posture) -> set[tuple[str, str]]:
    rows = findings(posture)["findings"]
    return {(r["rule"], r["object"]["name"]) for r in rows if r["rule"] in CRD}


@pytest.fixture
def report(real_data: Path) -> list[dict[str, str]]:
    """Return the credential report: one row a user."""
    said = json.loads((real_data / "cloudmapper-demo/iam-get-credential-report.json").read_text())
    return list(csv.DictReader(io.StringIO(said["Content"])))


def test_keys_of_an_account_grow_old_and_idle(tmp_path, real_data, report):
    """Users without a password are software; their active keys were made that day, never used."""
    fresh = {
        f"{r['user']}/access_key/{n}"
        for r in report
        if r["password_enabled"] == "false" and r["user"] != "<root_account>"
        for n in (1, 2)
        if r[f"access_key_{n}_active"] == "true"
    }
    assert len(fresh) == 1
    path = real_data / "cloudmapper-demo"
    posture = judged(tmp_path, "aws", path, "2019-05-08T00:00:00Z")
    assert found(posture) == set()
    assert {
        o for _, o in found(judged(tmp_path / "46", "aws", path, "2019-06-23T00:00:00Z"))
    } == fresh
    later = judged(tmp_path / "91", "aws", path, "2019-08-08T00:00:00Z")
    assert found(later) == {(rule, key) for rule in ("CRD-01", "CRD-06") for key in fresh}


def test_every_key_in_a_client_s_configuration_is_outside_a_vault(tmp_path, real_data):
    posture = judged(tmp_path, "mcp_config", real_data / "agent-configs/clients")
    keys = posture.graph.frames
    (credentials,) = [f for e, f in keys.items() if e.name == "Credential"]
    rows = findings(posture, rule="CRD-02")["findings"]
    assert len(credentials) > 0
    assert {r["object"]["id"] for r in rows} == set(credentials["id"])
