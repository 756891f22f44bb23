"""The buttons of the sidebar by which a snapshot is taken along: the report, and its exports."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.past import past
from analytics.posture import Posture
from app.escape import plain
from app.exchange import FORMATS, download, file_name, module_of
from app.report import FORMS, report
from app.web.page.address import arrivals
from app.web.page.snapshots import kept_while, moment_of
from app.web.page.tasks import line
from app.web.server import door
from app.wording import day
from graph.journal.rights import EXPLORE, LOOK, NotAllowed
from graph.once import once
from graph.schema import MEMBER_OF, OWNS, TEAM, TEAMS

FILE = "trustdebt-report"
CHOICE, WANTED = "take_along:format", "take_along:wanted"
WHOSE, AGAINST, USUAL = "take_along:team", "take_along:against", ""
REPORT, SNAPSHOT = "report", "snapshot"
RIGHTS = {REPORT: LOOK, SNAPSHOT: EXPLORE}  # of the pages that show the same
ICONS = {REPORT: ":material/print:", SNAPSHOT: ":material/download:"}
MEANING = "One A4 page for leadership, of the snapshot that is shown."
CHOSEN = "One A4 page for leadership, of the team and against the snapshot chosen above."
LARGE = 600  # identities from which a file takes so long that it is made on the page


@dataclass(frozen=True)
class File:
    """A file to take along; a report may be of a `team`, and `against` an earlier snapshot (ids).

    `label` is on its button.
    """

    kind: str
    form: str
    label: str = field(compare=False)
    team: str | None = None
    against: str | None = None


def take_along(posture: Posture) -> None:
    """Draw a button for the report, and the other formats behind a second one.

    The snapshot is there only for whom the pages with all that is in it are.
    """
    _button(st.sidebar, posture, File(REPORT, "pdf", "Report"))
    place = st.sidebar.popover("Other formats", icon=":material/download:", width="stretch")
    chosen = _team(place, posture), _against(place, posture)
    _button(place, posture, File(REPORT, "pdf", "Report as PDF", *chosen))
    _button(place, posture, File(REPORT, "html", "Report as a web page", *chosen))
    if door.sees(RIGHTS[SNAPSHOT]):
        form = place.selectbox("Snapshot as", FORMATS, format_func=words, key=CHOICE) or FORMATS[0]
        _button(place, posture, File(SNAPSHOT, form, "Download the snapshot"))


def _team(place: DeltaGenerator, posture: Posture) -> str | None:
    """Draw the choice of a team, where there are any, and return its id; None for all."""
    rows = posture.graph.things.iloc[teams(posture)]
    names = zip(rows["id"], rows["name"].fillna(rows["id"]), strict=True)
    words = {id_: f"{plain(name)} · {plain(id_)}" for id_, name in names}
    return _chosen(place, "Report of", WHOSE, "all teams", words)


def _against(place: DeltaGenerator, posture: Posture) -> str | None:
    """Draw the choice of an earlier snapshot and return its id; None for that of a quarter ago."""
    earlier = reversed(past(posture))
    words = {info.id: f"{day(info.taken_at)} · {plain(info.id[-6:])}" for info in earlier}
    return _chosen(place, "Compared with", AGAINST, "the last quarter", words)


def _chosen(
    place: DeltaGenerator, label: str, key: str, usual: str, words: Mapping[str, str]
) -> str | None:
    """Draw the choice of one of the ids of `words`, where there are any; None is the usual one."""
    if not words:
        return None
    if st.session_state.get(key) not in words:
        st.session_state[key] = USUAL
    shown = {USUAL: usual, **words}
    return place.selectbox(label, list(shown), key=key, format_func=shown.__getitem__) or None


@once
def teams(posture: Posture) -> np.ndarray:
    """Return the numbers of the teams that something or somebody belongs to, as facts state it.

    Who answers for what is judged for the report alone, so a team may turn out to have nothing.
    """
    graph = posture.graph
    (owner, _), (_, group) = graph.ends(OWNS), graph.ends(MEMBER_OF)
    owning = owner[graph.has_label(*TEAMS)[owner]]
    return np.union1d(owning, group[graph.has_label(TEAM)[group]])


def prepare(posture: Posture) -> None:
    """Make the file that was asked for, if any, and draw its download; it can be cancelled.

    Call it when the page is drawn, which does not wait for it.
    """
    asked, file = st.session_state.get(WANTED, (None, None))
    if file is None or asked != _where(posture):
        return
    try:
        data = making(posture, file)()
    except NotAllowed:  # the role went between the click and this run
        return
    row = line()
    row.markdown("**The file is ready**")
    _download(row, data, file, "Download it", width="content")


def making(posture: Posture, file: File) -> Callable[[], bytes]:
    """Return what makes a file for this session, as long as it has the right to see it."""
    return door.still(RIGHTS[file.kind], partial(_made, posture, file))


@kept_while("Making the file…", size=1)
def _made(posture: Posture, file: File) -> bytes:
    """Return the bytes of the report, or of the snapshot in another format."""
    if file.kind == REPORT:
        return report(posture, file.form, file.against, file.team)
    return download(file.form, posture)


def _button(place: DeltaGenerator, posture: Posture, file: File) -> None:
    """Draw the button of a file, which is made while the browser waits.

    What takes long is made on the page instead, where one sees for how long, and can cancel it.
    """
    if len(posture.accountable) < LARGE:
        _download(place, making(posture, file), file, file.label)
        return
    place.button(
        file.label,
        key=f"take_along:make:{file.label}",
        on_click=_want,
        args=(_where(posture), file),
        icon=ICONS[file.kind],
        width="stretch",
        help="Made on this page first: the bar says for how long.",
    )


def _where(posture: Posture) -> tuple[object, ...]:
    """Return the page and the moment at which a file is asked for: elsewhere it is not made."""
    return arrivals(), moment_of(posture)


def _want(asked: tuple[object, ...], file: File) -> None:
    st.session_state[WANTED] = asked, file


def _download(
    place: DeltaGenerator,
    data: bytes | Callable[[], bytes],
    file: File,
    label: str,
    width: Any = "stretch",
) -> None:
    meaning = MEANING if file.team is None and file.against is None else CHOSEN
    place.download_button(
        label,
        data,
        f"{FILE}.{file.form}" if file.kind == REPORT else file_name(file.form),
        FORMS[file.form] if file.kind == REPORT else None,
        key=f"take_along:{file.kind}:{file.form}:{label}",
        on_click="ignore",
        icon=ICONS[file.kind],
        width=width,
        help=meaning if file.kind == REPORT else None,
    )


def words(form: str) -> str:
    """Return a format and what it is opened with.

    >>> words("graphml")
    'graphml, for networkx, Gephi, yEd'
    """
    return f"{form}, for {module_of(form).OPENED_WITH}"
