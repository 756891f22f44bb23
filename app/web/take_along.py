"""The buttons of the sidebar by which a snapshot is taken along: the report, and its exports."""

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.posture import Posture
from app.exchange import FORMATS, download, file_name
from app.report import FORMS, report

FILE = "trustdebt-report"
CHOICE = "take_along:format"
FOR = {  # what each format is opened with
    "cedar": "Cedar policies",
    "csv": "spreadsheets",
    "cypher": "Neo4j",
    "graphml": "networkx, Gephi, yEd",
    "ocsf": "a SIEM: findings",
    "opa": "Open Policy Agent",
    "opengraph": "BloodHound",
    "oscal": "assessment results",
    "parquet": "DuckDB, pandas, Spark",
    "sarif": "code scanning: findings",
}


def take_along(posture: Posture) -> None:
    """Draw a button for the report, and the other formats behind a second one."""
    _report(st.sidebar, posture, "pdf", "Report")
    place = st.sidebar.popover("Other formats", icon=":material/download:", width="stretch")
    _report(place, posture, "html", "Report as a web page")
    form = place.selectbox("Snapshot as", FORMATS, format_func=words, key=CHOICE) or FORMATS[0]
    place.download_button(
        "Download the snapshot",
        partial(download, form, posture),
        file_name(form),
        key="take_along:snapshot",
        on_click="ignore",
        width="stretch",
    )


def _report(place: DeltaGenerator, posture: Posture, form: str, label: str) -> None:
    place.download_button(
        label,
        partial(report, posture, form),
        f"{FILE}.{form}",
        FORMS[form],
        key=f"take_along:{form}",
        on_click="ignore",
        icon=":material/print:",
        width="stretch",
        help="One A4 page for leadership, of the snapshot that is shown.",
    )


def words(form: str) -> str:
    """Return a format and what it is opened with.

    >>> words("graphml")
    'graphml, for networkx, Gephi, yEd'
    """
    return f"{form}, for {FOR[form]}" if form in FOR else form
