"""SQL over a snapshot reads the snapshot, and nothing else."""

import threading
import time
from contextlib import suppress
from math import inf

import pandas as pd
import pytest

from analytics.runtime.budget import Budget, Stopped, within
from app import sql
from app.sql import QueryRefused, select
from tests.support.estates.small_estates import example

ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range % 7 = 3"


@pytest.fixture(scope="module")
def graph():
    return example().graph()


def test_labels_and_types_are_tables(graph):
    found = select(graph, 'SELECT id FROM "Agent" ORDER BY id')
    assert found["id"].tolist() == ["A", "B"]
    joined = select(
        graph,
        """SELECT r.sensitivity, count(*) AS grants FROM CAN_ACCESS g
        JOIN Resource r ON r.id = g.target_id GROUP BY 1 ORDER BY 1;""",
    )
    assert dict(joined.itertuples(index=False)) == {
        "confidential": 2,
        "internal": 2,
        "restricted": 1,
    }


@pytest.mark.parametrize(
    "query",
    [
        "",
        ";",
        "SELEC 1",
        "SELECT 1; SELECT 2",
        "SELECT * FROM nowhere",
        "INSERT INTO Agent SELECT * FROM Agent",
        "UPDATE Agent SET id = 'x'",
        "DROP VIEW Agent",
        "CREATE TABLE t AS SELECT 1",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "EXPLAIN ANALYZE SELECT 1",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "EXPORT DATABASE '{folder}/out'",
        "SELECT * FROM read_csv('{folder}/in.csv')",
        "SELECT * FROM read_text('{folder}/in.csv')",
        "SELECT * FROM '{folder}/in.csv'",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
        "SELECT getenv('HOME')",
    ],
)
def test_what_is_no_select_or_leaves_the_snapshot_is_refused(graph, query, tmp_path):
    (tmp_path / "in.csv").write_text("secret\ncanary\n")
    before = graph.facts.hash
    with pytest.raises(QueryRefused) as refused:
        select(graph, query.format(folder=tmp_path))
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]
    assert graph.facts.hash == before


def test_variables_of_the_program_are_no_tables(graph):
    """DuckDB would look into the frames of the caller for a DataFrame of that name."""
    hidden = pd.DataFrame({"secret": ["canary"]})
    with pytest.raises(QueryRefused):
        select(graph, "SELECT * FROM hidden")
    assert len(hidden) == 1


def test_a_query_without_end_is_stopped(graph):
    begun = time.monotonic()
    with pytest.raises(QueryRefused, match="longer than"):
        select(graph, ENDLESS, deadline=0.2)
    assert time.monotonic() - begun < 20


def ended_by_hand(graph, deadline: float) -> float:
    """Return how long an endless query goes on after nobody waits for it any more."""
    stop, ended = threading.Event(), threading.Event()

    def ask() -> None:
        with suppress(QueryRefused, Stopped), within(Budget(inf, inf), stop=stop):
            select(graph, ENDLESS, deadline)
        ended.set()

    threading.Thread(target=ask, daemon=True).start()
    assert not ended.wait(0.5)
    stop.set()
    begun = time.monotonic()
    assert ended.wait(60)
    return time.monotonic() - begun


def test_a_query_for_which_nobody_waits_ends(graph):
    assert ended_by_hand(graph, deadline=50) < 10


def test_the_twin_that_does_not_look_goes_on_to_its_deadline(graph, monkeypatch):
    monkeypatch.setattr(sql, "stopping", lambda: None)
    assert ended_by_hand(graph, deadline=4) > 2.5


def test_no_timer_is_left_behind(graph):
    before = threading.active_count()
    select(graph, "SELECT 1")
    with pytest.raises(QueryRefused):
        select(graph, "SELECT * FROM nowhere")
    assert threading.active_count() <= before


def test_a_faulty_select_is_refused_in_one_line(graph):
    with pytest.raises(QueryRefused):
        select(graph, "SELECT 1/0::INTEGER + 'x'::INTEGER")
