"""The journal on the command line: who can be named an owner, and what is proposed to be undone."""

import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run
from tests.support.estates.small_estates import Estate, ago

WHO = ("--by", "ann")


@pytest.fixture
def store(tmp_path):
    e = Estate().agent("bot", created_at=ago(200)).person("ann").person("lea", left=ago(30))
    e.thing("Team", "crew", "empty", "left").link("ann", "MEMBER_OF", "crew")
    e.link("lea", "MEMBER_OF", "left").resource("db", "restricted").can("bot", "read", "db")
    e.owned("bot", "lea", "ann")
    ingest(ParquetStore(tmp_path / "store"), [e.job()])
    return "--store", tmp_path / "store"


@pytest.mark.parametrize("team", ["empty", "left"])
def test_a_team_with_nobody_in_it_is_no_owner_as_who_left_is_none(cli: Run, store, team):
    before = cli("debt", *store, "--json").result["debt"]
    words = "attest", "bot", *WHO, "--since", ago(1), *store, "--json"
    error = cli(*words, "--owner", team).refused(2)
    assert f"nobody who is here is in {team}" in error["message"]
    assert cli("debt", *store, "--json").result["debt"] == before
    assert cli(*words, "--owner", "crew").result["owner"] == "crew"


def test_what_is_proposed_to_be_withdrawn_can_be(cli: Run, store):
    for role in ("business", "technical"):
        cli("attest", "bot", "--owner", "ann", "--role", role, *WHO, *store)
    assert "trustdebt withdraw 2" in cli("journal", *store).out
    cli("withdraw", "2", *WHO, "--reason", "oops", *store)
    assert "trustdebt withdraw 1" in cli("journal", *store).out
    cli("withdraw", "1", *WHO, "--reason", "oops", *store)
    assert "trustdebt withdraw" not in cli("journal", *store).out
