"""Access control of the app: changes need the token that its start printed.

Looking needs no token. Any account of this machine can reach a loopback address, so deciding and
uploading require, once in each session, the token known only to the account that started the app.
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
    """The token of this process; None if it has none, so that no session may decide."""

    token: str | None = None


def take_token() -> None:
    """Remove the token from the environment, so that child processes do not inherit it."""
    _Door.token = os.environ.pop(VARIABLE, None)


def new_token() -> str:
    """Return an unguessable token."""
    return secrets.token_urlsafe(24)


def at_home() -> bool:
    """Return whether only this machine can reach the app."""
    return st.get_option("server.address") in HERE


def enter() -> None:
    """Remove the token from the address, if present, and open the session if it is right."""
    token = st.query_params.get(PARAMETER)
    if token is not None:
        del st.query_params[PARAMETER]
        _try(token)


def is_open() -> bool:
    """Return whether this session may decide and upload."""
    return at_home() and bool(st.session_state.get(OPEN))


def decider(name: str) -> By:
    """Return the decider of this session, as a person who is not signed in."""
    session = st.session_state.setdefault(SESSION, secrets.token_hex(6))
    return By(name, session=str(session))


def ask(place: Any, where: str, deed: str = "decide") -> bool:
    """Return whether this session may decide; if not, draw the reason or the token field."""
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
    token = form.text_input("Token", type="password", key=f"door:token:{where}")
    if form.form_submit_button("Unlock"):
        if _try(token.strip()):
            st.rerun()
        form.error("That is not the token of this start.")
    return False


def _try(given: str) -> bool:
    token = _Door.token
    right = token is not None and hmac.compare_digest(_bytes(given), _bytes(token))
    if right:
        st.session_state[OPEN] = True
    return right


def _bytes(text: str) -> bytes:
    return text.encode(errors="backslashreplace")  # an address may hold a lone surrogate
