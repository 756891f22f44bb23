"""The picker of one node: one box with the first ones, which takes any name or id as well."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import ReferenceType, ref

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.escape import LONGEST, code, markdown, plain
from app.web.answers.figures import accountable
from app.web.page.snapshots import kept
from app.wording import counted, kind

OFFERED = 200  # options in the box
LIKELY = 6  # nodes offered for a text that names several
PREFIXES = {
    "agent": "Agent",
    "account": "ServiceAccount",
    "serviceaccount": "ServiceAccount",
    "key": "Credential",
    "credential": "Credential",
    "role": "Role",
    "group": "Group",
    "person": "Human",
    "human": "Human",
    "team": "Team",
    "resource": "Resource",
    "tool": "Tool",
}


def search(things: pd.DataFrame, text: str) -> pd.DataFrame:
    """Return the nodes whose id or name contains the search text.

    A prefix such as `agent:` or `role:` keeps one kind; other colons belong to the text.

    >>> things = pd.DataFrame({"id": ["a", "r"], "label": ["Agent", "Role"], "name": ["x", "x"]})
    >>> list(search(things, "role: X")["id"])
    ['r']
    """
    prefix, colon, rest = text.partition(":")
    label = PREFIXES.get(prefix.strip().casefold()) if colon else None
    wanted = (rest if label else text).strip()
    if label:
        things = things[things["label"] == label]
    if not wanted:
        return things
    named = things["name"].str.contains(wanted, case=False, regex=False)
    return things[named | things["id"].str.contains(wanted, case=False, regex=False)]


@kept
def matches(posture: Posture, text: str) -> list[str]:
    """Return the ids of the nodes that match a search."""
    ids: list[str] = search(posture.graph.things, text)["id"].tolist()
    return ids


def pick(posture: Posture, key: str, label: str, help_text: str) -> str | None:
    """Draw a box to choose a node in; return its id."""
    ids = accountable(posture)["id"].tolist() or posture.graph.things["id"].tolist()
    offered = Offered(ids[:OFFERED], namer(posture), is_node)
    return choose_in(posture, key, label, offered, help_text)


def is_node(posture: Posture, text: str) -> bool:
    """Return whether a text is the id of a node."""
    return posture.graph.number(text) >= 0


@dataclass(frozen=True)
class Offered:
    """What a box offers: values, their words, and which other values are valid.

    What is typed, and is no valid value, is searched for among the nodes.
    """

    options: Sequence[str]
    words: Callable[[str], str]
    valid: Callable[[Posture, str], bool]


def choose_in(
    posture: Posture, key: str, label: str, offered: Offered, help_text: str
) -> str | None:
    """Draw one box to choose in or to type into; return the chosen value.

    Typed text chooses the only node that it names; of several, buttons offer the first ones.
    """
    values, chosen = list(offered.options), st.session_state.get(key)
    if chosen is not None and chosen not in values:
        values = [chosen, *values]
    kinds = ", ".join(f"`{word}:`" for word in PREFIXES)
    value: str | None = st.selectbox(
        label,
        values,
        key=key,
        format_func=offered.words,
        help=f"{help_text} Type part of any name or id, with a kind before it if you like: {kinds}",
        accept_new_options=True,
        filter_mode="contains",
        placeholder="part of a name or id",
        on_change=take_typed,
        args=(ref(posture), key, offered),  # a session keeps this, and must not hold the estate
    )
    st.session_state[f"{key}:before"] = value
    _which(posture, key)
    return value


def take_typed(reference: "ReferenceType[Posture]", key: str, offered: Offered) -> None:
    """Take a value that was chosen; look up one that was typed."""
    text, posture = st.session_state[key], reference()
    st.session_state[f"{key}:asked"] = None
    if text is None or text in offered.options or (posture and offered.valid(posture, text)):
        return
    ids = named(posture, text) if posture else []  # else the page looks it up when it is drawn
    if len(ids) == 1:
        st.session_state[key] = ids[0]
    else:
        st.session_state[key] = st.session_state.get(f"{key}:before")
        st.session_state[f"{key}:asked"] = text


def named(posture: Posture, text: str) -> list[str]:
    """Return the ids of the nodes that a text names: the one with that very name, or matches."""
    try:
        return [str(posture.graph.thing(posture.graph.find(text))["id"])]
    except LookupError:
        return matches(posture, text)


def _which(posture: Posture, key: str) -> None:
    """Draw what a typed text may mean, if it is not one thing."""
    text = st.session_state.get(f"{key}:asked")
    if not text:
        return
    ids, name = matches(posture, text), namer(posture)
    if not ids:
        st.caption(f"Nothing is called {code(text)}.")
        return
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    more = f"; the first {LIKELY}" if len(ids) > LIKELY else ""
    row.caption(f"{counted(len(ids), 'thing')} like {code(text)}{more}:", width="content")
    for at, id_ in enumerate(ids[:LIKELY]):
        row.button(
            markdown(name(id_), 80),
            key=f"{key}:like:{at}",
            type="tertiary",
            on_click=_take,
            args=(key, id_),
        )


def _take(key: str, id_: str) -> None:
    st.session_state[key], st.session_state[f"{key}:asked"] = id_, None


@kept
def _shared(posture: Posture) -> frozenset[str]:
    """Return the ids of nodes that share label and name with another."""
    things = posture.graph.things
    return frozenset(things["id"][things.duplicated(["label", "name"], keep=False)])


def namer(posture: Posture) -> Callable[[str], str]:
    """Return a function that labels a node in a select box: name and kind, and id if not unique.

    The browser sends the label back, so no two nodes may have the same.
    """
    graph, shared = posture.graph, _shared(posture)

    def name(id_: str) -> str:
        at = graph.number(id_)
        if at < 0:
            return plain(id_)
        thing = graph.thing(at)
        words = f"{plain(thing['name'])} · {kind(thing['label'])}"
        unique = id_ not in shared and len(thing["name"]) <= LONGEST
        return words if unique else f"{words} · {plain(id_, 2000)}"

    return name
