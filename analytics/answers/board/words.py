"""Counts, shares and days in the sentences of the board answer."""

import pandas as pd

LEAST = 0.05  # what is less would be written as 0.0


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


def percent(part: float) -> str:
    """Format a share with one decimal, never rounding to 0% or 100%.

    >>> percent(0.115), percent(0.0001), percent(0.9999), percent(1)
    ('11.5%', '<0.1%', '>99.9%', '100.0%')
    """
    if 0 < part < LEAST / 100:
        return "<0.1%"
    if 1 - LEAST / 100 < part < 1:
        return ">99.9%"
    return f"{part:.1%}"
