"""One more source is connected, and an agent turns out to have another name: what people see."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.few_rules import only_rules
from tests.support.histories.merged_things import ARN, RULES


def hub(days: float) -> Estate:
    e = Estate(at=AS_OF - pd.Timedelta(days=days), source="hub")
    e.agent("gh-bot", external_ids=[f"arn:{ARN}"], created_at=ago(200)).resource("crm", "internal")
    facts = {"grant_id": "g1", "granted_at": ago(150), "telemetry": "true"}
    return e.can("gh-bot", "read", "crm", **facts)


def found(cli: Run, *line: str) -> dict[str, dict[str, Any]]:
    rows = cli("findings", "--json", "--limit", 0, *line).result["findings"]
    return {row["rule"]: row for row in rows}


@pytest.fixture(autouse=True, scope="module")
def _few_rules() -> Iterator[None]:
    """Keep to a few rules: how a finding is followed does not depend on the others."""
    with only_rules(*RULES):
        yield


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ParquetStore:
    monkeypatch.setenv("TRUSTDEBT_STORE", str(tmp_path / "store"))
    return ParquetStore(tmp_path / "store")


def test_what_was_known_and_decided_goes_on(cli, store):
    ingest(store, [hub(30).job()])
    before = found(cli, "--about", "gh-bot")
    until = ("--until", "2027-01-31", "--by", "ann", "--reason", "known")
    cli("accept", before["OWN-01"]["id"], *until)
    cloud = Estate(source="cloud", declares=()).agent(ARN)
    ingest(store, [hub(0).job(), cloud.job()])

    by_former, by_new = found(cli, "--about", "gh-bot"), found(cli, "--about", ARN)
    assert by_former == by_new
    assert by_new.keys() == before.keys()
    assert {row["subject"]["id"] for row in by_new.values()} == {ARN}
    assert {row["first_seen"] for row in by_new.values()} == {ago(30)}
    assert (by_new["OWN-01"]["state"], by_new["LPR-01"]["state"]) == ("accepted", "open")
    written = cli("accept", before["LPR-01"]["id"], "--json", *until).result
    assert written["finding"] == by_new["LPR-01"]["id"] != before["LPR-01"]["id"]
    assert found(cli, "--about", ARN)["LPR-01"]["state"] == "accepted"

    ledger = cli("ledger", "--json").result
    assert (ledger["new"], ledger["retired"]) == (0, 0)
    assert {(e["kind"], e["identity"]["id"]) for e in ledger["entries"]} == {("accept", ARN)}
    diff = cli("diff", "000001", "000002", "--json").result
    assert [(r["was"]["id"], r["thing"]["id"]) for r in diff["renamed"]] == [("gh-bot", ARN)]
    assert diff["counts"]["removed"]["nodes"] == diff["counts"]["added"]["nodes"] == 0
    assert "gh-bot" in cli("diff", "000001", "000002").out
