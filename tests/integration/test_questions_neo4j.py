"""Saved questions give the same answer in SQL and in Cypher, on a real Neo4j."""

import json
import re
from contextlib import closing
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pandas as pd
import pytest

import trustdebt
from analytics.history import open_posture
from app.cypher import ask
from app.questions import Question, all_questions
from app.sql import select
from graph.access import AccessGraph
from graph.facts import Facts
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    CREDENTIAL,
    FACT_NODES,
    RELATIONSHIPS,
    RESOURCE,
    TABLES,
    USE_EVENT,
    USED,
)
from graph.stores import QueryRefused, open_store
from graph.stores.neo4j import plans as neo4j_plans
from ingest.generator import generate
from tests.integration.conftest import wipe
from tests.integration.opening import opened, publish
from tests.support.estates.accuracy import assessed
from tests.support.histories.changing_facts import frame_of

IN_BOTH = [question for question in all_questions().values() if question.cypher]
BETWEEN = "000002"  # a snapshot between two others
OF_THE_RUN = re.compile(r"(\w)\.first_run <= \$run <= \1\.last_run")
INSTANTS = ("at", "changed_at", "granted_at", "reviewed_at", "expires_at")


@pytest.fixture(scope="module")
def example(neo4j_uri: str) -> str:
    """Publish the example estate, then less of it, then all again; return the address."""
    wipe(neo4j_uri)
    facts = with_a_use(assessed(generate(60, 7)).graph.facts)
    again = replace(facts, coverage=tuple(replace(c, complete=False) for c in facts.coverage))
    with opened(neo4j_uri) as store:
        for state in (facts, less(facts), again):
            publish(store, state)
    return neo4j_uri


def with_a_use(facts: Facts) -> Facts:
    """State one use, of a resource with a grant of which nothing else tells a use."""
    grants, told = facts.frames[CAN_ACCESS], facts.frames[USE_EVENT]["resource"]
    unused = grants["telemetry"].fillna(False) & grants["last_used_at"].isna()
    grant = grants[unused & ~grants["target_id"].isin(told)].iloc[0]
    row = {name: grant[name] for name in ("source_id", "target_id", "source", "scope")}
    return Facts.of({**facts.frames, USED: frame_of(USED, [{**row, "id": "used"}])}, facts.coverage)


def less(facts: Facts) -> Facts:
    """Leave out some rows of every kind, and the relationships of things that are gone.

    So many that each condition on the run, taken away, is seen in the answer of its question.
    """
    frames = dict(facts.frames)
    for label in (AGENT, CREDENTIAL, RESOURCE):
        frames[label] = frames[label][np.arange(len(frames[label])) % 9 != 1]
    there = pd.concat([frames[label]["id"] for label in FACT_NODES])
    for kind in RELATIONSHIPS:
        rows = frames[kind]
        ends = rows["source_id"].isin(there) & rows["target_id"].isin(there)
        frames[kind] = rows[ends & (np.arange(len(rows)) % 3 != 2)]
    for table in TABLES:
        frames[table] = frames[table][np.arange(len(frames[table])) % 3 != 2]
    frames[USED] = frames[USED][:0]
    kept = {element: frame.reset_index(drop=True) for element, frame in frames.items()}
    return Facts.of(kept, facts.coverage)


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
    in_sql, in_cypher = answers(example, question)
    assert len(in_sql) > 0
    assert list(in_cypher) == list(in_sql)
    assert sorted(cells(in_cypher)) == sorted(cells(in_sql))


@pytest.mark.parametrize("question", IN_BOTH, ids=lambda question: question.id)
def test_of_a_snapshot_between_others_too(example: str, question: Question) -> None:
    in_sql, in_cypher = answers(example, question, BETWEEN)
    assert sorted(cells(in_cypher)) == sorted(cells(in_sql))


@pytest.mark.parametrize("question", IN_BOTH, ids=lambda question: question.id)
def test_without_any_of_its_conditions_it_would_tell_of_others(
    example: str, question: Question
) -> None:
    """The twin: a row of another snapshot is one too many, or hides one."""
    assert question.cypher is not None
    right = sorted(cells(answers(example, question, BETWEEN)[1]))
    conditions = list(OF_THE_RUN.finditer(question.cypher))
    assert conditions
    for each in conditions:
        text = f"{question.cypher[: each.start()]}$run = $run{question.cypher[each.end() :]}"
        other = answers(example, replace(question, cypher=text), BETWEEN)[1]
        assert sorted(cells(other)) != right, each.group()


@cache
def graph_of(uri: str, snapshot: str | None) -> AccessGraph:
    """Read a snapshot once for all questions."""
    return open_posture(uri, snapshot).graph


def answers(
    uri: str, question: Question, snapshot: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Ask a question of a snapshot in SQL and in Cypher."""
    assert question.cypher is not None
    graph = graph_of(uri, snapshot)
    values = {each.name: each.default or asked(graph, each.name) for each in question.parameters}
    in_sql = select(graph, question.sql, values={"as_of": graph.as_of.to_pydatetime(), **values})
    with closing(open_store(uri)) as store:
        in_cypher, missed = ask(store, graph, question.cypher, {"as_of": int(graph.now), **values})
    assert missed == []
    return in_sql, in_cypher


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


MISSPELT = (
    "MATCH (a:Agnet {nmae: 'x'})-[:CAN_ACESS]->(b:`a\u202e ``quoted```)<-[:CAN_ACESS]-(:Agnet) "
    "WHERE b.znoe > 1 RETURN a.id AS id, b.znoe"
)


def test_names_that_nothing_has_are_reported(example: str) -> None:
    """A misspelt name is no error in Cypher: without a word, nothing found would read as none.

    Each is told once, in however many places of the query it is.
    """
    snapshot = trustdebt.open_snapshot(example)
    with pytest.warns(UserWarning, match="^Nothing has") as caught:
        assert snapshot.cypher(MISSPELT).empty
    assert sorted(str(each.message) for each in caught) == [
        "Nothing has the label Agnet; labels of trustdebt begin with Trustdebt.",
        "Nothing has the label a⟨U+202E⟩ `quoted`; labels of trustdebt begin with Trustdebt.",
        "Nothing has the property nmae.",
        "Nothing has the property znoe.",
        "Nothing has the type CAN_ACESS; types of trustdebt begin with TRUSTDEBT_.",
    ]
    assert all(each.filename == __file__ for each in caught)


def test_only_so_many_rows_are_fetched(example: str) -> None:
    posture, store = open_posture(example), open_store(example)
    try:
        rows = ask(store, posture.graph, "UNWIND range(1, 100000000) AS n RETURN n", {}, 5).rows
    finally:
        store.close()
    assert rows["n"].tolist() == [1, 2, 3, 4, 5]
