"""What a run writes, on estates small enough to say what that is."""

from dataclasses import replace

import pandas as pd
import pytest

from graph.element import Element
from graph.facts import Facts
from graph.schema import AGENT, CAN_ACCESS, RESOURCE
from tests.support.estates import worlds
from tests.support.neo4j_rows import STATEMENTS, Database


def edited(facts: Facts, element: Element, thing: str, **values: object) -> Facts:
    frame = facts.frames[element].copy()
    for name, value in values.items():
        frame.loc[frame["id"] == thing, name] = value
    return Facts.of({**facts.frames, element: frame}, facts.coverage)


def written(first: Facts, second: Facts) -> dict[tuple[str, str], int]:
    """Count the rows that the second run ends and makes."""
    database = Database()
    database.publish(1, first)
    counts: dict[tuple[str, str], int] = {}
    for batch in database.publish(2, second):
        what, element = STATEMENTS[batch.text]
        counts[what, element.name] = counts.get((what, element.name), 0) + len(batch.rows)
    return counts


def test_nothing_is_written_of_what_stays():
    assert written(worlds.crowd(20), worlds.crowd(20)) == {}


def test_a_changed_thing_is_made_anew_with_its_relationships():
    crowd = worlds.crowd(20)
    one = {("end", "Agent"): 1, ("make", "Agent"): 1, ("end", "CAN_ACCESS"): 1}
    assert written(crowd, edited(crowd, AGENT, "a3", env="prod")) == {
        **one,
        ("make", "CAN_ACCESS"): 1,
    }
    all_of_them = {("end", "Resource"): 1, ("make", "Resource"): 1, ("end", "CAN_ACCESS"): 20}
    hub = edited(crowd, RESOURCE, "db", sensitivity="restricted")
    assert written(crowd, hub) == {**all_of_them, ("make", "CAN_ACCESS"): 20}


def test_a_relationship_changes_alone():
    crowd = worlds.crowd(20)
    grant = crowd.frames[CAN_ACCESS]["id"][4]
    assert written(crowd, edited(crowd, CAN_ACCESS, grant, telemetry=True)) == {
        ("end", "CAN_ACCESS"): 1,
        ("make", "CAN_ACCESS"): 1,
    }


def test_what_comes_and_goes_is_all_that_is_written():
    assert written(worlds.crowd(20), worlds.crowd(22)) == {
        ("make", "Agent"): 2,
        ("make", "CAN_ACCESS"): 2,
    }
    assert written(worlds.crowd(22), worlds.crowd(20)) == {
        ("end", "Agent"): 2,
        ("end", "CAN_ACCESS"): 2,
    }


def test_a_thing_that_gets_another_label_takes_its_relationships_along():
    crowd = worlds.crowd(3)
    bots = crowd.frames[AGENT]
    moved = worlds.facts_of({RESOURCE: [{"id": "a0"}]}).frames[RESOURCE]
    frames = {
        **crowd.frames,
        AGENT: bots[bots["id"] != "a0"].reset_index(drop=True),
        RESOURCE: pd.concat([crowd.frames[RESOURCE], moved], ignore_index=True),
    }
    assert written(crowd, Facts.of(frames, crowd.coverage)) == {
        ("end", "Agent"): 1,
        ("make", "Resource"): 1,
        ("end", "CAN_ACCESS"): 1,
        ("make", "CAN_ACCESS"): 1,
    }


def test_another_line_of_the_export_is_no_other_relationship():
    first = worlds.world()
    origins = {
        e: frame.assign(place=frame["place"].mask(frame["place"].notna(), "line 99"))
        for e, frame in first.origins.items()
    }
    assert written(first, replace(first, origins=origins)) == {
        ("end", "Origins"): len(origins),
        ("make", "Origins"): len(origins),
    }


def test_a_relationship_of_an_unknown_thing_is_refused():
    crowd = worlds.crowd(3)
    lost = Facts.of({**crowd.frames, RESOURCE: crowd.frames[RESOURCE][:0]}, crowd.coverage)
    with pytest.raises(ValueError, match="not among the nodes"):
        Database().publish(1, lost)
