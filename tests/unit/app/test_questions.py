"""Every saved question can be read, asked on the example estate, and shown as it says."""

from typing import Any

import pandas as pd
import pytest

from analytics.posture import Posture
from app import sql
from app.questions import CHART, PICTURE, Question, WrongQuestion, all_questions, question_of
from app.sql import QueryRefused, select
from app.web.views.console.answers import bars_of, edges_of, presentable
from graph.schema import USE_EVENT
from ingest.generator import generate
from tests.support.estates.accuracy import assessed
from tests.support.estates.small_estates import AS_OF, Estate, ago

GOOD = 'question = "q?"\nwhy = "w."\nsql = "SELECT 1"\n'


def test_there_are_questions() -> None:
    assert len(all_questions()) >= 10
    for question in all_questions().values():
        assert question.question.endswith("?")
        assert question.why.endswith(".")


def test_a_question_can_be_asked_in_cypher_too() -> None:
    """But one: a node of Neo4j stands for all statements of a thing, which it counts by source."""
    in_sql_alone = [each.id for each in all_questions().values() if not each.cypher]
    assert in_sql_alone == ["facts_by_source"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("question = ", "n: "),
        ('question = "q?"\nwhy = "w."\n', "sql is missing"),
        (GOOD + 'shows = "film"\n', "shows is one of"),
        (GOOD + 'sqll = "SELECT 1"\n', "unknown sqll"),
        (GOOD + "[parameters.days]\ndefault = 3\n", "says is missing"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(WrongQuestion, match=words):
        question_of("n", text)


def test_a_parameter_is_read_by_the_type_of_its_default() -> None:
    text = (
        GOOD
        + '[parameters.days]\nsays = "d"\ndefault = 3\n'
        + '[parameters.name]\nsays = "n"\ndefault = "x"\n'
    )
    days, name = question_of("n", text).parameters
    assert (days.read("7"), name.read("7")) == (7, "7")
    with pytest.raises(ValueError, match="invalid literal"):
        days.read("seven")


@pytest.fixture(scope="module")
def example() -> Posture:
    """Judge an example estate, as `trustdebt demo` makes one."""
    return assessed(generate(60, 7))


def asked(posture: Posture, question: Question, **values: Any) -> pd.DataFrame:
    given = {parameter.name: parameter.default for parameter in question.parameters} | values
    as_of = posture.graph.as_of.to_pydatetime()
    return select(posture.graph, question.sql, values={"as_of": as_of, **given}, limit=1000)


@pytest.mark.parametrize("name", all_questions())
def test_each_question_answers_on_the_example_and_is_shown_as_it_says(
    example: Posture, name: str
) -> None:
    question = all_questions()[name]
    thing = str(example.graph.things["id"].iloc[0])
    values = {p.name: thing for p in question.parameters if p.default == ""}
    rows = presentable(asked(example, question, **values))
    assert len(rows) or values, "the example shows what the question is about"
    if question.shows == CHART:
        assert bars_of(rows) is not None
    if question.shows == PICTURE:
        assert len(edges_of(example, rows)) == len(rows)


def test_the_answers_are_right() -> None:
    """An estate so small that every answer can be worked out by hand."""
    e = Estate().agent("A", "B", "C").person("ann").owned("A", business="ann")
    e.thing("Credential", "old", created_at=ago(91), storage="code", status="active")
    e.thing("Credential", "young", created_at=ago(400), rotated_at=ago(90), status="active")
    e.thing("Credential", "ended", created_at=ago(400), status="revoked")
    e.link("A", "USES", "old").link("B", "USES", "old").link("B", "USES", "young")
    e.resource("vault", "restricted").resource("wiki", "internal")
    e.can("A", "read", "vault", telemetry=True).can(
        "A", "read", "wiki", last_used_at={"read": ago(1)}
    )
    e.can("B", "read", "wiki", telemetry=True, last_used_at={"read": ago(1)}).link(
        "A", "SPAWNS", "B"
    )
    e.thing("Tool", "mail").link("A", "CALLS", "mail").link("C", "CALLS", "mail")
    posture, questions = e.posture(AS_OF), all_questions()

    def cells(name: str, *columns: str, **values: Any) -> list[tuple[Any, ...]]:
        rows = asked(posture, questions[name], **values)
        return list(rows[list(columns)].itertuples(index=False, name=None))

    assert cells("agents_without_owner", "id") == [("B",), ("C",)]
    assert cells("keys_to_rotate", "id") == [("old",)]
    assert cells("keys_to_rotate", "id", days=89) == [("old",), ("young",)]
    assert cells("keys_by_storage", "place", "keys") == [("nobody states it", 2), ("code", 1)]
    assert cells("shared_keys", "id", "identities") == [("old", 2)]
    assert cells("grants_on_restricted", "source", "target") == [("A", "vault")]
    assert cells("widest_grants", "holder", "resources") == [("A", 2), ("B", 1)]
    assert cells("widest_grants", "holder", most=1) == [("A",)]
    assert cells("grants_never_used", "holder", "resource") == [("A", "vault")]
    assert cells("tools_by_agents", "tool", "agents") == [("mail", 2)]
    assert cells("who_made_whom", "source", "target") == [("A", "B")]
    assert cells("grants_of", "resource", identity="A") == [("vault",), ("wiki",)]


@pytest.mark.parametrize("log", ["sums", "events"])
def test_a_grant_on_what_a_log_shows_in_use_is_not_called_unused(log: str) -> None:
    """The grants state no use of their own; one was seen at the vault, by whoever it was."""
    e = Estate().agent("A").resource("vault").resource("wiki")
    e.can("A", "read", "vault", telemetry=True).can("A", "read", "wiki", telemetry=True)
    if log == "sums":
        e.link("A", "USED", "vault", level="read", last_at=ago(1), count=1)
    else:
        seen = {"id": "u", "principal": "A", "resource": "vault", "action": "read"}
        e.add(USE_EVENT, at=ago(1), outcome="success", **seen)
    rows = asked(e.posture(AS_OF), all_questions()["grants_never_used"])
    assert rows["resource"].tolist() == ["wiki"]


def test_a_value_never_becomes_part_of_a_query(example: Posture) -> None:
    hostile = "' OR 1 = 1 --"
    assert asked(example, all_questions()["grants_of"], identity=hostile).empty
    text = all_questions()["grants_of"].sql
    assert len(select(example.graph, text.replace("$identity", "'' OR 1 = 1 --"))) > 0


def test_a_value_that_is_missing_is_named(example: Posture) -> None:
    with pytest.raises(QueryRefused, match=r"needs a value for \$days, \$most"):
        select(example.graph, "SELECT $most + $days", values={"other": 1})


def test_a_limit_cuts_the_answer_not_the_question(example: Posture) -> None:
    query = "SELECT range AS n FROM range(1000) WHERE range >= $least ORDER BY n DESC;"
    rows = select(example.graph, query, values={"least": 5}, limit=3)
    assert rows["n"].tolist() == [999, 998, 997]
    assert len(select(example.graph, query, values={"least": 5})) == 995
    endless = "SELECT * FROM range(100000000000)"
    assert len(select(example.graph, endless, limit=10)) == 10


def test_a_query_beyond_the_memory_is_refused(
    example: Posture, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "SELECT count(*) FROM (SELECT DISTINCT range FROM range(3000000))"
    assert int(select(example.graph, query).iloc[0, 0]) == 3_000_000
    monkeypatch.setitem(sql.CLOSED, "memory_limit", "20MB")
    with pytest.raises(QueryRefused, match=r"(?i)memory"):
        select(example.graph, query)


def test_any_result_can_be_drawn(example: Posture) -> None:
    query = (
        "SELECT 1 AS a, 2 AS a, [1, 2] AS l, {'k': 'v'} AS m, NULL AS n, 1.5::DECIMAL(9, 2) AS d, "
        "'x'::BLOB AS b, INTERVAL 1 DAY AS i, DATE '2026-08-01' AS \" \", TRUE AS t, 'é' AS s"
    )
    rows = presentable(select(example.graph, query, limit=5))
    assert len(set(rows)) == 11
    assert rows.to_parquet() is not None
    assert rows["s"].tolist() == ["é"]
