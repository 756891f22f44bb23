"""Page of the console: saved questions and queries of one's own, in SQL and, on Neo4j, Cypher."""

from typing import Any

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.cypher import can_ask, doubt
from app.escape import code, csv_table, markdown, plain
from app.questions import CHART, PICTURE, SHAPES, TABLE, Question, library
from app.web.drawing import charts
from app.web.drawing.charts.bars import bars
from app.web.page.address import one_of, recall, remember
from app.web.page.frame import store_uri
from app.web.page.snapshots import moment_of, opened
from app.web.page.tasks import cancelled
from app.web.tables import below, table
from app.web.view import View
from app.web.views.console.answers import (
    BARS,
    CYPHER,
    MOST,
    SQL,
    Asked,
    Result,
    bars_of,
    run,
)
from app.web.views.console.drawn import picture
from app.wording import counted, number
from graph import cypher
from graph.stores import QueryRefused

OWN = ""  # the choice of a query of one's own
BEGIN = {
    SQL: "SELECT id, name, kind FROM Agent ORDER BY id",
    CYPHER: "MATCH (a:TrustdebtAgent) WHERE a.first_run <= $run <= a.last_run\n"
    "RETURN a.id AS id, a.name AS name ORDER BY id",
}
LANGUAGES = {SQL: "SQL", CYPHER: "Cypher"}
WORDS = {TABLE: "Table", CHART: "Chart", PICTURE: "Picture"}
HEIGHT = 480  # pixels
REASONS = 5  # files that cannot be used, told at once


def draw(posture: Posture) -> None:
    """Draw the choice of a question, its query, and what it answers."""
    st.caption(
        "SQL reads this snapshot alone. No query reaches a file or another host, and nothing is "
        "written."
    )
    _refused()
    question, language = _choice()
    shape = _shape(question)  # before there is an answer: an address keeps it until then
    values = _values(question)
    query, wanted = _query(question, language)
    _tables(posture, language)
    if values is None:
        return
    asked = Asked(language, query, tuple(sorted(values.items())))
    result = _result(posture, asked, wanted)
    if result is not None:
        _show(posture, shape, asked, result)


def _refused() -> None:
    """Draw which files of the folder of one's own cannot be used, and why."""
    reasons = library().refused
    if reasons:
        lines = "\n".join(f"* {markdown(reason, 300)}" for reason in reasons[:REASONS])
        more = len(reasons) - REASONS
        st.warning(
            "Questions of your own that cannot be used:\n\n"
            + lines
            + (f"\n\nand {number(more)} more." if more > 0 else ""),
            icon=":material/rule:",
        )


def _choice() -> tuple[Question | None, str]:
    """Draw the choice of a question and a language; without a question, it is one's own query."""
    known = library()
    questions = known.questions
    recall("question", OWN, one_of(questions))
    left, right = st.columns([4, 1], vertical_alignment="bottom")
    chosen = left.selectbox(
        "Question",
        [OWN, *questions],
        key="question",
        format_func=lambda id_: (
            plain(questions[id_].question) + (" · own" if id_ in known.own else "")
            if id_
            else "A query of your own"
        ),
    )
    remember("question", OWN)
    question = questions.get(chosen or OWN)
    languages = [SQL]
    if can_ask(opened(store_uri())) and (question is None or question.cypher):
        languages.append(CYPHER)
    recall("language", SQL, one_of(LANGUAGES))
    if st.session_state["language"] not in languages:
        st.session_state["language"] = SQL
    language = right.segmented_control(
        "Language", languages, key="language", format_func=LANGUAGES.__getitem__, required=True
    )
    remember("language", SQL)
    if question is not None:
        st.markdown(markdown(question.why, 1000))
    return question, str(language or SQL)


def _values(question: Question | None) -> dict[str, Any] | None:
    """Draw the parameters of a question; return their values, None if any is missing or wrong."""
    if question is None or not question.parameters:
        return {}
    values: dict[str, Any] = {}
    places = st.columns(max(3, len(question.parameters)))
    for place, parameter in zip(places, question.parameters, strict=False):
        key, default = f"console:{question.id}:{parameter.name}", str(parameter.default)
        recall(parameter.name, default, key=key)
        text = place.text_input(markdown(parameter.says), key=key).strip()
        remember(parameter.name, default, key=key)
        try:
            values[parameter.name] = parameter.read(text)
        except ValueError:
            place.warning("A whole number, please.")
            return None
        if not text:
            place.info("Needed, to ask.")
            return None
    return values


