"""What the app works out before anybody asks: the pages are loaded, the latest snapshot is read.

Whoever opens the front page meanwhile waits for the same work. An error is told on the page that
meets it, so here it says nothing.
"""

import logging
import threading

from app.web.answers import board
from app.web.page import snapshots
from app.web.page.frame import store_uri
from app.web.page.tasks import AHEAD
from app.web.views import all_views

HEAD_START = 2.0  # seconds, at most
# In the order in which the front page draws them.
FRONT = (
    *(board.headlines, board.standing, board.gaps),
    *(board.quarter, board.move, board.revocation),
)


def begin() -> None:
    """Load the pages now, and read the latest snapshot in a thread, with a head start.

    What was kept is read within it, and does not slow down whoever comes first.
    """
    all_views()
    thread = threading.Thread(target=_read, name="ahead", daemon=True)
    thread.start()
    thread.join(HEAD_START)


def _read() -> None:
    """Work out what the front page shows first."""
    AHEAD.set(True)
    try:
        posture = snapshots.read(snapshots.choose(store_uri(), None, None))
        for answer in FRONT:
            answer(posture)
    except Exception:
        logging.getLogger(__name__).debug("not read ahead", exc_info=True)
