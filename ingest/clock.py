"""The clock, for logs whose own clocks may be wrong: what is dated after now has not happened."""

import pandas as pd

from ingest.source import Request

LEEWAY = pd.Timedelta(minutes=5)  # how far clocks may differ


def latest_of(request: Request) -> int:
    """Return the last instant, in milliseconds, at which something in a log can have happened.

    It is the instant at which the export was taken, where the caller names one, else now.
    """
    taken = request.taken_at if request.taken_at is not None else pd.Timestamp.now("UTC")
    return int((taken + LEEWAY).timestamp() * 1000)
