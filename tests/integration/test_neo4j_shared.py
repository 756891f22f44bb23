"""A database that others use too: what is theirs stays as it is, and does not disturb ours."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from neo4j.exceptions import ConstraintError

import trustdebt
from graph import cypher
from graph.schema import ELEMENTS, RELATIONSHIPS
from tests.integration.conftest import OURS, ask, raw
from tests.integration.opening import opened, publish
from tests.support.estates import worlds
from tests.support.estates.small_estates import Estate
from tests.support.search import some

LABELS = [*(e.name for e in ELEMENTS), "Snapshot", "Pointer", "Lease", "Person", "Trust debt", ""]
TYPES = [*(r.name for r in RELATIONSHIPS), "KNOWS", "SEEN BY"]
VALUES = ["current", "publish", "LOADING", "RETIRED", "PUBLISHED", "a1", "", 0, 1, 2**40, True]
KEYS = ["run", "id", "name", "state", "token", "expires", "held", "step", "nonce", "sequence"]
THEIRS = "NOT any(l IN labels(n) WHERE l IN $ours)"


@pytest.fixture
def shared(neo4j_uri: str) -> Iterator[str]:
    """Return the address of a database that holds nothing at all, and leave it so."""
    clear(neo4j_uri)
    yield neo4j_uri
    clear(neo4j_uri)


def clear(uri: str) -> None:
    with raw(uri) as driver, driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS").consume()
        for (name,) in session.run("SHOW CONSTRAINTS YIELD name RETURN name").values():
            if name not in cypher.constraints():
                session.run(f"DROP CONSTRAINT `{name}`").consume()


def plant(uri: str, draw: random.Random, runs: list[str]) -> None:
    """Make nodes and relationships of somebody else, as like ours as can be."""
    with raw(uri) as driver, driver.session() as session:
        for number in range(40):
            label, values = draw.choice(LABELS), [*VALUES, *runs]
            said = {key: draw.choice(values) for key in draw.sample(KEYS, draw.randint(0, 6))}
            shape = f":`{label}`" if label else ""
            text = f"CREATE (n{shape}) SET n = $said, n.theirs = $number"
            session.run(text, said=said, number=number).consume()
        for _ in range(30):
            values = {"one": draw.randrange(40), "other": draw.randrange(40)}
            values["run"] = draw.choice([*runs, "x"])
            session.run(
                "MATCH (a {theirs: $one}) MATCH (b {theirs: $other}) "
                f"CREATE (a)-[:`{draw.choice(TYPES)}` {{run: $run}}]->(b)",
                values,
            ).consume()


def theirs(uri: str) -> list[list[object]]:
    """Return all that is not ours: nodes and relationships between them."""
    nodes = f"MATCH (n) WHERE {THEIRS} RETURN labels(n), properties(n) ORDER BY n.theirs"
    ties = (
        f"MATCH (n)-[r]->(m) WHERE {THEIRS} AND NOT any(l IN labels(m) WHERE l IN $ours) "
        "RETURN n.theirs, type(r), properties(r), m.theirs ORDER BY n.theirs, type(r), m.theirs"
    )
    return [*ask(uri, nodes, ours=OURS), *sorted(ask(uri, ties, ours=OURS), key=repr)]


def tie_to_ours(uri: str, draw: random.Random) -> None:
    """Tie nodes of somebody else to ours, both ways, and two of ours to each other."""
    ends = "MATCH (t {theirs: $n}) MATCH (o) WHERE any(l IN labels(o) WHERE l IN $ours) "
    for number, way in enumerate(["(t)-[:%s]->(o)", "(o)-[:%s]->(t)", "(o)-[:%s]->(o)"] * 2):
        tie = f"`{draw.choice(TYPES)}` {{first_run: o.first_run, last_run: o.last_run}}"
        text = f"{ends}WITH t, o LIMIT 3 CREATE {way % tie}"
        ask(uri, text, n=number, ours=OURS)


@pytest.mark.parametrize("seed", some(range(5), 2))
def test_what_is_of_others_stays_and_disturbs_nothing(shared: str, seed: int) -> None:
    draw = random.Random(seed)
    facts = [worlds.crowd(n) for n in (3, 4, 5)]
    runs = [f"{n:06d}-{f.hash[:16]}" for n, f in enumerate(facts, 1)]
    plant(shared, draw, runs)
    before = theirs(shared)
    with opened(shared) as store:
        assert store.current() is None
        assert store.snapshots() == []
        publish(store, facts[0])
        tie_to_ours(shared, draw)
        publish(store, facts[1])
        assert store.read(runs[0])[1].hash == facts[0].hash
        assert store.read()[1].hash == facts[1].hash
        publish(store, facts[2])
        ask(shared, "MATCH (s:TrustdebtSnapshot) REMOVE s.held")  # nobody reads any longer
        with store.lease() as lease:
            store.prune(1, lease)
        assert [one.id for one in store.snapshots()] == [runs[2]]
        assert store.read()[1].hash == facts[2].hash
    assert theirs(shared) == before


def test_others_write_what_they_like_beside_ours(shared: str) -> None:
    """No constraint of ours is on a label or a type of theirs."""
    with opened(shared) as store:
        publish(store, worlds.world())
    for name in [*(e.name for e in ELEMENTS), "Snapshot", "Pointer", "Lease"]:
        for _ in range(2):
            ask(shared, f"CREATE (:{name} {{run: 'r', id: 'i', name: 'kube-a'}})")
    bound = ask(shared, "SHOW CONSTRAINTS YIELD labelsOrTypes, name RETURN labelsOrTypes[0], name")
    assert {label for label, _ in bound} == set(OURS)
    assert all(str(name).startswith("trustdebt") for _, name in bound)


def test_constraints_of_an_earlier_version_go_away(shared: str) -> None:
    """The twin: without a prefix they made the writes of others fail."""
    ask(shared, "CREATE CONSTRAINT trustdebt_lease FOR (n:Lease) REQUIRE n.name IS UNIQUE")
    ask(shared, "CREATE CONSTRAINT theirs FOR (n:Pod) REQUIRE n.name IS UNIQUE")
    ask(shared, "CREATE (:Lease {name: 'kube-a'})")
    with pytest.raises(ConstraintError):
        ask(shared, "CREATE (:Lease {name: 'kube-a'})")
    with opened(shared) as store:
        publish(store, worlds.crowd(2))
    ask(shared, "CREATE (:Lease {name: 'kube-a'})")
    names = ask(shared, "SHOW CONSTRAINTS YIELD name RETURN collect(name)")[0][0]
    assert "theirs" in names
    assert "trustdebt_lease" not in names


def test_every_text_names_only_what_has_our_prefix() -> None:
    with pytest.raises(ValueError, match="not a label"):
        cypher.label_of(cypher.POINTER)
    assert all(label.startswith(cypher.PREFIX) for label in OURS)


def test_the_first_publish_beside_others_says_so(
    shared: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def warnings(number: int) -> str:
        folder = Estate().agent(f"bot-{number}").resource("db", "restricted").write(tmp_path / "e")
        trustdebt.main(["ingest", "estate", str(folder), "--store", shared, "--json"])
        return capsys.readouterr().out

    ask(shared, "CREATE (:Pod {name: 'web'})")
    assert "a database of its own" in warnings(1)
    assert "a database of its own" not in warnings(2)
    clear(shared)
    assert "a database of its own" not in warnings(3)
