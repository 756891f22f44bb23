"""The age of the data today, in words."""

from collections.abc import Mapping, Sequence
from typing import Any

DAY = len("2026-08-01")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def freshness(sources: Sequence[Mapping[str, Any]]) -> str:
    """Return the days of the facts of some source scopes, and their age today, in words.

    >>> row = {"taken_at": "2026-02-05T00:00:00Z", "age_days": 295, "taken_at_assumed": False}
    >>> freshness([row])
    'facts of 5 Feb 2026, 295 days old'
    >>> freshness([row, {"taken_at": "2026-11-27T08:00:00Z", "age_days": 0}])
    'facts of 5 Feb 2026 to 27 Nov 2026, up to 295 days old'
    """
    dated = [row for row in sources if row["taken_at"] is not None]
    if not dated:
        return ""
    first, last = (f(dated, key=lambda row: str(row["taken_at"])) for f in (min, max))
    if first["taken_at"][:DAY] == last["taken_at"][:DAY]:
        words = f"facts of {day_words(last['taken_at'])}, {age_words(last['age_days'])}"
    else:
        span = f"{day_words(first['taken_at'])} to {day_words(last['taken_at'])}"
        words = f"facts of {span}, up to {age_words(first['age_days'])}"
    assumed = sum(bool(row.get("taken_at_assumed")) for row in dated)
    if not assumed:
        return words
    if len(dated) == 1:
        return f"{words}; nothing dates them but the time of the file"
    some = f"those of {assumed} of {len(dated)} scopes"
    return f"{words}; nothing dates {some} but the time of a file"


def age_words(days: int) -> str:
    """Format an age in whole days.

    >>> age_words(0), age_words(1), age_words(2761)
    ('under a day old', '1 day old', '2,761 days old')
    """
    if days == 0:
        return "under a day old"
    return f"{days:,} {'day' if days == 1 else 'days'} old"


def day_words(instant: str) -> str:
    """Format the day of an instant from an answer.

    >>> day_words("2019-05-07T00:00:00Z")
    '7 May 2019'
    """
    return f"{int(instant[8:DAY])} {MONTHS[int(instant[5:7]) - 1]} {instant[:4]}"
