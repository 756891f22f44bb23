"""Shares of a whole, in words that never round to none or to all."""

LEAST = 0.05  # what is less would be written as 0.0


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
