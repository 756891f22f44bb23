"""Page of the console: saved questions and queries of one's own, in SQL and, on Neo4j, Cypher."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.edge import TYPES, Ends
from analytics.posture import Posture
from app.cypher import can_ask
from app.escape import chart_text, csv_table, markdown, plain
from app.questions import CHART, PICTURE, SHAPES, TABLE, Question, library
from app.web.card import cards
from app.web.drawing import canvas
from app.web.drawing.charts import bars
from app.web.drawing.layout import arrange
from app.web.drawing.links import links
from app.web.drawing.scene import Lit
from app.web.drawing.spanning import spanning
from app.web.links import way
from app.web.page.address import one_of, recall, remember
from app.web.page.frame import store_uri
from app.web.page.snapshots import moment_of, opened
from app.web.page.tasks import cancelled
from app.web.picture_table import picture_table
from app.web.removals import removals
from app.web.replay import stated
from app.web.tables import below, table
from app.web.thing.edge_panel import edge_panel
from app.web.thing.facts import thing_panel
from app.web.view import View
from app.web.views.console.answers import (
    BARS,
    CYPHER,
    MOST,
    SQL,
    Result,
    bars_of,
    edges_of,
    run,
)
from app.wording import counted, number
from graph import cypher
from graph.stores import QueryRefused

OWN = ""  # the choice of a query of one's own
BEGIN = {
    SQL: "SELECT id, name, kind FROM Agent ORDER BY id",
    CYPHER: "MATCH (a:TrustdebtAgent {run: $run})\nRETURN a.id AS id, a.name AS name ORDER BY id",
}
LANGUAGES = {SQL: "SQL", CYPHER: "Cypher"}
WORDS = {TABLE: "Table", CHART: "Chart", PICTURE: "Picture"}
HEIGHT = 480  # pixels
REASONS = 5  # files that cannot be used, told at once
PLACE = "console:picture"


def draw(posture: Posture) -> None:
    """Draw the choice of a question, its query, and what it answers."""
    st.caption(
        "Queries read this snapshot, and nothing else: no file, no other host, and nothing is "
        "written."
    )
    _refused()
    question, language = _choice()
    values = _values(question)
    query, asked = _query(question, language)
    _tables(posture, language)
    if values is None:
        return
    result = _result(posture, language, query, values, asked)
    if result is not None:
        _show(posture, question, result)


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
                "Types of relationships begin with `TRUSTDEBT_`. Each node and relationship has "
                "`run`: give `{run: $run}`, as the database holds several snapshots. Instants are "
                "milliseconds since 1970; `$as_of` is the one looked at."
            )
        else:
            st.markdown("`$as_of` is the instant looked at. Lists are JSON texts.")
        frame = pd.DataFrame(rows, columns=[heading, "Columns"])
        table(frame, f"console:tables:{language}", "What can be asked about.", height=300)


def _result(
    posture: Posture, language: str, query: str, values: Mapping[str, Any], asked: bool
) -> Result | None:
    """Run the query if it is asked for; return the last result of this very query."""
    key = (language, query, tuple(sorted(values.items())), moment_of(posture))
    if asked and st.session_state.get("console:asked") != key:
        st.session_state.pop("console:asked", None)
        try:
            result = run(posture, store_uri(), language, query, tuple(sorted(values.items())))
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


def _show(posture: Posture, question: Question | None, result: Result) -> None:
    """Draw a result as a table, a chart or a picture, with its download."""
    default = question.shows if question else TABLE
    recall("shows", None, one_of(SHAPES))
    st.session_state["shows"] = st.session_state["shows"] or default
    shape = st.segmented_control(
        "Show as", SHAPES, key="shows", format_func=WORDS.__getitem__, required=True
    )
    remember("shows", default)
    rows = result.rows
    if rows.empty:
        st.markdown("The answer has no row.")
        return
    if shape == CHART:
        _chart(rows)
    elif shape == PICTURE:
        _picture(posture, rows)
    else:
        table(rows, f"console:result:{len(rows.columns)}", "The rows of the answer.", height=HEIGHT)
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
    figure = bars(shown, name, value, chart_text(value))
    figure.update_traces(text=[number(each) for each in shown[value].iloc[::-1]])
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})
    if len(shown) < len(rows):
        st.caption(f"The first {number(BARS)} rows as bars; the table has all.")


def _picture(posture: Posture, rows: pd.DataFrame) -> None:
    edges = edges_of(posture, rows)
    if not edges:
        st.info("A picture needs the columns source and target, with ids of what is known.")
        return
    _pick()
    focus, edge = st.session_state["console:focus"], st.session_state["console:edge"]
    tree = spanning(edges, several="several starts")
    drawing = arrange(tree, unfolded=frozenset(st.session_state["console:open"]))
    drawn = links(drawing, edges)
    chosen = next((each.ends for each in drawn if ",".join(each.ends) == edge), None)
    left, right = st.columns([5, 2], gap="small")
    with left:
        lit = Lit.along([], focus or "", chosen)
        canvas.draw(drawing, drawn, PLACE, lit, title="The answer of the query")
        st.caption(f"**{drawing.summary}**")
        picture_table(drawing, drawn, "console:drawn")
    with right, st.container(border=True, height=canvas.HEIGHT):
        if chosen is not None:
            _edge(posture, chosen)
        elif focus and posture.graph.number(focus) >= 0:
            thing_panel(posture, focus)
        else:
            st.caption("Click a node for what is known of it, a line for what states it.")


def _edge(posture: Posture, ends: Ends) -> None:
    """Draw the panel of an edge that a query made, if a relationship is behind it."""
    source, name, target = ends
    for kind in (name,) if name else TYPES:
        known = stated(posture, (source, kind, target), None)
        if known.step is not None:
            items = removals(posture)
            edge_panel(posture, known.step, items)
            if items:
                address = {"remove": list(items)}
                way(st, "blast_radius", "Show the what-if", address, ":material/hub:")
            return
    st.markdown("No relationship that is known is behind this line: the query made it.")
    cards(posture, (source, target))


def _pick() -> None:
    """Apply the reader's last action in the picture: choosing, or opening a fold."""
    recall("focus", key="console:focus")
    recall("edge", key="console:edge")
    unfolded: list[str] = st.session_state.setdefault("console:open", [])
    picked = canvas.picked(PLACE)
    if picked is not None and picked.link is not None:
        st.session_state["console:edge"] = ",".join(picked.link.ends)
        st.session_state["console:focus"] = None
    elif picked is not None and picked.piece is not None:
        if picked.unfold and picked.piece.stands_for:
            unfolded.append(picked.piece.id)
        st.session_state["console:focus"] = picked.piece.id
        st.session_state["console:edge"] = None
    remember("focus", key="console:focus")
    remember("edge", key="console:edge")


VIEW = View("console", "Console", ":material/terminal:", "Findings", 60, draw)
