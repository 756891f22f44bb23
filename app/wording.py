"""Formats of figures, instants and states on pages."""

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from analytics.answers.shares import LEAST, first_few
from analytics.answers.shares import percent as percent
from graph.schema import RELATIONSHIPS

if TYPE_CHECKING:
    import pandas as pd

KINDS: Mapping[str, tuple[str, str]] = {
    "Agent": ("agent", "agents"),
    "ServiceAccount": ("service account", "service accounts"),
    "Credential": ("credential", "credentials"),
    "Role": ("role", "roles"),
    "Group": ("group", "groups"),
    "Human": ("person", "people"),
    "Team": ("team", "teams"),
    "Resource": ("resource", "resources"),
    "Tool": ("tool", "tools"),
    "Review": ("review", "reviews"),
}
VERBS: Mapping[str, str] = {r.name: r.verb for r in RELATIONSHIPS}
LEVEL_VERBS: Mapping[str, str] = {
    "list": "list",
    "read": "read",
    "write": "write to",
    "admin": "administer",
}
STALE_STATES: Mapping[str, str] = {
    "stale": "Stale",
    "partly_used": "Partly used",
    "unused_since_granted": "Never used since granted",
    "unobservable": "Not logged",
}
MARKS: Mapping[str, str] = {
    "critical": "▲▲ critical",
    "high": "▲ high",
    "medium": "● medium",
    "low": "▽ low",
}
NOT_KNOWN = "unknown"
NO_FIGURE = "not known"  # instead of a figure, on a tile
HALF = 0.5  # what is less would be written as 0


def absent(value: object) -> bool:
    """Return whether a cell holds no value.

    A command that shows a kept document does not load pandas, and so has no null of it.

    >>> absent(None), absent(float("nan")), absent(0)
    (True, True, False)
    """
    pandas = sys.modules.get("pandas")
    return value is None or bool(pandas.isna(value) if pandas else value != value)


def number(value: float | None) -> str:
    """Format a figure with separators, and without decimals if it is whole; never rounding to 0.

    >>> number(2340), number(38.5), number(0.01), number(None)
    ('2,340', '38.5', '<0.1', 'unknown')
    """
    if value is None or absent(value):
        return NOT_KNOWN
    if not value:
        return "0"  # which has a sign, too, as a float
    if abs(value) < LEAST:
        return "<0.1" if value > 0 else ">-0.1"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def brief(value: float | None) -> str:
    """Format a weight so that it fits a tile, with about three significant figures.

    >>> brief(38.5), brief(15213.4), brief(1942093.3)
    ('38.5', '15,213', '1.94 million')
    """
    if value is None or absent(value) or value < 1000:
        return number(value)
    return f"{value:,.0f}" if value < 1_000_000 else f"{value / 1_000_000:,.3g} million"


