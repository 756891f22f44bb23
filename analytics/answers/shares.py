"""Words of answers: shares that never round to none or to all, and lists cut to the first few."""

from collections.abc import Sequence

LEAST = 0.05  # what is less would be written as 0.0
NAMED = 3  # things that a list in a sentence names, before it counts the rest


def percent(part: float) -> str:
    """Format a share with one decimal, never rounding to 0% or 100%.

    >>> percent(0.115), percent(0.0001), percent(0.9999), percent(1), percent(0)
    ('11.5%', '<0.1%', '>99.9%', '100.0%', '0.0%')
    """
    if 0 < part < LEAST / 100:
        return "<0.1%"
    if 1 - LEAST / 100 < part < 1:
        return ">99.9%"
    return f"{part:.1%}"


def first_few(words: Sequence[str]) -> str:
    """List the first few, and say how many there are.

    >>> first_few(["a"]), first_few(list("abcde"))
    ('a', 'a; b; c; and 2 more (5 in all)')
    """
    more = len(words) - NAMED
    rest = [f"and {more:,} more ({len(words):,} in all)"] if more > 0 else []
    return "; ".join([*words[:NAMED], *rest])
