"""How much of what can be tried a test tries: a part every day, all of it in `make search`.

The part is the same each time and spread over the whole, so that a test fails or passes for good.
"""

import os
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def searching() -> bool:
    """Tell whether this run tries everything."""
    return bool(os.environ.get("TRUSTDEBT_TEST_EXAMPLES"))


def worlds(every_day: int, search: int) -> int:
    """Return the number of worlds to try in this run."""
    return search if searching() else every_day


def some(cases: Iterable[T], every_day: int) -> list[T]:
    """Return `every_day` of the cases, at even distances; all of them in a search."""
    rows = list(cases)
    count = len(rows) if searching() else min(every_day, len(rows))
    return [rows[at * len(rows) // count] for at in range(count)]
