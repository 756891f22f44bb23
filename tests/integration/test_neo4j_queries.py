"""The texts that reach Neo4j: a closed set, planned on an index, whatever the values and codec."""

import subprocess
import sys
from pathlib import Path

import neo4j
import pytest

import trustdebt
from graph import cypher
from graph.schema import CAN_ACCESS, FACT_NODES, OWNS, RELATIONSHIPS, ROLE, SNAPSHOT
from graph.stores import QueryRefused
from tests.integration.conftest import raw, wipe
from tests.integration.opening import NEW, opened, publish
from tests.support.estates import worlds

ROOT = Path(__file__).parents[2]
OLD = worlds.crowd(2)


def all_texts() -> set[str]:
    """Return every text that the schema and the constants can give."""
    texts = {value for value in vars(cypher).values() if isinstance(value, str)}
    texts |= set(cypher.constraints().values())
    for element in cypher.RECORDED:
        texts |= {cypher.create_nodes(element), cypher.read_nodes(element)}
        texts.add(cypher.count_nodes(element.name))
    for every in (*cypher.RECORDED, *RELATIONSHIPS):
        texts |= {cypher.end(every), cypher.delete(every), cypher.reopen(every)}
    for label in FACT_NODES:
        texts.add(cypher.count_relationships(label.name))
        for kind in RELATIONSHIPS:
            texts.add(cypher.read_relationships(kind, label.name))
            for other in FACT_NODES:
                texts.add(cypher.create_relationships(kind, label.name, other.name))
    return texts


def test_no_value_gets_into_a_query(empty_neo4j: str, monkeypatch: pytest.MonkeyPatch):
    sent: set[str] = set()
    run = neo4j.ManagedTransaction.run

    def listening(self, query, *args, **values):
        sent.add(query)
        return run(self, query, *args, **values)

    monkeypatch.setattr(neo4j.ManagedTransaction, "run", listening)
    with opened(empty_neo4j) as store:
        publish(store, worlds.hostile())
        publish(store, NEW)
        with store.lease() as lease:
            assert len(store.prune(1, lease)) == 1
        store.read()
    assert len(sent) > 40
    assert sent <= all_texts()


def test_a_label_that_the_schema_lacks_is_refused():
    for label in worlds.HOSTILE:
        with pytest.raises(ValueError, match="not a label"):
            cypher.count_nodes(label)


@pytest.mark.parametrize("line", ["neo4j_uri", "neo4j_2026_uri"])
def test_queries_use_the_index_and_nothing_deprecated(line: str, request: pytest.FixtureRequest):
    uri = request.getfixturevalue(line)
    wipe(uri)
    values = {"run": 1, "after": 1, "least": 1, "most": 1, "limit": 1, "rows": [], "step": 1}
    values |= {"snapshot": "", "snapshots": [], "properties": {}}
    values |= {"token": 1, "keep": 1, "nonce": "", "holder": "", "counted": ""}
    with opened(uri) as store:
        publish(store, worlds.world())
    kinds = [CAN_ACCESS.name, OWNS.name]
    texts = {
        t
        for t in all_texts()
        if "MATCH" in t and (ROLE.name in t or ":" + cypher.label_of(SNAPSHOT.name) in t)
    }
    texts = {t for t in texts if "[r:" not in t or any(k in t for k in kinds)}
    with raw(uri) as plain, plain.session() as session:
        for text in texts:
            summary = session.run(f"EXPLAIN {text}", values).consume()
            plan = str(summary.plan)
            assert "AllNodesScan" not in plan, text
            if "$run" in text or "$limit" in text:
                assert "NodeByLabelScan" not in plan, text
                assert "RelationshipTypeScan" not in plan, text
                assert "CartesianProduct" not in plan or "CREATE" in text, text
            noted = [s for s in summary.gql_status_objects if s.is_notification]
            assert [s for s in noted if s.raw_classification != "UNRECOGNIZED"] == [], text


CODEC = """
import sys
if {pure}:
    sys.modules["neo4j._rust"] = None
from neo4j._codec.packstream import v1
assert (v1._rust_pack is None) == {pure}, v1._rust_pack
from graph.stores import open_store
from tests.support.estates import worlds
store, facts = open_store("{uri}"), worlds.world()
with store.lease(10) as lease:
    store.publish(facts, lease)
assert store.read()[1].hash == facts.hash
store.close()
print("read back")
"""


@pytest.mark.parametrize("pure", [True, False], ids=["pure", "rust"])
def test_both_codecs_of_the_driver_carry_everything(empty_neo4j: str, pure: bool):
    if not pure:
        pytest.importorskip("neo4j._rust", reason="neo4j-rust-ext is not installed")
    program = CODEC.format(pure=pure, uri=empty_neo4j)
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "read back\n", done.stderr


def test_a_notebook_asks_in_cypher_and_writes_nothing(empty_neo4j: str):
    """The rows of this snapshot, and a refusal of whatever would change the database."""
    with opened(empty_neo4j) as store:
        publish(store, OLD)
    snap = trustdebt.open_snapshot(empty_neo4j)
    found = snap.cypher(
        "match (n:TrustdebtAgent) where n.first_run <= $run <= n.last_run "
        "return n.id as id order by id"
    )
    assert found["id"].tolist() == sorted(snap.frame("Agent")["id"])
    (whole,) = snap.cypher("match (n:TrustdebtAgent {first_run: $run}) return n limit 1")["n"]
    assert whole["last_run"] == cypher.OPEN
    some = snap.cypher(
        "match (n:TrustdebtAgent) where n.id = $id return n.id as id", id=whole["id"]
    )
    assert some["id"].tolist() == [whole["id"]]
    for wrong in ("match (n) detach delete n", "create (:TrustdebtAgent)", "no cypher at all"):
        with pytest.raises(QueryRefused):
            snap.cypher(wrong)
    assert len(snap.cypher("match (n:TrustdebtAgent {first_run: $run}) return n.id")) == len(found)
