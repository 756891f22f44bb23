"""Saved questions give the same answer in SQL and in Cypher, on a real Neo4j."""

import json
from functools import partial

import pandas as pd
import pytest

import trustdebt
from analytics.history import open_posture
from app.cypher import ask
from app.questions import Question, all_questions
from app.sql import select
from graph.access import AccessGraph
from graph.schema import CAN_ACCESS
from graph.stores import QueryRefused, open_store
from graph.stores.neo4j import plans as neo4j_plans
from ingest.generator import generate
from tests.integration.conftest import wipe
from tests.integration.opening import opened, publish
from tests.support.estates.accuracy import assessed

IN_BOTH = [question for question in all_questions().values() if question.cypher]
INSTANTS = ("at", "changed_at", "granted_at", "reviewed_at", "expires_at")


@pytest.fixture(scope="module")
def example(neo4j_uri: str) -> str:
    """Publish the example estate; return the address of the database."""
    wipe(neo4j_uri)
    with opened(neo4j_uri) as store:
        publish(store, assessed(generate(60, 7)).graph.facts)
    return neo4j_uri


def cells(rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the rows as texts, which both languages write alike.

    Instants are cut to the second; lists, which are JSON texts in SQL, become such.
    """
    made = {}
    for name in rows:
        column = rows[name]
        if name in INSTANTS:
            column = pd.to_datetime(column, utc=True).dt.floor("s")
        elif any(isinstance(cell, list) for cell in column):
            column = column.map(partial(json.dumps, separators=(",", ":")))
        made[name] = column.astype("string").fillna("")
    return list(pd.DataFrame(made).itertuples(index=False, name=None))


def asked(graph: AccessGraph, parameter: str) -> str:
    """Return an id to ask about, for a parameter without one to begin with: one with grants."""
    column = {"identity": "source_id", "resource": "target_id"}[parameter]
    return str(graph.frames[CAN_ACCESS][column].value_counts().index[0])


@pytest.mark.parametrize("question", IN_BOTH, ids=lambda question: question.id)
def test_a_question_answers_the_same_in_sql_and_in_cypher(example: str, question: Question) -> None:
    assert question.cypher is not None
    posture = open_posture(example)
    graph = posture.graph
    values = {each.name: each.default or asked(graph, each.name) for each in question.parameters}
    in_sql = select(graph, question.sql, values={"as_of": graph.as_of.to_pydatetime(), **values})
    store = open_store(example)
    try:
        in_cypher = ask(store, graph, question.cypher, {"as_of": int(graph.now), **values})
    finally:
        store.close()
    assert len(in_sql) > 0
    assert list(in_cypher) == list(in_sql)
    assert sorted(cells(in_cypher)) == sorted(cells(in_sql))


@pytest.mark.parametrize(
    "query",
    [
        "LOAD CSV FROM 'http://127.0.0.1:9/x.csv' AS line RETURN line",
        "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "LOAD /* */ CSV FROM 'file:///etc/passwd' AS line RETURN line",
        "UNWIND [1] AS x CALL (x) { LOAD CSV FROM 'file:///x' AS l RETURN l } RETURN l",
        "CALL dbms.listConfig() YIELD name, value RETURN name, value",
        "CALL db.labels()",
        "MATCH (n) DETACH DELETE n",
    ],
)
def test_what_reaches_beyond_the_database_or_writes_is_refused(example: str, query: str) -> None:
    snapshot = trustdebt.open_snapshot(example)
    with pytest.raises(QueryRefused):
        snapshot.cypher(query)
    assert len(snapshot.cypher("MATCH (a:TrustdebtAgent {first_run: $run}) RETURN a.id")) > 0


def test_without_the_look_at_its_plan_a_query_would_reach_beyond(
    example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: the server itself obeys."""
    query = "CALL db.labels() YIELD label RETURN label"
    with pytest.raises(QueryRefused, match="neither load files nor call procedures"):
        trustdebt.open_snapshot(example).cypher(query)
    monkeypatch.setattr(neo4j_plans, "BEYOND", frozenset())
    assert "TrustdebtAgent" in set(trustdebt.open_snapshot(example).cypher(query)["label"])


def test_only_so_many_rows_are_fetched(example: str) -> None:
    posture, store = open_posture(example), open_store(example)
    try:
        rows = ask(store, posture.graph, "UNWIND range(1, 100000000) AS n RETURN n", {}, 5)
    finally:
        store.close()
    assert rows["n"].tolist() == [1, 2, 3, 4, 5]
