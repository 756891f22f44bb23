"""Time in pictures: the snapshot that is replayed, in the address, and the bar above a picture.

Nothing is worked out before a reader moves in time: until then the bar knows the days alone.
"""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from analytics.answers.edge import Ends
from analytics.posture import Posture
from app.escape import code
from app.web.answers.replayed import Moment, moments, posture_at, step_at
from app.web.drawing import canvas
from app.web.drawing.links import link_of
from app.web.page.address import one_of, recall, remember
from app.wording import counted, day, number

WHEN = "when"


def when(posture: Posture, *keys: str) -> str:
    """Return the snapshot that the pictures `keys` replay, "" for none; call it before drawing."""
    known = {info.id for info in moments(posture)}
    recall(WHEN, None, one_of(known))
    for key in keys:
        asked = canvas.asked_moment(key)
        if asked is not None:
            st.session_state[WHEN] = asked or None
    if st.session_state[WHEN] not in known or len(known) < 2:
        st.session_state[WHEN] = None
    remember(WHEN)
    return st.session_state[WHEN] or ""


def times(posture: Posture, moment: Moment | None) -> canvas.Times | None:
    """Return what the bar of a picture shows; None where there is no time to go through."""
    infos = moments(posture)
    if len(infos) < 2:
        return None
    days = tuple((info.id, day(info.taken_at)) for info in infos)
    if moment is None:
        return canvas.Times(days)
    return canvas.Times(days, moment.info.id, moment_words(moment))


def moment_words(moment: Moment) -> str:
    """Return a sentence on what a replay shows.

    Names of the data are not in it.
    """
    at = day(moment.info.taken_at)
    if moment.absent:
        return f"On {at} it was not there: the picture is that of this page's snapshot."
    if moment.before is None:
        return f"On {at}, the first snapshot: there is nothing to compare it with."
    nodes = list(moment.changes.values())
    return (
        f"On {at}, against {day(moment.before.taken_at)}: "
        f"{counted(moment.new, 'new step')} and {number(moment.gone)} gone; "
        f"{counted(nodes.count('new'), 'new thing')} and {number(nodes.count('gone'))} gone."
    )


def summary(drawn: str, moment: Moment | None) -> str:
    """Return a sentence in Markdown on how much is drawn, and at which moment."""
    words = f"**{drawn}**"
    return words if moment is None else f"{words} {moment_words(moment)}"


def gone_panel(id_: str) -> None:
    """Draw the panel of a node of a replay that the snapshot of the page lacks."""
    st.markdown(f"{code(id_)} is not in the snapshot of this page: it was there before.")


@dataclass(frozen=True)
class Stated:
    """An edge with all that is known of it, None if there is none, and the posture that has it."""

    step: dict[str, Any] | None
    posture: Posture


def stated(
    posture: Posture, ends: Ends, moment: Moment | None, drawn_as: Ends | None = None
) -> Stated:
    """Look an edge of a picture up: in a replay, in the snapshot that has it.

    `drawn_as` are the ends of the line, if its type is not that of the fact behind it.
    """
    own = posture.graph.snapshot
    snapshot = own.id if own is not None else ""
    if moment is not None and not moment.absent:
        line = drawn_as or ends
        drawn = next((e for e in moment.edges if link_of(e).ends == line), {})
        snapshot = moment.stating(drawn).id
    return Stated(step_at(posture, ends, snapshot), posture_at(posture, snapshot))
