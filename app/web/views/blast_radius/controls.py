"""The controls of the page in the rail beside the picture; all of them live in the address."""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from analytics.posture import Posture
from app.web.answers.reach import (
    DIRECTIONS,
    MODES,
    Question,
    Sieve,
    kinds_met,
    leading_in,
    reach,
)
from app.web.drawing.layout import Arrangement
from app.web.page.address import one_of, recall, remember, some_of
from app.web.replay import when
from app.wording import VERBS, kind
from graph.schema import CAN_ACCESS, FACT_NODES

HOPS = ("any", "1", "2", "3", "4", "5", "6")
ARRANGEMENTS: dict[str, str] = {"auto": "Auto", "layers": "Layers", "rings": "Rings"}
HOPS_HELP = "Steps through other identities before the resource."
MODE_HELP = "Standing: usable now. Potential: also what must be activated first (just-in-time)."
STEPS_HELP = "Only what is reached by these kinds of step; none chosen: by any."
LABELS_HELP = "Only what leads to, or comes from, things of these kinds; none chosen: of any."
CLASSES_HELP = "Only what leads to resources of these; none chosen: to any."
TRAY = ("picture-before", "picture-after")  # the pictures of a what-if
PICTURES = {"reaches": "picture", "reached-by": "way", "lineage": "lineage"}
LABELS = [node.name for node in FACT_NODES]
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
    arrangement = _switch(more, "view", "Arrangement", ARRANGEMENTS, "auto")
    hops = "any"
    if direction == "reaches":
        recall("hops", "any", one_of(HOPS))
        hops = more.selectbox("Hops at most", HOPS, key="hops", help=HOPS_HELP)
        remember("hops", "any")
    question = Question(thing, mode, None if hops == "any" else int(hops), leaked)
    sieve = _sieve(posture, question, direction, more)
    drawn: Any = None if arrangement == "auto" else arrangement
    return Choices(question, direction, drawn, sieve, when(posture, PICTURES[direction], *TRAY))


def _sieve(posture: Posture, question: Question, direction: str, place: Any) -> Sieve:
    """Draw the filters of the picture; a lineage has none."""
    steps: list[str] = []
    classes: list[str] = []
    labels: set[str] = set()
    if direction == "reaches":
        answer = reach(posture, question)
        steps = kinds_met(posture, question)
        classes = [s for s in SENSITIVE if (answer.table["Sensitivity"] == s).any()]
        labels = {n["label"] for id_, n in answer.tree.nodes.items() if id_ != answer.tree.root}
    elif direction == "reached-by":
        edges = leading_in(posture, question)
        met = {str(edge["relationship"]) for edge in edges}
        steps = sorted(met, key=lambda name: (name == CAN_ACCESS.name, VERBS.get(name, name)))
        labels = {str(edge["from"]["label"]) for edge in edges}
    kinds = {name: kind(name, 2).capitalize() for name in LABELS if name in labels}
    chosen = [
        _some(place, "steps", "Kinds of step", steps, VERBS, STEPS_HELP),
        _some(place, "sensitivity", "Sensitivity", classes, {}, CLASSES_HELP),
        _some(place, "labels", "Kinds of thing", list(kinds), kinds, LABELS_HELP),
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
