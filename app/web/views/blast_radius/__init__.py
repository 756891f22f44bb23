"""Page of blast radius: what one node reaches, who reaches it, and its lineage; drawn."""

import streamlit as st

from analytics.posture import Posture
from app.escape import markdown
from app.web.answers.figures import accountable
from app.web.page.address import recall, refused, remember
from app.web.page.query import Query, options
from app.web.search.picker import pick
from app.web.view import View
from app.web.views.blast_radius.controls import controls
from app.web.views.blast_radius.frame import framed
from app.web.views.blast_radius.lineage import lineage_of
from app.web.views.blast_radius.reached import reached_by
from app.web.views.blast_radius.reaching import reaches
from graph.schema import CREDENTIAL


def draw(posture: Posture) -> None:
    """Draw the search and the controls, then the answer in the chosen direction."""
    thing = _thing(posture)
    if thing is None:
        if posture.graph.things.empty:
            st.info("There is nothing to choose from.")
        elif refused("thing") is None:
            st.info("Choose a thing above: what it reaches, and who reaches it, is drawn here.")
        return
    frame = framed()
    choices = controls(posture, thing, frame.controls)
    if choices.direction == "reached-by":
        reached_by(posture, choices, frame)
    elif choices.direction == "lineage":
        lineage_of(posture, choices, frame)
    else:
        reaches(posture, choices, frame)


def _thing(posture: Posture) -> str | None:
    def accept(text: str) -> str:
        try:
            return str(posture.graph.thing(posture.graph.find(text))["id"])
        except LookupError:
            st.warning(f"Nothing in this snapshot is called {markdown(text)}.")
            raise ValueError(text) from None

    first = next(iter(accountable(posture)["id"].head(1)), None)
    chosen = recall("thing", first, accept)
    if refused("thing") is not None:  # no other thing stands in for one that is not there
        st.session_state["thing"] = None
    elif chosen is not None and posture.graph.number(chosen) < 0:
        st.warning(f"{markdown(chosen)} is not in this snapshot.")
        st.session_state["thing"] = None
    picked = pick(posture, "thing", "Who or what", "An agent, a credential, a role, a resource, …")
    remember("thing")
    return picked


def query(posture: Posture) -> Query:
    """Return the question behind what is drawn: what a thing reaches, or who reaches it."""
    state = st.session_state
    if state.get("thing") is None:
        return Query(("identities",), "agents_by_kind")
    thing, mode = str(state["thing"]), {"mode": state["mode"]}
    if state["direction"] != "reaches":
        if state["direction"] == "lineage":
            return Query(("lineage", thing, *options(**mode)), "who_made_whom")
        return Query(("exposure", thing, *options(**mode)), "grants_on", {"resource": thing})
    hops = None if state.get("hops", "any") == "any" else state["hops"]
    key = posture.graph.thing(posture.graph.number(thing))["label"] == CREDENTIAL.name
    asked = options(**mode, max_hops=hops, leaked=key and bool(state.get("leaked")))
    return Query(("blast-radius", thing, *asked), "grants_of", {"identity": thing})


VIEW = View("blast_radius", "Blast radius", ":material/hub:", "Overview", 20, draw, query=query)
