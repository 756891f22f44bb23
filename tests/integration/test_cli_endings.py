"""What `durability`, `drill` and `orphans` say of one thing, of none, and of another share."""

import pytest

from graph.stores.parquet.store import ParquetStore
from ingest.job.run import ingest
from tests.integration.cli import Run
from tests.support.estates.small_estates import EVERYTHING, Estate


@pytest.fixture
def kept(tmp_path):
    """Return a function that publishes an estate, and gives the words that name its store."""

    def publish(estate: Estate) -> tuple[object, ...]:
        ingest(ParquetStore(tmp_path / "store"), [estate.job()])
        return "--store", tmp_path / "store"

    return publish


def spawning() -> Estate:
    """State an agent whose child lives on, and so keeps its way to a crown jewel."""
    e = Estate().agent("bot", "child").person("ann").resource("db", "restricted")
    return e.link("bot", "SPAWNS", "child").can("child", "read", "db").can("bot", "read", "db")


def test_durability_speaks_of_one_thing_in_the_singular(cli: Run, kept):
    store = kept(spawning())
    one = "bot keeps a way to a crown jewel after it is ended."
    assert one in cli("durability", "bot", *store).out
    one = "child keeps no way to a crown jewel after it is ended."
    assert one in cli("durability", "child", *store).out
    assert "1 of 2 agents keeps a way to a crown jewel" in cli("durability", *store).out


def test_durability_of_nothing_and_of_what_nobody_knows(cli: Run, kept):
    assert "No agent is known." in cli("durability", *kept(Estate().person("ann"))).out
    silent = Estate(declares=[d for d in EVERYTHING if d != "grants"]).agent("z")
    out = cli("durability", *kept(silent)).out
    assert "Of z it is not known whether it keeps a way to a crown jewel" in out
    assert "0 of 0" not in out


def test_what_is_proposed_after_durability_can_be_asked(cli: Run, kept):
    store = kept(spawning())
    assert "trustdebt decommission bot" in cli("durability", "bot", *store).out
    for thing in ("ann", "db"):
        assert "trustdebt decommission" not in cli("durability", thing, *store).out


def test_a_drill_of_an_estate_without_an_end_so_far_says_so(cli: Run, kept):
    e = Estate().agent("bot").thing("Credential", "key").link("bot", "USES", "key")
    out = cli("drill", "--credential", "key", *kept(e)).out
    assert "0 of 0 have not ended" not in out
    assert "not known: nothing is known that should have ended" in " ".join(out.split())


def test_who_leaves_takes_the_share_that_is_stated(cli: Run, kept):
    """Ann alone keeps three of four equal agents, and bob the fourth."""
    e = Estate().person("ann", "bob").resource("db", "restricted")
    for name, owner in zip("abcd", ("ann", "ann", "ann", "bob"), strict=True):
        e.agent(name).can(name, "read", "db").owned(name, owner, owner)
    store = kept(e)
    assert "If ann leaves, 75.0% of the owned weight has nobody." in cli("orphans", *store).out
    words = "If ann and bob leave, 100.0% of the owned weight has nobody."
    assert words in cli("orphans", "--share", "80", *store).out
