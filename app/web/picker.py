"""The picker of one node: a search over ids and names, and a select box with the matches."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

from analytics.posture import Posture
from app.escape import LONGEST, plain
from app.web.answers.figures import accountable
from app.web.snapshots import kept
from app.wording import kind, number

OFFERED = 200  # options in the box
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


def options(posture: Posture, text: str, chosen: str | None) -> tuple[list[str], int]:
    """Return the ids to offer, including the chosen one, and the count of those left out."""
    ids = matches(posture, text) if text else accountable(posture)["id"].tolist()
    ids = ids or posture.graph.things["id"].head(OFFERED + 1).tolist()
    offered = ids[:OFFERED]
    if chosen is not None and chosen not in offered:
        offered = [chosen, *offered]
    return offered, max(0, len(ids) - OFFERED)


def pick(posture: Posture, key: str, label: str, help_text: str) -> str | None:
    """Draw the search and the select box; return the id of the chosen node."""
    left, right = st.columns([2, 3])
    text = left.text_input(
        "Search",
        key=f"{key}:search",
        placeholder="part of a name or id",
        help="Put a kind before the text to keep only that kind: "
        + ", ".join(f"`{word}:`" for word in PREFIXES),
    ).strip()
    _choose_only_match(posture, text, key)
    offered, more = options(posture, text, st.session_state.get(key))
    chosen: str | None = right.selectbox(
        label, offered, key=key, format_func=namer(posture), help=help_text
    )
    if text and not matches(posture, text):
        left.caption("Nothing is called that.")
    if more:
        right.caption(f"{number(more)} more; search to find them.")
    return chosen


def _choose_only_match(posture: Posture, text: str, key: str) -> None:
    """Choose the match of a new search if it is the only one."""
    seen = f"{key}:searched"
    if text and text != st.session_state.get(seen):
        ids = matches(posture, text)
        if len(ids) == 1:
            st.session_state[key] = ids[0]
    st.session_state[seen] = text


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
