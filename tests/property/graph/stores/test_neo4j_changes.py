"""Runs that write only what they change give back every snapshot, whatever changed between them."""

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from graph.facts import Facts
from graph.frames import Frames
from graph.stores.neo4j.origins import origins_of
from graph.stores.neo4j.rows import frames_of
from tests.support.estates import worlds
from tests.support.histories.changing_facts import DAY, World, named
from tests.support.neo4j_rows import Database


def read(database: Database, run: int, facts: Facts) -> Facts:
    """Read a run, with the origins of relationships that are stated once."""
    tables = database.tables(run)
    made = Facts.of(frames_of(tables, facts.coverage), facts.coverage)
    return replace(made, origins=once(facts, origins_of(tables)))


def once(facts: Facts, origins: Frames) -> Frames:
    """Leave out those of elements that state a row twice: which is which is not known."""
    keys = ["id", "source", "scope"]
    return {e: o for e, o in origins.items() if not facts.frames[e].duplicated(keys).any()}


@settings(max_examples=100)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 6), min_size=2, max_size=6))
def test_each_run_is_read_as_it_was_published(seed: int, changes: list[int]) -> None:
    world, database, published = World(random.Random(seed)), Database(), []
    for run, times in enumerate(changes, 1):
        world.change(times)
        facts = named(world).facts()
        database.publish(run, facts)
        published.append(facts)
    for run, facts in enumerate(published, 1):
        back = read(database, run, facts)
        assert back.hash == facts.hash
        known = replace(facts, origins=once(facts, facts.origins))
        assert worlds.known_origins(back) == worlds.known_origins(known)


@settings(max_examples=50)
@given(st.integers(0, 10**6))
def test_what_is_read_again_and_did_not_change_is_not_written(seed: int) -> None:
    world, database = World(random.Random(seed)), Database()
    world.change(12)
    for rows in named(world).rows.values():  # as complete readings of one day
        rows[:] = list({(r["id"], r["source"], r["scope"]): r for r in rows}.values())
    for run in (1, 2):
        world.taken = [world.taken[0] + DAY * run] * len(world.taken)
        for row in (r for rows in world.rows.values() for r in rows if "last_seen" in r):
            row["last_seen"] = world.taken[0]
        facts = replace(world.facts(), origins={})
        written = database.publish(run, facts)
    assert written == []
    assert read(database, 2, facts).hash == facts.hash
