"""The Cypher script is loaded by a real server, and holds there what the snapshot holds."""

import json
from pathlib import Path
from typing import Any

import neo4j
import pandas as pd

from graph.access import AccessGraph
from graph.element import Dtype, Element
from graph.exports.cypher import write
from graph.schema import FACT_NODES, RELATIONSHIPS
from tests.integration.conftest import raw, wipe
from tests.support.estates.every_property import bare, every_property, full, stated
from tests.unit.graph.exports.test_exports import GRAPH, NAMES


def loaded(uri: str, graph: AccessGraph, script: Path) -> neo4j.Driver:
    wipe(uri)
    write(graph, script)
    driver = raw(uri)
    with driver.session() as session:
        for line in script.read_text(encoding="utf-8").splitlines():
            session.run(line).consume()  # type: ignore[arg-type]
    return driver


def check(uri: str, script: Path) -> None:
    with loaded(uri, GRAPH, script) as driver, driver.session() as session:
        nodes = session.run("MATCH (n) RETURN n.id AS id, n.name AS name, labels(n) AS labels")
        there = {row["id"]: (row["name"], row["labels"]) for row in nodes}
        assert {thing: name for thing, (name, _) in there.items()} == NAMES
        for label in FACT_NODES:
            found = {thing for thing, (_, labels) in there.items() if labels == [label.name]}
            assert found == set(GRAPH.frames[label]["id"])
        for each in RELATIONSHIPS:
            text = f"MATCH (a)-[r:{each.name}]->(b) RETURN a.id AS a, b.id AS b, r.id AS id"
            ends = {(row["a"], row["b"], row["id"]) for row in session.run(text)}
            frame = GRAPH.frames[each]
            stated = zip(frame["source_id"], frame["target_id"], frame["id"], strict=True)
            assert ends == set(stated)
        bot = session.run("MATCH (n:Agent {id: 'bot'}) RETURN n").single(strict=True)["n"]
        assert (bot["third_party"], bot["tags"]) == (True, ["a;b", "it's"])
        grant = session.run("MATCH (:Agent {id: 'plain'})-[r:CAN_ACCESS]->() RETURN r")
        facts = grant.single(strict=True)["r"]
        assert facts["levels"] == ["read", "write"]
        assert facts["granted_at"].iso_format().startswith("2026-07-02T00:00:00")
    wipe(uri)


def test_a_server_loads_it(neo4j_uri: str, tmp_path: Path):
    check(neo4j_uri, tmp_path / "g.cypher")


def test_the_newest_server_loads_it(neo4j_2026_uri: str, tmp_path: Path):
    check(neo4j_2026_uri, tmp_path / "g.cypher")


def test_a_server_holds_every_property(neo4j_uri: str, tmp_path: Path):
    graph = every_property().graph()
    with loaded(neo4j_uri, graph, tmp_path / "g.cypher") as driver, driver.session() as session:
        for label in FACT_NODES:
            text = f"MATCH (n:{label.name} {{id: $id}}) RETURN properties(n) AS facts"
            facts = {
                id_: session.run(text, id=id_).single(strict=True)["facts"]  # type: ignore[arg-type]
                for id_ in (full(label.name), bare(label.name))
            }
            compare(facts[full(label.name)], label)
            absent = {prop.name for prop in label.properties}
            assert absent.isdisjoint(facts[bare(label.name)]), label
        for each in RELATIONSHIPS:
            text = f"MATCH ({{id: $id}})-[r:{each.name}]->() RETURN properties(r) AS facts"
            start = full(each.sources[0].name)
            row = session.run(text, id=start).single(strict=True)  # type: ignore[arg-type]
            compare(row["facts"], each)
    wipe(neo4j_uri)


def compare(facts: dict[str, Any], element: Element) -> None:
    dtypes = {prop.name: prop.dtype for prop in element.columns}
    for name, value in stated(element).items():
        kept = facts[name]
        if dtypes[name] in (Dtype.INSTANTS, Dtype.JSON):
            kept = json.loads(kept)
        if dtypes[name] is Dtype.INSTANT:
            kept, value = pd.Timestamp(kept.to_native()), pd.Timestamp(value)
        assert kept == value, (element.name, name)
