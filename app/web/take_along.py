"""The buttons of the sidebar by which a snapshot is taken along: the report, and its exports."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.posture import Posture
from app.exchange import FORMATS, download, file_name, module_of
from app.report import FORMS, report
from app.web.address import arrivals
from app.web.server import door
from app.web.snapshots import kept_while, moment_of
from app.web.tasks import line
from graph.journal.rights import EXPLORE, LOOK, NotAllowed

FILE = "trustdebt-report"
CHOICE, WANTED = "take_along:format", "take_along:wanted"
REPORT, SNAPSHOT = "report", "snapshot"
RIGHTS = {REPORT: LOOK, SNAPSHOT: EXPLORE}  # of the pages that show the same
ICONS = {REPORT: ":material/print:", SNAPSHOT: ":material/download:"}
MEANING = "One A4 page for leadership, of the snapshot that is shown."
LARGE = 600  # identities from which a file takes so long that it is made on the page


def take_along(posture: Posture) -> None:
    """Draw a button for the report, and the other formats behind a second one.

    The snapshot is there only for whom the pages with all that is in it are.
    """
    _button(st.sidebar, posture, REPORT, "pdf", "Report")
    place = st.sidebar.popover("Other formats", icon=":material/download:", width="stretch")
    _button(place, posture, REPORT, "html", "Report as a web page")
    if door.sees(RIGHTS[SNAPSHOT]):
        form = place.selectbox("Snapshot as", FORMATS, format_func=words, key=CHOICE) or FORMATS[0]
        _button(place, posture, SNAPSHOT, form, "Download the snapshot")


def prepare(posture: Posture) -> None:
    """Make the file that was asked for, if any, and draw its download; it can be cancelled.

    Call it when the page is drawn, which does not wait for it.
    """
    asked, kind, form = st.session_state.get(WANTED, (None, "", ""))
    if asked != _where(posture):
        return
    try:
        data = making(posture, kind, form)()
    except NotAllowed:  # the role went between the click and this run
        return
    row = line()
    row.markdown("**The file is ready**")
    _download(row, data, kind, form, "Download it", width="content")


def making(posture: Posture, kind: str, form: str) -> Callable[[], bytes]:
    """Return what makes a file for this session, as long as it has the right to see it."""
    return door.still(RIGHTS[kind], partial(_made, posture, kind, form))


@kept_while("Making the file…", size=1)
def _made(posture: Posture, kind: str, form: str) -> bytes:
    """Return the bytes of the report, or of the snapshot in another format."""
    return report(posture, form) if kind == REPORT else download(form, posture)


def _button(place: DeltaGenerator, posture: Posture, kind: str, form: str, label: str) -> None:
    """Draw the button of a file, which is made while the browser waits.

    What takes long is made on the page instead, where one sees for how long, and can cancel it.
    """
    if len(posture.accountable) < LARGE:
        _download(place, making(posture, kind, form), kind, form, label)
        return
    place.button(
        label,
        key=f"take_along:{kind}:{form}",
        on_click=_want,
        args=(_where(posture), kind, form),
        icon=ICONS[kind],
        width="stretch",
        help="Made on this page first: the bar says for how long.",
    )


def _where(posture: Posture) -> tuple[object, ...]:
    """Return the page and the moment at which a file is asked for: elsewhere it is not made."""
    return arrivals(), moment_of(posture)


def _want(asked: tuple[object, ...], kind: str, form: str) -> None:
    st.session_state[WANTED] = asked, kind, form


def _download(
    place: DeltaGenerator,
    data: bytes | Callable[[], bytes],
    kind: str,
    form: str,
    label: str,
    width: Any = "stretch",
) -> None:
    place.download_button(
        label,
        data,
        f"{FILE}.{form}" if kind == REPORT else file_name(form),
        FORMS[form] if kind == REPORT else None,
        key=f"take_along:{kind}:{form}:{label}",
        on_click="ignore",
        icon=ICONS[kind],
        width=width,
        help=MEANING if kind == REPORT else None,
    )


def words(form: str) -> str:
    """Return a format and what it is opened with.

    >>> words("graphml")
    'graphml, for networkx, Gephi, yEd'
    """
    return f"{form}, for {module_of(form).OPENED_WITH}"
