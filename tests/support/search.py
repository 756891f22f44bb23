"""How many random worlds a test tries: a few every day, all of them in `make search`."""

import os


def worlds(every_day: int, search: int) -> int:
    """Return the number of worlds to try in this run."""
    return search if os.environ.get("TRUSTDEBT_TEST_EXAMPLES") else every_day
