"""Counts, points and days in the sentences of the board answer."""

import pandas as pd

from analytics.answers.shares import LEAST


def counted(count: int, noun: str, nouns: str = "") -> str:
    """Format a count with its noun.

    >>> counted(1, "agent"), counted(20000, "identity", "identities")
    ('1 agent', '20,000 identities')
    """
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"


def day(instant: pd.Timestamp) -> str:
    """Format the day of an instant.

    >>> day(pd.Timestamp("2026-08-01", tz="UTC"))
    '1 Aug 2026'
    """
    return f"{instant.day} {instant:%b %Y}"


def amount(points: float) -> str:
    """Format trust points.

    >>> amount(12345.6), amount(0.42), amount(0.01)
    ('12,346 tp', '0.4 tp', 'under 0.1 tp')
    """
    if 0 < points < LEAST:
        return "under 0.1 tp"
    return f"{points:,.0f} tp" if abs(points) >= 10 else f"{points:,.1f} tp"
