"""The choice of the two moments that are compared: a snapshot each, or a day."""

from datetime import date

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analytics.answers.board.quarter import quarter_ago
from analytics.debt.ledger.moments import Moment, moment_at
from analytics.history import History
from analytics.past import past
from analytics.posture import Posture
from app.escape import code, plain
from app.web.page.address import one_of, recall, refused, remember
from app.wording import day
from graph.stores import NoSuchSnapshot, SnapshotInfo

DAY = "day"  # instead of a snapshot: the newest one of a day or before, judged as of it
EARLIER, LATER = "earlier", "later"
NO_DAY = "Choose a day, or a snapshot instead."


def choose(posture: Posture) -> tuple[Moment, Moment] | None:
    """Draw the choice; return the two moments, the earlier first, or None if there are not two."""
    history, info = posture.history, posture.graph.snapshot
    if history is None or info is None:
        st.info("What is shown is in no store, so there is nothing to compare it with.")
        return None
    infos = {each.id: each for each in (*history.infos, info)}
    listed = sorted(infos.values(), key=lambda each: each.order, reverse=True)
    first, last = _defaults(posture, info, listed)
    left, right = st.columns(2)
    before = _end(left, "Earlier", EARLIER, history, listed, first)
    after = _end(right, "Later", LATER, history, listed, last)
    if before is None or after is None:
        return None
    if before.order > after.order:
        st.caption(":material/swap_horiz: The earlier of the two is taken as the earlier end.")
        before, after = after, before
    if before == after:
        only = "The store holds only one snapshot yet: the next one can be compared with it."
        same = "Both ends are the same moment: choose another for one of them."
        st.info(same if len(listed) > 1 else only)
        return None
    return before, after


def _defaults(
    posture: Posture, info: SnapshotInfo, listed: list[SnapshotInfo]
) -> tuple[str, tuple[str, date | None]]:
    """Return the ends to begin with: of a quarter ago, else the one before; and what is shown."""
    ago, _ = quarter_ago(posture)
    earlier = [each for each in past(posture) if each.id != info.id]
    first = ago or (earlier[-1] if earlier else listed[-1])
    at = posture.graph.as_of
    last = (info.id, None) if at == info.taken_at else (DAY, at.date())
    return first.id, last


def _end(
    place: DeltaGenerator,
    label: str,
    name: str,
    history: History,
    listed: list[SnapshotInfo],
    default: str | tuple[str, date | None],
) -> Moment | None:
    """Draw the choice of one end, and return it; None if nothing is known of that day."""
    known = {each.id: each for each in listed}
    wanted, at = default if isinstance(default, tuple) else (default, None)
    recall(name, None, one_of([*known, DAY]))
    recall(f"{name}_day", None, date.fromisoformat)
    if st.session_state[name] not in (*known, DAY):  # put here, so that the address holds it
        st.session_state[name] = wanted
        st.session_state[f"{name}_day"] = at
    left, right = place.columns([3, 2])
    chosen = left.selectbox(
        label,
        [*known, DAY],
        key=name,
        format_func=lambda id_: "A day…" if id_ == DAY else _words(known[id_]),
        help="A snapshot, as of what its facts speak of; or a day: the newest snapshot of that day "
        "or before, judged as of its midnight UTC.",
    )
    remember(name)
    unknown = refused(name)
    if unknown is not None:
        left.warning(
            f"The address names the snapshot {code(unknown)}, which is not in this store. "
            "**The one above is taken instead.**"
        )
    if chosen != DAY:
        return Moment(known[chosen], known[chosen].taken_at)
    picked = right.date_input(f"{label} day", key=f"{name}_day", format="YYYY-MM-DD")
    remember(f"{name}_day")
    return _of_day(place, history, picked)


def _of_day(place: DeltaGenerator, history: History, picked: date | None) -> Moment | None:
    if picked is None:
        place.info(NO_DAY)
        return None
    try:
        return moment_at(history, pd.Timestamp(picked, tz="UTC"))
    except NoSuchSnapshot:
        place.warning(f"No snapshot is of {day(picked)} or before.")
        return None


def _words(info: SnapshotInfo) -> str:
    return f"{info.sequence} · {day(info.taken_at)} · {plain(info.id[-6:])}"
