"""The command `revocation` after an identity was retired as `decommission` says."""

import pandas as pd
import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run
from tests.support.estates.small_estates import AS_OF, Estate


def state(days_ago: int, *, bot: bool, status: str = "active") -> Estate:
    e = Estate(at=AS_OF - pd.Timedelta(days=days_ago)).agent("other").resource("db")
    e.thing("Credential", "key")
    if bot:
        e.agent("id-7", name="Ledger Bot", status=status).link("id-7", "USES", "key")
        e.can("id-7", "read", "db")
    return e


@pytest.fixture
def store(tmp_path):
    return "--store", tmp_path / "store"


def kept(store, *states: Estate) -> None:
    for each in states:
        ingest(ParquetStore(store[1]), [each.job()])


@pytest.mark.parametrize("word", ["id-7", "Ledger Bot", "ledger bot"])
def test_what_was_deleted_is_verified_as_the_last_phase_says(cli: Run, store, word):
    kept(store, state(10, bot=True))
    *_, verify = cli("decommission", "id-7", *store, "--json").result["phases"]
    assert verify["steps"][0]["command"] == "trustdebt revocation id-7"
    kept(store, state(0, bot=False))
    answer = cli("revocation", word, *store, "--json").result
    (row,) = answer["kill_sets"]
    assert (row["id"], row["gone"], row["alive"], row["dead"]) == ("id-7", True, 1, 1)
    assert [(r["id"], r["of"]["id"]) for r in answer["residue"]] == [("key", "id-7")]
    assert answer["kill_set"] == []
    assert "id-8" in cli("revocation", "id-8", *store, "--json").refused(2)["message"]


def test_the_next_command_is_one_that_is_answered(cli: Run, store):
    kept(store, state(10, bot=True), state(5, bot=True, status="disabled"))
    assert "trustdebt decommission id-7" in cli("revocation", *store).out
    kept(store, state(0, bot=False))  # it is gone, and its key is not
    assert "trustdebt decommission" not in cli("revocation", *store).out
