"""The estates of the two breaches: of the stated size, the same for a seed, and sound."""

import pytest

from analytics.posture import assess
from analytics.remediation.leak.selection import Selection
from graph.access import AccessGraph
from graph.frames import PANDAS
from graph.schema import CREDENTIAL, ELEMENTS, FACT_NODES, RELATIONSHIPS
from ingest.generator.breaches import NETWORK, SERVER, agent_keys, secret_stores
from tests.support.printed import drill

MADE = {
    "agent keys": lambda **of: agent_keys(300, **of),
    "stores": lambda **of: secret_stores(60, **of),
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_every_row_meets_the_schema(make):
    """Types are those of the schema, keys are unique, choices are kept, and every end is stated."""
    facts = make()
    ids = {i for label in FACT_NODES for i in facts.frames[label]["id"]}
    for element in ELEMENTS:
        frame = facts.frames[element]
        assert list(frame.columns) == [c.name for c in element.columns]
        assert frame["id"].is_unique
        for column in element.columns:
            assert str(frame[column.name].dtype) in (PANDAS[column.dtype], "str"), column.name
            if column.choices and str(column.dtype) == "text":
                assert set(frame[column.name].dropna()) <= set(column.choices), column.name
        if element in RELATIONSHIPS:
            assert set(frame["source_id"]) | set(frame["target_id"]) <= ids


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_equal_seeds_make_equal_estates(make):
    assert make(seed=5).hash == make(seed=5).hash
    assert make(seed=5).hash != make(seed=6).hash


def test_the_keys_of_a_network_leak_and_those_of_others_stay_alive():
    posture = assess(AccessGraph.of(agent_keys(300)))
    answer = drill(posture, Selection(providers=(NETWORK,)), limit=1)
    assert answer["counts"]["credentials"] == 300
    assert answer["counts"]["alive_after_kill"] == 3  # a hundredth have a key of another service
    assert answer["alive_reach"]["resources"] == 3


def test_what_is_kept_on_servers_leads_to_other_servers():
    facts = secret_stores(60)
    posture = assess(AccessGraph.of(facts))
    answer = drill(posture, Selection(stores=(SERVER,)), limit=1)
    assert answer["counts"]["credentials"] == len(facts.frames[CREDENTIAL]) == 180
    assert answer["reach"]["resources"] > 10
    (foothold,) = answer["alive_after_kill"]  # one team, whose role one account may take
    assert (foothold["by"]["id"], foothold["resources"]) == ("ops-0000000", 1)
