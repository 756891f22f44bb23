"""The controls of the page in the rail beside the picture; all of them live in the address."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from analytics.posture import Posture
from app.web.answers.reach import DIRECTIONS, MODES, Question, Sieve, kinds_met, reach
from app.web.answers.replayed import moments
from app.web.drawing.layout import Arrangement
from app.web.page.address import one_of, recall, remember, some_of
from app.wording import VERBS, day

HOPS = ("any", "1", "2", "3", "4", "5", "6")
ARRANGEMENTS: dict[str, str] = {"auto": "Auto", "layers": "Layers", "rings": "Rings"}
HOPS_HELP = "Steps through other identities before the resource."
MODE_HELP = "Standing: usable now. Potential: also what must be activated first (just-in-time)."
STEPS_HELP = "Only what is reached by these kinds of step; none chosen: by any."
REPLAY_HELP = "Each snapshot against the one before: what is new is marked, what is gone is faint."
CLASSES_HELP = "Only what leads to resources of these; none chosen: to any."
SENSITIVE = ("restricted", "confidential", "internal", "public", "unknown")


@dataclass(frozen=True)
class Choices:
    """What the reader asks, and how the answer is drawn."""

    question: Question
    direction: str
    arrangement: Arrangement | None
    sieve: Sieve
    when: str = ""


def controls(posture: Posture, thing: str, rail: Any) -> Choices:
    """Draw the controls in the rail, and return what is chosen."""
    label = posture.graph.thing(posture.graph.number(thing))["label"]
    _follow(thing, label)
    fitting = "reached-by" if label == "Resource" else "reaches"
    direction = _switch(rail, "direction", "Question", DIRECTIONS, fitting)
    leaked = False
    if label == "Credential":
        recall("leaked", False, lambda text: text == "True")
        leaked = rail.toggle("This key leaked", key="leaked", help="What a thief of it reaches.")
        remember("leaked", False)
    more = rail.expander("View and filters", icon=":material/tune:")
    mode = _switch(more, "mode", "Access", MODES, "standing", MODE_HELP)
    hops, arrangement = "any", "auto"
    if direction == "reaches":
        arrangement = _switch(more, "view", "Arrangement", ARRANGEMENTS, "auto")
        recall("hops", "any", one_of(HOPS))
        hops = more.selectbox("Hops at most", HOPS, key="hops", help=HOPS_HELP)
        remember("hops", "any")
    question = Question(thing, mode, None if hops == "any" else int(hops), leaked)
    sieve = _sieve(posture, question, more) if direction == "reaches" else Sieve()
    when = _when(posture, more) if direction == "reaches" else ""
    drawn: Any = None if arrangement == "auto" else arrangement
    return Choices(question, direction, drawn, sieve, when)


def _when(posture: Posture, place: Any) -> str:
    """Draw the slider over the snapshots; return the one that is replayed, empty for none."""
    infos = {info.id: info for info in moments(posture)}
    if len(infos) < 2:
        return ""
    recall("when", None, one_of(infos))
    if st.session_state["when"] not in infos:
        st.session_state["when"] = None
    st.session_state["replay"] = st.session_state["when"] is not None
    if place.toggle(
        "Replay over time",
        key="replay",
        help=REPLAY_HELP,
        on_change=_replay,
        args=(list(infos)[-1],),
    ):
        place.select_slider(
            "Snapshot", list(infos), key="when", format_func=lambda id_: day(infos[id_].taken_at)
        )
    remember("when")
    return st.session_state["when"] or ""


def _replay(last: str) -> None:
    st.session_state["when"] = last if st.session_state["replay"] else None


def _sieve(posture: Posture, question: Question, place: Any) -> Sieve:
    answer = reach(posture, question)
    classes = [s for s in SENSITIVE if (answer.table["Sensitivity"] == s).any()]
    chosen = [
        _some(place, "steps", "Kinds of step", kinds_met(posture, question), VERBS, STEPS_HELP),
        _some(place, "sensitivity", "Sensitivity", classes, {}, CLASSES_HELP),
    ]
    return Sieve(*chosen)


def _some(
    place: Any, key: str, label: str, options: list[str], words: Any, help_text: str
) -> tuple[str, ...]:
    """Draw a choice of some of the options; what another thing had and this has not is dropped."""
    chosen = recall(key, [], some_of(options)) or []
    st.session_state[key] = [option for option in chosen if option in options]
    if len(options) < 2:
        remember(key, [])
        return ()
    place.pills(
        label,
        options,
        key=key,
        selection_mode="multi",
        format_func=lambda option: words.get(option, option),
        help=help_text,
    )
    remember(key, [])
    return tuple(st.session_state[key])


def _follow(thing: str, label: str) -> None:
    """Reset the choices when another node is chosen here, and select the question that fits it.

    A link sets them itself, so what is reset before they are recalled does not matter then.
    """
    before = st.session_state.get("blast:thing")
    st.session_state["blast:thing"] = thing
    if before in (None, thing):
        return
    st.session_state["retire"] = False
    for name in ("focus", "edge", "between"):
        st.session_state[name] = None
    st.session_state["open"] = []
    st.session_state["direction"] = "reached-by" if label == "Resource" else "reaches"


def _switch(
    place: Any, key: str, label: str, words: dict[str, str], default: str, help_text: str = ""
) -> str:
    recall(key, default, one_of(words))
    chosen = place.segmented_control(
        label,
        list(words),
        key=key,
        format_func=lambda choice: words[choice],
        required=True,
        help=help_text or None,
    )
    remember(key, default)
    return chosen or default
