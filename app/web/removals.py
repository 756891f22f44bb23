"""The list of removals behind a what-if, kept in the address of a page.

An item is the id of a node or of a finding, or an edge as `FROM,TYPE,TO`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from analytics.posture import Posture
from analytics.remediation.removal.what_if import removals as lookup
from app.escape import markdown, plain
from app.web.address import recall_each, remember_each
from app.web.snapshots import kept
from app.wording import edge_words, kind, number, thing_id

NAME = "remove"
MOST = 100  # most items in an address and on a page


def removals(posture: Posture) -> tuple[str, ...]:
    """Return the items to remove; draw a warning for each that cannot be removed, and drop it."""
    held = recall_each(NAME)
    if len(held) > MOST:
        st.warning(f"Only the first {MOST} of {number(len(held))} removals are taken.")
        held = held[:MOST]
    meant = meanings(posture, tuple(held))
    known = tuple(item for item in held if meant[item].words)
    for item in held:
        if item not in known:
            why_not = markdown(meant[item].why_not, 500)
            st.warning(f"{markdown(item)} is left out: {why_not}.")
    st.session_state[NAME] = list(known)
    remember_each(NAME)
    return known


def add(item: str) -> None:
    """Add an item to the list."""
    held = st.session_state.setdefault(NAME, [])
    if item not in held:
        st.session_state[NAME] = [*held, item]


def add_each(items: Sequence[str]) -> None:
    """Add several items to the list."""
    for item in items:
        add(item)


def drop(item: str) -> None:
    """Remove an item from the list."""
    st.session_state[NAME] = [one for one in st.session_state.get(NAME, []) if one != item]


def clear() -> None:
    """Empty the list."""
    st.session_state[NAME] = []


def edge_item(edge: Mapping[str, Any]) -> str:
    """Return an edge of an answer as an item.

    >>> edge_item({"from": {"id": "a"}, "relationship": "RUNS_AS", "to": {"id": "s"}})
    'a,RUNS_AS,s'
    """
    return f"{thing_id(edge['from'])},{edge['relationship']},{thing_id(edge['to'])}"


@dataclass(frozen=True)
class Taken:
    """The description of an item, not escaped; empty, with the reason, if it cannot be removed."""

    words: str
    why_not: str = ""


@kept
def meanings(posture: Posture, items: tuple[str, ...]) -> dict[str, Taken]:
    """Look up each item in this snapshot."""
    return {item: _taken(posture, item) for item in items}


def _taken(posture: Posture, item: str) -> Taken:
    try:
        (removal,) = lookup(posture, [item])
    except LookupError as error:
        return Taken("", str(error))
    graph = posture.graph
    if removal.things:
        thing = graph.thing(graph.number(removal.things[0]))
        return Taken(f"{thing['name']} · {kind(thing['label'])}")
    if len(removal.relationships) != 1:
        return Taken(removal.taken_as)
    relationship, one = removal.relationships[0]
    frame = graph.frames[relationship]
    row = frame[(frame["id"] == one).fillna(False)].iloc[0]
    ends = [graph.thing(graph.number(row[end])) for end in ("source_id", "target_id")]
    edge = {"from": ends[0], "relationship": relationship.name, "to": ends[1]}
    return Taken(edge_words(edge))


def worded(posture: Posture, items: Sequence[str]) -> Callable[[str], str]:
    """Return a function that labels an item in a select box; equal labels get the item appended."""
    known = meanings(posture, tuple(items))
    words = {item: plain(known[item].words or item) for item in items}
    often = Counter(words.values())
    return lambda item: (
        f"{words[item]} · {plain(item, 2000)}" if often[words[item]] > 1 else words[item]
    )


def add_button(item: str, key: str, held: tuple[str, ...]) -> None:
    """Draw the button that adds an item to the list, disabled if it is already there."""
    there = item in held
    st.button(
        "In the what-if" if there else "Add to what-if",
        key=f"add:{key}",
        icon=":material/check:" if there else ":material/content_cut:",
        disabled=there,
        on_click=add,
        args=(item,),
    )
