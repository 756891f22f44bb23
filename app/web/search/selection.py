"""The choice of a set of nodes: all agents, crown jewels, a kind, an environment, or one node."""

from collections.abc import Callable

import streamlit as st

from analytics.environments import environments
from analytics.posture import Posture
from analytics.selectors import (
    ALL_AGENTS,
    ALL_IDENTITIES,
    CROWN_JEWELS,
    ENV,
    LABEL,
    WrongSelector,
    select,
)
from app.escape import markdown, plain
from app.web.page.address import recall, remember
from app.web.page.snapshots import kept
from app.web.search.picker import Offered, choose_in, namer
from app.wording import kind
from graph.schema import ON_PATHS

SETS = {
    ALL_AGENTS: "All agents",
    ALL_IDENTITIES: "All accountable identities",
    CROWN_JEWELS: "Crown jewels",
}
MEANING = "Crown jewels are the restricted resources and the control planes."


@kept
def sets(posture: Posture) -> list[str]:
    """List the selectors of sets: the fixed ones, the kinds, the environments."""
    graph = posture.graph
    named = sorted(set(environments(graph)) - {""})
    kinds = [n.name for n in ON_PATHS if graph.has_label(n).any()]
    return [*SETS, *(LABEL + k for k in kinds), *(ENV + e for e in named)]


@kept
def selected(posture: Posture, selector: str) -> tuple[int, ...]:
    """Return the numbers of the nodes that a selector matches; none if it is invalid."""
    try:
        return tuple(select(posture, [selector]).tolist())
    except (LookupError, WrongSelector):
        return ()


def choose(posture: Posture, name: str, label: str, default: str) -> str:
    """Draw a box to choose nodes in; return the selector, kept in the address as `name`."""
    key = f"choose:{name}"
    recall(name, default, _accept(posture), key=key)
    if not selected(posture, st.session_state[key]):
        st.session_state[key] = default
    offered = Offered(sets(posture), words(posture), _selects)
    chosen = choose_in(posture, key, label, offered, MEANING)
    remember(name, default, key=key)
    return chosen or default


def _selects(posture: Posture, text: str) -> bool:
    return bool(selected(posture, text))


def _accept(posture: Posture) -> Callable[[str], str]:
    def accept(text: str) -> str:
        if text in sets(posture):
            return text
        try:
            return str(posture.graph.thing(posture.graph.find(text))["id"])
        except LookupError:
            st.warning(f"Nothing in this snapshot is called {markdown(text)}.")
            raise ValueError(text) from None

    return accept


def words(posture: Posture) -> Callable[[str], str]:
    """Return a function that labels a selector in a select box; labels are unique."""
    known, name = frozenset(sets(posture)), namer(posture)

    def say(selector: str) -> str:
        if selector not in known:
            return name(selector)
        if selector in SETS:
            return SETS[selector]
        if selector.startswith(LABEL):
            return f"Every {kind(selector.removeprefix(LABEL))}"
        return f"Everything in the environment {plain(selector.removeprefix(ENV), 2000)}"

    return say