STATES = {
    "open": "open",
    "accepted": "accepted",
    "reopened": "open again",
    "stale_evidence": "stale evidence",
    "resolved": "resolved",
}


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Format a count with its noun.

    >>> counted(1, "agent"), counted(2340, "agent")
    ('1 agent', '2,340 agents')
    """
    return f"{number(count)} {singular if count == 1 else plural or singular + 's'}"


def kind(label: str, count: int = 1) -> str:
    """Return the everyday noun for a node label.

    >>> kind("ServiceAccount", 2)
    'service accounts'
    """
    singular, plural = KINDS.get(label, (label.lower(), f"{label.lower()}s"))
    return singular if count == 1 else plural


def share(part: float, total: float) -> str:
    """Format a part of a whole as a percentage, never rounding to 0% or 100%.

    >>> share(12, 80), share(1, 100_000), share(999_999, 1_000_000), share(0, 0)
    ('15%', '<1%', '>99%', 'unknown')
    """
    if not total:
        return NOT_KNOWN
    percent = 100 * part / total
    if 0 < percent < 1:
        return "<1%"
    if 99 < percent < 100:
        return ">99%"
    return f"{percent:.0f}%"


def rated_ratio(ratio: float | None, ends: Sequence[float] | None, grade: str | None) -> str | None:
    """Format a trust debt ratio; where it is not rated, the ends between which it lies.

    >>> rated_ratio(0.031, (0.031, 0.4), "A"), rated_ratio(0.031, (0.031, 0.4), "NR")
    ('3.1%', '3% to 40%')
    >>> rated_ratio(0.1, (0.1, 0.1), "NR"), rated_ratio(None, None, "NR")
    ('10.0%', None)
    """
    if ratio is None or absent(ratio):
        return None
    if grade == "NR" and ends is not None:
        low, high = (share(end, 1) for end in ends)
        if low != high:
            return f"{low} to {high}"
    return percent(ratio)


def rounded(value: float) -> str:
    """Format an amount in whole points; what is less than half of one keeps its decimal.

    >>> rounded(1204.6), rounded(0.4), rounded(0)
    ('1,205', '0.4', '0')
    """
    return number(value) if abs(value) < HALF else f"{value:,.0f}"


def signed(change: float) -> str:
    """Format a difference with its sign, in whole points as `rounded` does.

    >>> signed(1366.7), signed(-0.3), signed(0)
    ('+1,367', '-0.3', '+0')
    """
    return f"{'-' if change < 0 else '+'}{rounded(abs(change))}"


def stamp(instant: object) -> datetime | None:
    """Parse an instant of an answer, in UTC; None if it is absent."""
    if absent(instant):
        return None
    read = datetime.fromisoformat(str(instant))
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def day(instant: object) -> str:
    """Format the day of an instant.

    >>> day("2026-08-01T00:00:00Z"), day(None)
    ('1 Aug 2026', 'unknown')
    """
    read = stamp(instant)
    return f"{read.day} {read:%b %Y}" if read is not None else NOT_KNOWN


def days(instants: "pd.Series") -> "pd.Series":
    """Format the day of each instant, for the rows of a table."""
    texts: pd.Series = instants.dt.day.astype("string").str.replace(".0", "", regex=False)
    texts = texts + instants.dt.strftime(" %b %Y").astype("string")
    return texts.fillna(NOT_KNOWN)


def moment(instant: object) -> str:
    """Format an instant to the minute, in UTC.

    >>> moment("2026-08-01T12:30:00Z")
    '1 Aug 2026 12:30 UTC'
    """
    read = stamp(instant)
    return f"{day(read)} {read:%H:%M} UTC" if read is not None else NOT_KNOWN


def span(duration: timedelta) -> str:
    """Format a duration in the one unit that fits it, in whole ones that have passed.

    >>> span(timedelta(hours=5)), span(timedelta(days=300, hours=23))
    ('5 hours', '300 days')
    """
    hours = duration.total_seconds() / 3600
    if abs(hours) < 1:
        return "under an hour"
    if abs(hours) < 48:
        return counted(int(hours), "hour")
    return counted(int(hours / 24), "day")


def ago(instant: object, as_of: datetime) -> str:
    """Format the time from an instant to `as_of`, the instant of the page.

    >>> ago("2026-07-30T00:00:00Z", datetime(2026, 8, 1, tzinfo=UTC))
    '2 days ago'
    """
    read = stamp(instant)
    if read is None:
        return NOT_KNOWN
    if read == as_of:
        return "at that moment"
    return f"{span(abs(as_of - read))} {'later' if read > as_of else 'ago'}"


def joined(words: Sequence[str]) -> str:
    """Join words with commas and "and".

    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def in_order(rank: int, of: int, name: str, because: str, bold: Callable[[str], str] = str) -> str:
    """Return the sentence on the place of an identity among all, given why it has it.

    >>> in_order(3, 259, "bot", "owes 12 tp")
    'Number 3 of 259, the worst first: bot owes 12 tp.'
    """
    place = bold(f"Number {number(rank)}")
    return f"{place} of {number(of)}, the worst first: {bold(name)} {because}."


def held_at(grade: str, because: str | None) -> str:
    """Return the sentence on a grade that is not the one of its ratio; nothing if it is.

    >>> held_at("D", "a key leaked")
    'Its grade is held at D: a key leaked.'
    >>> held_at("NR", "no source sees use")
    'It is not rated: no source sees use.'
    """
    if because is None:
        return ""
    return f"{'It is not rated' if grade == 'NR' else f'Its grade is held at {grade}'}: {because}."


def thing_name(thing: Any, default: str = "—") -> str:
    """Return the raw name of a thing in an answer; it still has to be escaped."""
    if thing is None:
        return default
    if isinstance(thing, Mapping):
        return str(thing.get("name") or thing.get("id") or default)
    return str(thing)


def thing_id(thing: Any) -> str:
    """Return the raw id of a thing in an answer."""
    if isinstance(thing, Mapping):
        return str(thing.get("id") or "")
    return "" if thing is None else str(thing)


def stated_by(
    fact: Mapping[str, Any],
    name: Callable[[str], str] = str,
    file: Callable[[str], str] = str,
) -> str:
    """Return who states a fact, and where it was read; `name` and `file` escape names and files.

    >>> stated_by({"source": "aws", "scope": "1", "file": "roles.json", "place": "/Roles/0"})
    'stated by aws 1, in roles.json at /Roles/0'
    """
    words = f"stated by {name(fact['source'])} {name(fact['scope'])}"
    if not fact.get("file"):
        return words
    place = f" at {file(fact['place'])}" if fact.get("place") else ""
    return f"{words}, in {file(fact['file'])}{place}"


def each_words(on: Sequence[Mapping[str, Any]]) -> str:
    """Describe what a step is on: the first few, and how many there are; not escaped yet.

    >>> each_words([{"id": "k1", "name": "billing key"}])
    'billing key'
    >>> each_words([{"id": f"k{number}", "name": f"key {number}"} for number in range(5)])
    'key 0; key 1; key 2; and 2 more (5 in all)'
    """
    return first_few([edge_words(each) if "from" in each else thing_name(each) for each in on])


def edge_words(edge: Any, default: str = "—") -> str:
    """Describe an edge of an answer by its two ends and its type; not escaped yet."""
    if edge is None:
        return default
    if not isinstance(edge, Mapping):
        return str(edge)
    verb = VERBS.get(str(edge.get("relationship")), str(edge.get("relationship", "")))
    source, target = edge.get("from", edge.get("source")), edge.get("to", edge.get("target"))
    return f"{thing_name(source)} {verb} {thing_name(target)}"
