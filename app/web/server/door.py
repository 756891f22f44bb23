"""Who may change a store in the app: whoever sits here and has the token that its start printed.

Looking needs no token. Any account of this machine can reach a loopback address, so deciding and
uploading ask once in each session for what only the account that started the app was told.
"""

import hmac
import os
import secrets
from typing import Any

import streamlit as st

from app.web.server.upload import HERE
from graph.journal.actor import By

VARIABLE = "TRUSTDEBT_APP_TOKEN"
PARAMETER = "token"
OPEN, SESSION = "door:open", "door:session"


class _Door:
    """The token of this process; None where nobody was told any, so that nobody decides."""

    token: str | None = None


def take_token() -> None:
    """Take the token out of the environment, where processes started from here would find it."""
    _Door.token = os.environ.pop(VARIABLE, None)


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(24)


def at_home() -> bool:
    """Return whether only this machine can reach the app."""
    return st.get_option("server.address") in HERE


def enter() -> None:
    """Take the token out of the address, if it is there, and open the session if it is right."""
    said = st.query_params.get(PARAMETER)
    if said is not None:
        del st.query_params[PARAMETER]
        _try(said)


def is_open() -> bool:
    """Return whether this session may decide, and upload."""
    return at_home() and bool(st.session_state.get(OPEN))


def decider(name: str) -> By:
    """Return who decides, as somebody who did not sign in, in this session."""
    session = st.session_state.setdefault(SESSION, secrets.token_hex(6))
    return By(name, session=str(session))


def ask(place: Any, where: str, deed: str = "decide") -> bool:
    """Return whether this session may do so; else draw why not, and the field for the token."""
    if is_open():
        return True
    if not at_home():
        place.info("Decisions are taken only where the app is open to this machine alone.")
        return False
    if _Door.token is None:
        place.info(f"To {deed} here, start the app with `trustdebt app`; or use its commands.")
        return False
    lock = place.expander(deed.capitalize(), icon=":material/lock:", expanded=deed != "decide")
    form = lock.form(f"door:{where}", border=False)
    form.caption("Once in each session: the token that `trustdebt app` printed when it started.")
    said = form.text_input("Token", type="password", key=f"door:token:{where}")
    if form.form_submit_button("Unlock"):
        if _try(said.strip()):
            st.rerun()
        form.error("That is not the token of this start.")
    return False


def _try(said: str) -> bool:
    token = _Door.token
    right = token is not None and hmac.compare_digest(_bytes(said), _bytes(token))
    if right:
        st.session_state[OPEN] = True
    return right


def _bytes(said: str) -> bytes:
    return said.encode(errors="backslashreplace")  # an address may hold half a character
