"""Facts become rows for Neo4j and facts again, without a server."""

from collections import defaultdict
from collections.abc import Callable
from functools import partial

import pandas as pd
import pytest

from graph import cypher
from graph.element import Element
from graph.facts import Facts
from graph.schema import AGENT, CAN_ACCESS, ELEMENTS, RELATIONSHIPS, ROLE
from graph.stores.neo4j import rows as neo4j_rows
from tests.support.estates import worlds

BY_NAME: dict[str, Element] = {e.name: e for e in ELEMENTS}


def there_and_back(facts: Facts) -> Facts:
    tables = defaultdict(list)
    for batch in neo4j_rows.batches(facts):
        element = BY_NAME[batch.nodes or batch.relationships[0]]
        names = cypher.stored(element)
        if element in RELATIONSHIPS:
            names = ("source_id", "target_id", *names)
        columns = list(zip(*batch.rows, strict=True))
        tables[element].append(neo4j_rows.received(columns, element, names))
    return Facts(neo4j_rows.frames_of(tables), facts.coverage)


@pytest.mark.parametrize("made", [worlds.world, worlds.hostile, partial(worlds.crowd, 5)])
def test_rows_give_back_the_facts(made: Callable[[], Facts]):
    facts = made()
    assert there_and_back(facts).hash == facts.hash


def test_frames_that_were_joined_from_parts_travel_too():
    """A column joined from parts is kept in chunks, which not every conversion takes."""
    facts = worlds.world()
    halves = {
        e: pd.concat([f.iloc[:1], f.iloc[1:]], ignore_index=True) for e, f in facts.frames.items()
    }
    assert there_and_back(Facts.of(halves, facts.coverage)).hash == facts.hash


def test_many_rows_travel_in_batches_of_ten_thousand():
    facts = worlds.crowd(10_001)
    sizes = [len(b.rows) for b in neo4j_rows.batches(facts) if b.nodes == AGENT.name]
    assert sizes == [10_000, 1]


def test_a_thing_is_one_node_however_often_it_is_stated():
    facts = worlds.world()
    nodes = {b.nodes: b.rows for b in neo4j_rows.batches(facts) if b.nodes}
    names = cypher.stored(ROLE)
    roles = {row[0]: dict(zip(names, row, strict=True)) for row in nodes[ROLE.name]}
    assert set(roles) == {"role", "both"}
    assert "both" not in {row[0] for row in nodes["Human"]}  # the label declared first wins
    assert roles["role"]["name"] == "Reader"
    assert roles["role"]["env"] == "prod"
    assert roles["role"]["created_at"] == 1_582_934_400_000  # 2020-02-29
    assert roles["role"]["stated"] is not None


def test_lists_travel_as_lists_and_absent_facts_as_nothing():
    facts = worlds.world()
    batches = [b for b in neo4j_rows.batches(facts) if b.relationships[0] == CAN_ACCESS.name]
    names = ("source_id", "target_id", *cypher.stored(CAN_ACCESS))
    rows = [dict(zip(names, row, strict=True)) for batch in batches for row in batch.rows]
    grant = next(row for row in rows if row["grant_id"] == "g1")
    assert grant["levels"] == ["read", "write"]
    assert grant["actions"] == []
    assert grant["expires_at"] is None
