"""Access control of the app: who a session is, what it may see, and what it may do.

With sign-in, a session is a person whose roles say what it may see and do. Without, whoever reaches
the app looks at everything, and deciding and uploading require, once in each session, the token
that the start printed: any account of this machine can reach a loopback address, but only the one
that started the app was given the token.
"""

import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import pandas as pd
import streamlit as st

from app import clock
from app.sign_in import Person, SignIn
from app.web.server.upload import HERE
from graph.journal.actor import By
from graph.journal.rights import EVERY_ROLE, PAGES, NotAllowed, grants, holders

VARIABLE = "TRUSTDEBT_APP_TOKEN"
PARAMETER = "token"
OPEN, SESSION, NEEDED = "door:open", "door:session", "door:needed"

T = TypeVar("T")


class _Door:
    """What the start of this process set up.

    `token` is None if there is none, so that no session decides without sign-in. `sign_in` is None
    if nobody signs in. `elsewhere`: the app is served at an address of others.
    """

    token: str | None = None
    sign_in: SignIn | None = None
    elsewhere: bool = False


def set_up(sign_in: SignIn | None, elsewhere: bool) -> None:
    """Take over what the start says, and remove the token from what child processes inherit."""
    _Door.token = os.environ.pop(VARIABLE, None)
    _Door.sign_in, _Door.elsewhere = sign_in, elsewhere


def new_token() -> str:
    """Return an unguessable token."""
    return secrets.token_urlsafe(24)


def at_home() -> bool:
    """Return whether only this machine can reach the app."""
    return not _Door.elsewhere and st.get_option("server.address") in HERE


def enter() -> None:
    """Remove the token from the address, if present, and open the session if it is right."""
    token = st.query_params.get(PARAMETER)
    if token is not None:
        del st.query_params[PARAMETER]
        _try(token)


# -- who it is ---------------------------------------------------------------------------------


def signs_in() -> bool:
    """Return whether people sign in here."""
    return _Door.sign_in is not None


def claims() -> Mapping[str, Any]:
    """Return the claims with which this session signed in; empty if it did not."""
    return st.user.to_dict()


def person() -> Person | None:
    """Return who signed in, asked anew at each call; None if nobody did, or not lately enough."""
    setup = _Door.sign_in
    return None if setup is None else setup.policy().person(claims(), clock.now())


def longest() -> pd.Timedelta:
    """Return how long a sign-in counts; no time where nobody signs in."""
    return pd.Timedelta(0) if _Door.sign_in is None else _Door.sign_in.policy().max_age


def roles() -> frozenset[str]:
    """Return the roles of this session; without sign-in, whoever may decide has all of them."""
    if signs_in():
        visitor = person()
        return frozenset() if visitor is None else visitor.roles
    return EVERY_ROLE if at_home() and st.session_state.get(OPEN) else frozenset()


def sees(right: str) -> bool:
    """Return whether this session may see what needs a right; without sign-in everybody may."""
    return not signs_in() or grants(roles(), right)


def sights() -> frozenset[str]:
    """Return the rights to see pages that this session has."""
    return frozenset(right for right in PAGES if sees(right))


def still(right: str, make: Callable[[], T]) -> Callable[[], T]:
    """Return `make` for a later click, which is refused if the right to see it is gone by then.

    A file is made outside of the session that asks for it: who signed in is remembered from now.

    Raises
    ------
    NotAllowed
        By what is returned.
    """
    setup = _Door.sign_in
    if setup is None:
        return make
    signed_in = claims()

    def made() -> T:
        visitor = setup.policy().person(signed_in, clock.now())
        if visitor is None or not grants(visitor.roles, right):
            raise NotAllowed(f"this is for the role {' or '.join(holders(right))}")
        return make()

    return made


def arrived(right: str) -> None:
    """Take the right that the page of this run needs."""
    st.session_state[NEEDED] = right


def still_here(make: Callable[[], T]) -> Callable[[], T]:
    """Return `make`, which is refused, as in `still`, for whom the page of this run is closed."""
    return still(st.session_state[NEEDED], make) if signs_in() else make


def may(right: str) -> bool:
    """Return whether this session may do what needs a right."""
    return grants(roles(), right)


def is_open() -> bool:
    """Return whether this session may do anything at all besides looking."""
    return bool(roles()) if signs_in() else roles() == EVERY_ROLE


def decider(name: str) -> By:
    """Return the author of decisions of this session.

    It is the person who signed in, whatever `name` says; without sign-in it is `name`.
    """
    session = str(st.session_state.setdefault(SESSION, secrets.token_hex(6)))
    if not signs_in():
        return By(name, session=session, roles=roles())
    visitor = person()
    if visitor is None:
        return By("", session=session, roles=frozenset())
    return By(visitor.name, session=session, roles=visitor.roles, account=visitor.account)


# -- what it is told ---------------------------------------------------------------------------


def ask(place: Any, where: str, right: str, deed: str = "decide") -> bool:
    """Return whether this session may do what needs a right.

    If not, draw the reason or the token field. `where` tells the fields of a page apart.
    """
    if may(right):
        return True
    if signs_in():
        place.caption(_lacks(deed, right))
        return False
    if not at_home():
        place.info("Decisions are taken only where the app is open to this machine alone.")
        return False
    if _Door.token is None:
        place.info(f"To {deed} here, start the app with `trustdebt app`; or use its commands.")
        return False
    lock = place.expander(deed.capitalize(), icon=":material/lock:", expanded=deed != "decide")
    form = lock.form(f"door:{where}", border=False)
    form.caption("Once in each session: the token that `trustdebt app` printed when it started.")
    token = form.text_input("Token", type="password", key=f"door:token:{where}")
    if form.form_submit_button("Unlock"):
        if _try(token.strip()):
            st.rerun()
        form.error("That is not the token of this start.")
    return False


def _lacks(deed: str, right: str) -> str:
    """Say which role would be needed."""
    needed, own = " or ".join(holders(right)), ", ".join(sorted(roles())) or "none"
    return f":material/lock: To {deed} here takes the role {needed}. Your roles: {own}."


def _try(given: str) -> bool:
    token = _Door.token
    right = token is not None and hmac.compare_digest(_bytes(given), _bytes(token))
    if right:
        st.session_state[OPEN] = True
    return right


def _bytes(text: str) -> bytes:
    return text.encode(errors="backslashreplace")  # an address may hold a lone surrogate
