"""The Cypher script is loaded by a real server, and holds there what the snapshot holds."""

from pathlib import Path

import neo4j

from graph.access import AccessGraph
from graph.exports.cypher import write
from graph.schema import FACT_NODES, RELATIONSHIPS
from tests.integration.conftest import raw, wipe
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
