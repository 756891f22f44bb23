"""The console runs saved questions and one's own queries, refuses what is no question, exports."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.cypher import Answer
from app.questions import all_questions
from app.web.views import console
from app.web.views.console import answers
from tests.e2e.conftest import Open
from tests.e2e.said import texts

OWN = "console:query::sql"


def result(test: AppTest) -> list[list[object]]:
    """Return the rows of the answer, the last table of the page."""
    assert not test.exception
    rows: list[list[object]] = test.dataframe[-1].value.to_numpy().tolist()
    return rows


def written(open_page: Open, store: Path, query: str) -> AppTest:
    """Write a query of one's own and run it."""
    test = open_page(store, "console")
    test.text_area(key=OWN).set_value(query)
    return next(b for b in test.button if b.label == "Run").click().run()


def test_a_saved_question_runs_when_it_is_chosen(open_page: Open, store: Path) -> None:
    test = open_page(store, "console")
    assert "Press *Run* to ask" in texts(test)
    test.selectbox(key="question").select("agents_without_owner").run()
    assert [row[0] for row in result(test)] == ["orphan"]
    assert "1 row." in texts(test)
    assert "SELECT" in (test.text_area[0].value or "")


def test_the_address_keeps_the_question_and_its_values(open_page: Open, store: Path) -> None:
    test = open_page(store, "console", question="widest_grants", most="2", shows="table")
    assert [row[0] for row in result(test)] == ["deploy", "svc-clean-1"]
    test = open_page(store, "console", question="widest_grants", most="many")
    assert "A whole number, please." in texts(test)
    test = open_page(store, "console", question="grants_of")
    assert "Needed, to ask." in texts(test)
    test = open_page(store, "console", question="grants_of", identity="svc-left", shows="table")
    assert [row[0] for row in result(test)] == ["db-01"]


@pytest.mark.parametrize("name", all_questions())
def test_every_question_is_drawn(open_page: Open, store: Path, name: str) -> None:
    test = open_page(store, "console", question=name, identity="svc-left")
    assert not test.exception
    assert "Refused" not in texts(test)


def test_a_query_of_ones_own(open_page: Open, store: Path) -> None:
    test = written(open_page, store, "SELECT count(*) AS n FROM Agent WHERE id LIKE 'clean%'")
    assert result(test) == [[3]]
    test.text_area(key=OWN).set_value("SELECT 7 AS n").run()
    assert "Press *Run* to ask" in texts(test), "what is shown is the answer of what is written"


def test_each_session_asks_for_itself(open_page: Open, store: Path) -> None:
    """A database may say something else by then, and holds more than the snapshot."""
    said = [result(written(open_page, store, "SELECT random() AS n")) for _ in range(2)]
    assert said[0] != said[1]


@pytest.mark.parametrize(
    "query",
    [
        "DROP VIEW Agent",
        "SELECT * FROM read_text('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "SELECT 1; SELECT 2",
        "SELECT <script>",
        "SELECT $unknown",
    ],
)
def test_what_is_no_question_is_refused_in_words(open_page: Open, store: Path, query: str) -> None:
    test = written(open_page, store, query)
    assert not test.exception
    assert [error.value.startswith("Refused: ") for error in test.error] == [True]
    assert "<script>" not in test.error[0].value


def test_more_rows_than_are_shown_are_told(
    open_page: Open, store: Path, around: pytest.MonkeyPatch
) -> None:
    around.setattr(answers, "MOST", 5)
    assert "6 rows" not in texts(written(open_page, store, "SELECT range FROM range(5)"))
    assert "there are more" in texts(written(open_page, store, "SELECT range FROM range(6)"))


@pytest.mark.parametrize(
    "missed",
    [[("label", "Agent`<b>"), *[("property", f"p{n}") for n in range(9)]], []],
    ids=["misspelt", "well spelt"],
)
def test_a_misspelt_name_in_cypher_is_named(
    open_page: Open, store: Path, around: pytest.MonkeyPatch, missed: list[tuple[str, str]]
) -> None:
    around.setattr(console, "can_ask", lambda _: True)
    around.setattr(answers, "ask", lambda *_: Answer(pd.DataFrame(), missed))
    test = open_page(store, "console", language="cypher")
    test = next(b for b in test.button if b.label == "Run").click().run()
    assert "The answer has no row." in texts(test)
    said = [sentence for warning in test.warning for sentence in warning.value.split("\n\n")]
    assert (
        said[:1]
        == ["Nothing has the label `Agent\u02cb<b>`; labels of trustdebt begin with Trustdebt."][
            : len(missed)
        ]
    )
    assert said[1:] == [f"Nothing has the property `{name}`." for _, name in missed[1:]]


def test_hostile_names_stay_names(open_page: Open, hostile_store: Path) -> None:
    test = written(open_page, hostile_store, 'SELECT name, id AS "<b>x</b>" FROM Agent')
    assert not test.exception
    assert len(result(test)) > 0
