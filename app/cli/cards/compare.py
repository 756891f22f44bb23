"""The card of a comparison: what changed in truth, the figures at both ends, each difference."""

from collections.abc import Callable, Mapping
from typing import Any

from app.cli.output.card import WRONG, Card
from app.cli.output.columns import Row, of_unit
from app.comparison import CHANGED, CHANGES, SOURCES, changed_words, seen_words, why_words
from app.wording import NO_FIGURE, NOT_KNOWN, day, joined, rounded, signed

KINDS = ("agents", "paths", "findings", "owners")
FIGURES = ("figure", "before", "after", "change")
OF_TEAMS = {
    "agents": ("new", "gone"),
    "paths": ("opened", "closed", "widened", "narrowed"),
    "findings": ("new", "gone"),
    "owners": ("lost", "gained", "replaced"),
}


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw what differs between two moments."""
    before, after = result["before"], result["after"]
    card.title(f"{_moment(before)} to {_moment(after)}")
    agents = result["starts_are"] == "agents"
    counts = {kind: result[kind]["counts"] for kind in KINDS}
    card.sentence(f"{changed_words(counts, agents)}.")
    seen = seen_words(counts)
    if seen:
        card.line(seen)
    for rule, how in result["failed"].items():
        card.line(f"Findings of {rule} are left out, it failed: {how}", WRONG)
    card.listing("at both ends", FIGURES, _figures(before, after, result["starts_are"]))
    _scopes(card, result["scopes"])
    _lists(card, result, agents)
    _teams(card, result["teams"])
    card.following(*_commands(result))


def _moment(end: Row) -> str:
    return f"{day(end['at'])} ({end['snapshot']})"


def _figures(before: Row, after: Row, starts: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [("grade", _grade(before), _grade(after), None)]
    named = {
        "debt": "trust debt (tp)",
        "starts": starts,
        "reaching": f"{starts} at a crown jewel",
        "paths": "paths to crown jewels",
        "findings": "findings",
    }
    for name, words in named.items():
        was, now = before[name], after[name]
        change = None if was is None or now is None else signed(now - was)
        rows.append((words, _figure(was), _figure(now), change))
    return rows


def _figure(value: float | None) -> str:
    return NO_FIGURE if value is None else rounded(value)


def _grade(end: Row) -> str:
    if end["grade"] == "NR" or end["tdr"] is None:
        return "not rated"
    return f"{end['grade']} ({of_unit(end['tdr'], 'share')})"


def _scopes(card: Card, scopes: list[Row]) -> None:
    rows = [
        (
            "/".join(part for part in (row["source"], row["scope"]) if part),
            SOURCES[row["state"]],
            None if row["complete"] else "in part",
            row["newly_declares"],
            row["no_longer_declares"],
        )
        for row in scopes
    ]
    heads = ("source", "it is", "read", "begins to state", "no longer states")
    card.listing("what we can see changed", heads, rows)


def _lists(card: Card, result: dict[str, Any], agents: bool) -> None:
    cells: Mapping[str, tuple[tuple[str, ...], Callable[[Row], tuple[object, ...]]]] = {
        "owners": (
            ("of", "role", "was", "is now"),
            lambda r: (r["identity"], r["role"], _owner(r, "was"), _owner(r, "now")),
        ),
        "agents": (("agent" if agents else "identity",), lambda r: (r["identity"],)),
        "paths": (
            ("from", "to", "was", "is now"),
            lambda r: (r["identity"], r["target"], r["was"] or "none", r["now"] or "none"),
        ),
        "findings": (
            ("severity", "finding", "rule"),
            lambda r: (r["severity"], r["sentence"], r["rule"]),
        ),
    }
    for kind, (heads, of_row) in cells.items():
        rows = [
            (_change(kind, row), *of_row(row), row["team"], _why(row))
            for row in result[kind]["rows"]
        ]
        title = result["starts_are"] if kind == "agents" else kind
        title = "paths to crown jewels" if kind == "paths" else title
        card.listing(title, ("change", *heads, "team", "why"), rows)


def _change(kind: str, row: Row) -> str | None:
    """Say how a row differs, where the two values of it do not."""
    return None if kind == "owners" else CHANGES[row["change"]]


def _why(row: Row) -> str | None:
    """Say why a row differs; what changed in truth is not marked."""
    words = why_words(row["change"], row["why"])
    return None if words == CHANGED else words


def _owner(row: Row, end: str) -> object:
    if row[end] is None:
        return "nobody" if row[f"{end}_known"] else NOT_KNOWN
    return row[end]


def _teams(card: Card, teams: list[Row]) -> None:
    rows = [
        (
            row["team"] or "no team",
            *(_counts(row, kind, changes) for kind, changes in OF_TEAMS.items()),
            row["coverage"] or None,
        )
        for row in teams
    ]
    card.listing("teams", ("team", *OF_TEAMS, "only seen otherwise"), rows)


def _counts(row: Row, kind: str, changes: tuple[str, ...]) -> str | None:
    parts = [f"{row[f'{kind}_{each}']:,} {each}" for each in changes if row[f"{kind}_{each}"]]
    return joined(parts) or None


def _commands(result: dict[str, Any]) -> list[tuple[str, ...]]:
    opened = [row for row in result["paths"]["rows"] if row["now"] is not None][:1]
    lost = [row for row in result["owners"]["rows"] if row["change"] == "lost"][:1]
    ends = result["before"]["snapshot"], result["after"]["snapshot"]
    return [
        *(("path", row["identity"]["id"], row["target"]["id"]) for row in opened),
        *(("show", row["identity"]["id"]) for row in lost),
        ("diff", *ends),
        ("ledger", "--since", ends[0], "--until", ends[1]),
    ]
