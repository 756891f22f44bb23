"""Page of one identity: why it is bad, what it reaches and owes, who answers, and what to do."""

import streamlit as st

from analytics.posture import Posture
from app.escape import code
from app.web.page.address import recall, refused, remember
from app.web.page.query import Query
from app.web.view import View
from app.web.views.identity.card import draw_card
from app.web.views.identity.worst import draw_worst

KEY = "identity:id"


def draw(posture: Posture) -> None:
    """Draw the card of the thing in the address, or all identities, the worst first."""

    def accept(text: str) -> str:
        try:
            return str(posture.graph.thing(posture.graph.find(text))["id"])
        except LookupError:
            raise ValueError(text) from None

    id_ = recall("id", "", accept, key=KEY)
    remember("id", "", key=KEY)
    unknown = refused("id")
    if unknown is not None:
        st.error(
            f"Nothing in this snapshot is called {code(unknown)}. What follows are all identities.",
            icon=":material/search_off:",
        )
    if id_ and posture.graph.number(id_) < 0:
        st.error(f"{code(id_)} is not in this snapshot.", icon=":material/search_off:")
    elif id_:
        draw_card(posture, id_)
        return
    draw_worst(posture)


def query(_: Posture) -> Query:
    """Return the question behind the card in the address, or behind the list."""
    id_ = st.session_state[KEY]
    if not id_:
        return Query(("identities",), "agents_by_kind")
    return Query(("show", id_), "grants_of", {"identity": id_})


VIEW = View("identity", "Identities", ":material/badge:", "Overview", 15, draw, query=query)
