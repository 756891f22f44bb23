"""Facts become rows for Neo4j and facts again, without a server."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd
import pytest

from graph import cypher
from graph.facts import Facts
from graph.schema import AGENT, CAN_ACCESS, ROLE
from graph.stores.neo4j.changes import changes
from graph.stores.neo4j.origins import origins_of
from graph.stores.neo4j.rows import frames_of, stored_tables
from tests.support.estates import worlds
from tests.support.neo4j_rows import Database, dicts


def there_and_back(facts: Facts) -> Facts:
    database = Database()
    database.publish(1, facts)
    tables = database.tables(1)
    return Facts(frames_of(tables, facts.coverage), facts.coverage, origins=origins_of(tables))


@pytest.mark.parametrize("made", [worlds.world, worlds.hostile, partial(worlds.crowd, 5)])
def test_rows_give_back_the_facts(made: Callable[[], Facts]):
    facts = made()
    back = there_and_back(facts)
    assert back.hash == facts.hash
    assert worlds.known_origins(back) == worlds.known_origins(facts)


def test_frames_that_were_joined_from_parts_travel_too():
    """A column joined from parts is kept in chunks, which not every conversion takes."""
    facts = worlds.world()
    halves = {
        e: pd.concat([f.iloc[:1], f.iloc[1:]], ignore_index=True) for e, f in facts.frames.items()
    }
    assert there_and_back(Facts.of(halves, facts.coverage)).hash == facts.hash


def test_many_rows_travel_in_batches_of_ten_thousand():
    sent = changes({}, stored_tables(worlds.crowd(10_001)))
    agents = [b for b in sent.batches() if b.text == cypher.create_nodes(AGENT)]
    sizes = [len(batch.rows) for batch in agents]
    assert sizes == [10_000, 1]


def test_a_thing_is_one_node_however_often_it_is_stated():
    tables = stored_tables(worlds.world())
    roles = {row["id"]: row for row in dicts(tables[ROLE], ROLE)}
    assert set(roles) == {"role", "both"}
    names = {element.name: element for element in tables}
    assert "both" not in tables[names["Human"]]["id"].to_pylist()  # the label declared first wins
    assert roles["role"]["name"] == "Reader"
    assert roles["role"]["env"] == "prod"
    assert roles["role"]["created_at"] == 1_582_934_400_000  # 2020-02-29
    assert roles["role"]["stated"] is not None


def test_lists_travel_as_lists_and_absent_facts_as_nothing():
    rows = dicts(stored_tables(worlds.world())[CAN_ACCESS], CAN_ACCESS)
    grant = next(row for row in rows if row["grant_id"] == "g1")
    assert grant["levels"] == ["read", "write"]
    assert grant["actions"] == []
    assert grant["expires_at"] is None


def test_when_a_row_was_last_seen_is_noted_only_if_its_source_was_read_since():
    facts = worlds.world()
    bot, _ = dicts(stored_tables(facts)[AGENT], AGENT)
    assert bot["seen_as_read"] is None
    assert bot["last_seen"] == 1_769_817_600_000  # 2026-01-31, the source was read the day after
    frames = {e: f.copy() for e, f in facts.frames.items()}
    frames[AGENT]["last_seen"] = facts.coverage[0].taken_at
    seen = replace(facts, frames=frames)
    bot, _ = dicts(stored_tables(seen)[AGENT], AGENT)
    assert (bot["seen_as_read"], bot["last_seen"]) == (True, None)
    assert there_and_back(seen).hash == seen.hash


@pytest.mark.parametrize("data", ["", "no base64!", "AAAA"])
def test_origins_that_cannot_be_read_are_damage(data: str):
    database = Database()
    database.publish(1, worlds.world())
    database.edit_origins(data)
    with pytest.raises(ValueError, match="origins of RUNS_AS cannot be read"):
        origins_of(database.tables(1))
