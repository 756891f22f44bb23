"""The instant that a record bears, by the names that engines give it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

NAMES = (
    *("at", "issued_at", "decided_at", "occurred_at", "timestamp", "created_at", "time", "iat"),
    *("ts", "ts_ms", "timestamp_ms", "issued_at_ms", "decision_at_ms", "date"),
)
MILLISECONDS = 100_000_000_000  # from here on a number counts these, not seconds
MOST = 253_402_300_799_999  # the end of the year 9999, in milliseconds
LEEWAY = timedelta(minutes=5)  # how far clocks may differ


def dated(record: Mapping[str, Any]) -> datetime | None:
    """Return the instant of a record, in UTC; None if it bears none that can be read."""
    for name in NAMES:
        if name in record and (at := instant_of(record[name])) is not None:
            return at
    return None


def instant_of(value: Any) -> datetime | None:
    """Return an instant written in ISO 8601 with a zone, or as seconds or milliseconds.

    >>> instant_of(1750000000).isoformat(), instant_of("2026-08-01T00:00:00"), instant_of(True)
    ('2025-06-15T15:06:40+00:00', None, None)
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        milliseconds = value if abs(value) >= MILLISECONDS else value * 1000
        if not 0 <= milliseconds <= MOST:
            return None
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):  # the first and the last day lie in other years elsewhere
        return None


def is_future(at: datetime | None, now: datetime | None) -> bool:
    """Return whether an instant is after the present one by more than clocks differ."""
    return at is not None and now is not None and at > now + LEEWAY