def _query(question: Question | None, language: str) -> tuple[str, bool]:
    """Draw the query; return its text, and whether to run it: a saved one runs by itself."""
    text = BEGIN[language]
    if question is not None:
        text = question.sql if language == SQL else (question.cypher or "")
    key = f"console:query:{question.id if question else OWN}:{language}"
    written = st.text_area("Query", text, key=key, height=200) or ""
    # Whoever asks again wants what was cancelled.
    pressed = st.button(
        "Run", icon=":material/play_arrow:", type="primary", on_click=lambda: cancelled().clear()
    )
    return written, pressed or (question is not None and written == text)


def _tables(posture: Posture, language: str) -> None:
    """Draw what can be asked about: the tables or labels, with their columns."""
    with st.expander("What can be asked about"):
        rows = [(e.name, ", ".join(c.name for c in e.columns)) for e in posture.graph.frames]
        heading = "Table"
        if language == CYPHER:
            heading = "Label or type"
            rows = [(f"{cypher.PREFIX}{name}", columns) for name, columns in rows]
            st.markdown(
                "Types of relationships begin with `TRUSTDEBT_`. The database holds "
                "several snapshots: ask for nodes, or for relationships, of which "
                "`first_run <= $run <= last_run`. Instants are milliseconds since 1970; `$as_of` "
                "is the one looked at."
            )
        else:
            st.markdown("`$as_of` is the instant looked at. Lists are JSON texts.")
        frame = pd.DataFrame(rows, columns=[heading, "Columns"])
        table(frame, f"console:tables:{language}", "What can be asked about.", height=300)


def _result(posture: Posture, asked: Asked, wanted: bool) -> Result | None:
    """Run the query if that is wanted; return the last result of this very query."""
    key = (asked, moment_of(posture))
    if wanted and st.session_state.get("console:asked") != key:
        st.session_state.pop("console:asked", None)
        try:
            result = run(posture, store_uri(), asked)
        except QueryRefused as error:
            st.error(f"Refused: {markdown(error, 1000)}", icon=":material/block:")
            return None
        st.session_state["console:asked"] = key
        st.session_state["console:result"] = result
    if st.session_state.get("console:asked") != key:
        st.caption("Press *Run* to ask.")
        return None
    kept: Result = st.session_state["console:result"]
    return kept


def _shape(question: Question | None) -> str:
    """Take how an answer is shown from the address; return how it is shown by default."""
    default = question.shows if question else TABLE
    recall("shows", None, one_of(SHAPES))
    st.session_state["shows"] = st.session_state["shows"] or default
    remember("shows", default)
    return default


def _show(posture: Posture, default: str, asked: Asked, result: Result) -> None:
    """Draw a result as a table, a chart or a picture, with its download."""
    shape = st.segmented_control(
        "Show as", SHAPES, key="shows", format_func=WORDS.__getitem__, required=True
    )
    remember("shows", default)
    if result.missed:
        doubts = (doubt(kind, code(name)) for kind, name in result.missed)
        st.warning("\n\n".join(doubts), icon=":material/spellcheck:")
    rows = result.rows
    if rows.empty:
        st.markdown("The answer has no row.")
        return
    if shape == CHART:
        _chart(rows)
    elif shape == PICTURE:
        picture(posture, asked, result)
    else:
        key = f"console:result:{len(rows.columns)}"  # numbers as answered: years, codes
        table(rows, key, "The rows of the answer.", height=HEIGHT, bare=True)
    words = f"{counted(len(rows), 'row')}."
    if result.more:
        words = f"The first {number(MOST)} rows; there are more: ask for less, or in a notebook."
    below(words, lambda: csv_table(rows), "answer.csv")


def _chart(rows: pd.DataFrame) -> None:
    parts = bars_of(rows)
    if parts is None:
        st.info("A chart needs a column of texts and one of numbers.")
        return
    shown, name, value = parts
    charts.show(
        bars(shown, name, value, value),
        "console:chart",
        "Bars: the first column of numbers by that of texts. As a table it has the figures.",
    )
    if len(shown) < len(rows):
        st.caption(f"The first {number(BARS)} rows as bars; the table has all.")


VIEW = View("console", "Console", ":material/terminal:", "Findings", 60, draw)
