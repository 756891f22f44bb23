"""The list of removals behind a what-if, kept in the address of a page.

An item is the id of a node or of a finding, or an edge as `FROM,TYPE,TO`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import streamlit as st

from analytics.answers.edge import TYPES, Ends
from analytics.posture import Posture
from analytics.remediation.removal.what_if import removals as lookup
from app.escape import markdown, plain
from app.web.page.address import recall_each, remember_each
from app.web.page.snapshots import kept
from app.wording import edge_words, kind, number, thing_id

NAME = "remove"
MOST = 100  # most items in an address and on a page
REMOVED = ("remove_", "deactivate_", "disable_", "end_", "unregister_")  # actions that take away


def removals(posture: Posture) -> tuple[str, ...]:
    """Return the items to remove; draw a warning for each that cannot be removed, and drop it."""
    items = recall_each(NAME)
    if len(items) > MOST:
        st.warning(f"Only the first {MOST} of {number(len(items))} removals are taken.")
        items = items[:MOST]
    meant = meanings(posture, tuple(items))
    known = tuple(item for item in items if meant[item].words)
    for item in items:
        if item not in known:
            why_not = markdown(meant[item].why_not, 500)
            st.warning(f"{markdown(item)} is left out: {why_not}.")
    st.session_state[NAME] = list(known)
    remember_each(NAME)
    return known


def add(item: str) -> None:
    """Add an item to the list."""
    items = st.session_state.setdefault(NAME, [])
    if item not in items:
        st.session_state[NAME] = [*items, item]


def add_each(items: Sequence[str]) -> None:
    """Add several items to the list."""
    for item in items:
        add(item)


def drop(item: str) -> None:
    """Remove an item from the list."""
    st.session_state[NAME] = [i for i in st.session_state.get(NAME, []) if i != item]


def clear() -> None:
    """Empty the list."""
    st.session_state[NAME] = []


def edge_item(edge: Mapping[str, Any]) -> str:
    """Return an edge of an answer as an item.

    >>> edge_item({"from": {"id": "a"}, "relationship": "RUNS_AS", "to": {"id": "s"}})
    'a,RUNS_AS,s'
    """
    return f"{thing_id(edge['from'])},{edge['relationship']},{thing_id(edge['to'])}"


def ends_of(item: str) -> Ends:
    """Return source, type and target of an edge as an item; an id may hold commas itself.

    >>> ends_of("cn=a,ou=b,RUNS_AS,s")
    ('cn=a,ou=b', 'RUNS_AS', 's')
    """
    parts = item.split(",")
    types = [at for at, part in enumerate(parts) if at and part in TYPES]
    at = types[0] if types else 1
    return ",".join(parts[:at]), "".join(parts[at : at + 1]), ",".join(parts[at + 1 :])


def edge_items(edges: pd.DataFrame) -> list[str]:
    """Return the edges of a readable table as items.

    >>> edge_items(pd.DataFrame({"from": ["a"], "relationship": ["RUNS_AS"], "to": ["s"]}))
    ['a,RUNS_AS,s']
    """
    parts = (edges[name] for name in ("from", "relationship", "to"))
    return [",".join(part) for part in zip(*parts, strict=True)]


@dataclass(frozen=True)
class Taken:
    """The description of an item, not escaped; empty, with the reason, if it cannot be removed.

    `things` are the ids of what it is of: a node, or both ends of an edge.
    """

    words: str
    why_not: str = ""
    things: tuple[str, ...] = ()


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
        return Taken(f"{thing['name']} · {kind(thing['label'])}", things=(thing["id"],))
    if len(removal.relationships) != 1:
        return Taken(removal.taken_as)
    relationship, edge_id = removal.relationships[0]
    frame = graph.frames[relationship]
    row = frame[(frame["id"] == edge_id).fillna(False)].iloc[0]
    ends = [graph.thing(graph.number(row[end])) for end in ("source_id", "target_id")]
    edge = {"from": ends[0], "relationship": relationship.name, "to": ends[1]}
    return Taken(edge_words(edge), things=(ends[0]["id"], ends[1]["id"]))


def worded(posture: Posture, items: Sequence[str]) -> Callable[[str], str]:
    """Return a function that labels an item in a select box; equal labels get the item appended."""
    known = meanings(posture, tuple(items))
    words = {item: plain(known[item].words or item) for item in items}
    often = Counter(words.values())
    return lambda item: (
        f"{words[item]} · {plain(item, 2000)}" if often[words[item]] > 1 else words[item]
    )


def add_button(item: str, key: str, items: tuple[str, ...]) -> None:
    """Draw the button that adds an item to the list, disabled if it is already there."""
    listed = item in items
    st.button(
        "In the what-if" if listed else "Add to what-if",
        key=f"add:{key}",
        icon=":material/check:" if listed else ":material/content_cut:",
        disabled=listed,
        on_click=add,
        args=(item,),
    )
