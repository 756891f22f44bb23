"""The table of all leadership figures on the Posture page."""

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.escape import code, markdown
from app.web.page.address import recall, remember
from app.web.search.reveal import reveal
from app.web.tables import below, table
from app.web.tiles import link
from app.web.views.posture.leadership import figure_words, kpi_rows, kpis, rows_behind, rows_page
from app.wording import brief, counted


def draw(posture: Posture) -> None:
    """Draw the table of figures, and the definition and rows of the chosen one."""
    st.header("All figures", anchor=False)
    figures = kpis(posture).kpis.frame
    rows = kpi_rows(figures)
    recall("figure", "")
    columns = {
        "Figure": st.column_config.TextColumn(width=250),
        "Value": st.column_config.TextColumn(width=105),
        "Numerator": st.column_config.NumberColumn(format="localized", width=95),
        "Denominator": st.column_config.NumberColumn(format="localized", width=100),
        "Target": st.column_config.TextColumn(width=70),
        "Met": st.column_config.TextColumn(width=75),
    }
    at = table(
        rows, "figures", "Figures with their terms and targets.", columns, select=True, height=420
    )
    count = kpis(posture).population["identities"]
    whose = counted(count, "accountable identity", "accountable identities")
    below(
        f"{counted(len(rows), 'figure')} over one population: {whose} in "
        "service. Select one to see how it is defined, and the rows behind it.",
        rows,
        "figures.csv",
    )
    if at is not None:
        st.session_state["figure"] = figures["name"].iloc[at]
    chosen = remember("figure", "")
    selected = figures[figures["name"] == chosen]
    if len(selected):
        reveal("figure")
        with st.container(border=True):
            _figure(posture, selected.iloc[0])


def _figure(posture: Posture, figure: pd.Series) -> None:
    value = figure_words(figure["value"], figure["unit"])
    st.subheader(f"{figure['title']}: {value}", anchor=False)
    if figure["not_measured_because"]:
        st.markdown(f"Not measured, because {markdown(figure['not_measured_because'], 500)}.")
    lines = [
        f"**{words}** {'' if figure[term] is None else brief(figure[term])}: "
        f"{markdown(figure[f'{term}_is'], 500)}"
        for term, words in (("numerator", "Numerator"), ("denominator", "Denominator"))
    ]
    lines.append(f"**Source** {markdown(figure['source'], 500)}")
    lines += [
        f"**Published** {markdown(p['says'])} ({markdown(p['source'])}, {p['year']})"
        for p in figure["published"]
    ]
    st.markdown("  \n".join(lines))
    page = rows_page(figure["rows"])
    rows = rows_behind(posture, figure["name"])
    if rows is not None:
        table(rows, f"behind:{figure['name']}", f"The rows behind {figure['title']}.", height=350)
        below(f"{counted(len(rows), 'row')}.", rows, f"{figure['name']}.csv")
    elif page is not None:
        link(st.container(), "See the list", page[0], **page[1])
    st.caption(f"On the command line: {code(figure['rows'])}")
