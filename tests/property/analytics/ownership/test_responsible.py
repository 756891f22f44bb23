"""Whoever is accountable for a finding is a person, or a sentence says that nobody is."""

import pytest

from analytics.findings.rules import all_rules
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.stores.parquet.store import ParquetStore
from ingest.generator import generate, reading
from ingest.job.run import ingest_reading
from ingest.sources import all_sources
from tests.support.estates.small_estates import Estate, ago
from tests.support.printed import findings


@pytest.fixture(scope="module", params=[3, 11])
def generated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Posture:
    """Judge a made-up estate with every planted defect."""
    store = ParquetStore(tmp_path_factory.mktemp("accountable") / "store")
    made = generate(40, request.param)
    ingest_reading(store, all_sources()["estate"], reading(made.history[-1]))
    info, facts = store.read()
    return assess(AccessGraph.of(facts, None, info))


def test_every_finding_names_a_person_or_says_nobody(generated):
    rows = findings(generated)["findings"]
    assert len({row["rule"] for row in rows}) > len(all_rules()) / 2
    for row in rows:
        if row["accountable"] is None:
            assert row["accountability"].startswith("Nobody is "), row
        else:
            assert row["accountable"]["label"] == "Human", row
            assert row["accountability"].startswith(row["accountable"]["name"]), row


def _teams() -> Estate:
    e = Estate().agent("bot", created_at=ago(300)).person("ann").thing("Team", "ops")
    return e.link("ann", "MEMBER_OF", "ops").resource("ledger", "restricted")


@pytest.mark.parametrize(
    ("owned", "who"),
    [
        ((None, None), None),
        (("ops", "ops"), None),  # a team is not a person
        (("ann", None), "ann"),
        (("ops", "ann"), "ann"),  # the person before the team, whatever the roles
        (("bot", "bot"), None),
    ],
)
def test_a_team_or_software_is_nobody(owned, who):
    rows = findings(_teams().owned("bot", *owned).can("bot", "admin", "ledger").posture())
    assert rows["findings"]
    for row in rows["findings"]:
        assert (row["accountable"] or {"id": None})["id"] == who
        assert (who is None) == row["accountability"].startswith("Nobody is "), row


def test_a_name_that_says_nobody_says_nothing():
    """An agent may be called so; the sentence says all the same that nobody is accountable."""
    e = Estate().agent("nobody", created_at=ago(300)).resource("ledger", "restricted")
    posture = e.can("nobody", "admin", "ledger", granted_at=ago(200)).posture()
    for row in findings(posture)["findings"]:
        assert row["accountability"] == "Nobody is accountable for it.", row
