"""What a new browser draws first: it is given the time to do so before it is sent the rest.

Each kind of element is loaded when the first of its kind is drawn. React leaves a gap in its place
meanwhile, and fills no gap sooner than 300 ms after the last one opened, so that a page does not
flicker (`FALLBACK_THROTTLE_MS` of ReactFiberWorkLoop.js, https://github.com/facebook/react). So the
first figure waited 300 ms for what had been there long ago. One element of each kind that a front
has is drawn out of sight as soon as the browser is there: those that follow leave no gap.
"""

from time import monotonic, sleep

import streamlit as st

BEGUN = "first_sight:begun"
# Seconds that a browser has for what is out of sight, and, from the same moment, for the front.
UNSEEN, HEAD_START = 0.12, 0.8
WORDS = "Nothing is shown of this"


def begin() -> None:
    """Send what is out of sight, once in a session; call it before anything takes time."""
    if not HEAD_START or BEGUN in st.session_state:
        return
    st.session_state[BEGUN] = monotonic()
    unseen = st._event  # where Streamlit itself puts what has no place on a page: it is not drawn
    unseen.metric(WORDS, "0")
    unseen.page_link("https://localhost", label=WORDS)
    unseen.html(f"<p>{WORDS}</p>")


def wait_until_unseen() -> None:
    """Wait until a new browser has drawn what is out of sight; call it before all that is seen."""
    _wait(UNSEEN)


def wait_until_front() -> None:
    """Wait until a new browser has drawn the front of a page, so that the rest does not delay it.

    The rest needs much code, which it would load meanwhile.
    """
    _wait(HEAD_START)


def _wait(least: float) -> None:
    begun = st.session_state.get(BEGUN)
    if begun is not None:
        sleep(max(0.0, begun + least - monotonic()))
