"""The entrance of the app where people sign in: the way in, the way out, and closed pages."""

import streamlit as st

from app.escape import markdown
from app.sign_in import Person
from app.web.server import door
from app.web.view import View
from app.wording import span
from graph.journal.rights import LOOK, holders


def passed(view: View) -> bool:
    """Return whether this session may see a page; if not, draw why, and the way to sign in.

    Who is signed in stands in the sidebar, with the way out.
    """
    if not door.signs_in():
        return True
    visitor = door.person()
    if visitor is None:
        _way_in()
        return False
    _draw_visitor(visitor)
    if door.sees(view.right):
        return True
    if door.sees(LOOK):
        _refuse(view, visitor)
    else:
        st.title("You have no role here", anchor=False)
        st.markdown(
            f"You are signed in as {markdown(visitor.name)}. Ask the people who run trustdebt for "
            "a role."
        )
    return False


def _way_in() -> None:
    st.title("Sign in", anchor=False)
    if door.claims().get("is_logged_in"):
        longest = span(door.longest())
        st.info(f"A sign-in counts for {longest} at most. Yours is older: sign in again.")
    else:
        st.markdown("See which access of your agents nobody can justify any more.")
    if st.button("Sign in", type="primary", icon=":material/login:"):
        st.login()


def _draw_visitor(visitor: Person) -> None:
    with st.sidebar:
        words = ", ".join(sorted(visitor.roles)) or "no role"
        st.caption(f":material/person: **{markdown(visitor.name)}**  \n{words}")
        if st.button("Sign out", icon=":material/logout:", key="entrance:out"):
            st.logout()


def _refuse(view: View, visitor: Person) -> None:
    st.title(view.title, anchor=False)
    needed, own = " or ".join(holders(view.right)), ", ".join(sorted(visitor.roles))
    st.info(f"This page is for the role {needed}. Your roles: {own}.", icon=":material/lock:")
    first = next(iter(st.session_state["pages"].values()))
    st.page_link(first, icon=":material/arrow_back:")
