"""The card of trust debt: what is owed and how it is graded, by group, and each item."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import DAY, Row, cell, of_unit, words
from app.wording import NO_FIGURE, brief, counted, joined, rated_ratio, rounded

GROUPS = ("owed for", "debt", "a day", "ratio", "of", "grade", "unverified", "capped by")
NAMED = {"assumption": "broken assumption"}


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw what is owed."""
    card.sentence(_sentence(result))
    capped = result["capped_by"]
    more = len(capped[3:]) + result["capped_by_left_out"]
    card.facts(
        ("grows a day by", f"{brief(result['interest_per_day'])} tp"),
        ("principal", f"{brief(result['principal'])} tp"),
        ("grade kept down by", joined([_cap(row) for row in capped[:3]])),
        ("and by", f"{more:,} more" if more else None),
        ("unverified", f"{brief(result['unverified'])} tp that no source can show"),
        ("known", of_unit(result["coverage"], "share")),
        ("accepted", f"{brief(result['accepted'])} tp" if result["accepted"] else None),
        ("of unknown reach", result["not_known"] or None),
    )
    by = result["by"]
    rows = [(_owed_for(row, by), *_figures(row)) for row in result["groups"]]
    card.listing(f"by {NAMED.get(by, by)}", GROUPS, rows)
    card.entries(map(_item, result.get("items", ())))
    card.following(*_commands(result))


def _item(row: Row) -> tuple[str, str, tuple[str, ...]]:
    """Return the mark, the name and the lines of an item."""
    since = f"; since {row['since'][:DAY]}" if row["since"] else ""
    name = f"{cell(row['identity'])}: {words(row['assumption'])}"
    grows = f"; grows by {brief(row['interest_per_day'])} a day"
    grows = grows if row["interest_per_day"] else ""
    return f"{brief(row['debt'])} tp", name, (row["why"], f"{_state(row)}{since}{grows}")


def _sentence(result: dict[str, Any]) -> str:
    of = counted(result["identities"], "identity", "identities")
    if result["debt"] is None:
        return f"What is owed for {of} is not known."
    ratio = f", {_ratio(result)}" if result.get("max_debt") != 0 else ""
    grade = {"NR": "not rated", None: "not rated"}.get(result["grade"], f"grade {result['grade']}")
    because = f": {result['grade_because']}" if result["grade_because"] else ""
    return f"{rounded(result['debt'])} tp are owed for {of}{ratio}; {grade}{because}."


def _ratio(result: dict[str, Any]) -> str:
    low, high = (of_unit(end, "share") for end in result["tdr_range"] or (None, None))
    if result["tdr"] is not None and result["grade"] not in (None, "NR"):
        return f"{of_unit(result['tdr'], 'share')} of all that could be, at worst {high}"
    return "a share that is not known" if high is None else f"between {low} and {high}"


def _cap(row: Row) -> str:
    return f"{row['thing']['name']} ({row['because']})"


def _owed_for(row: Row, by: str) -> object:
    return row["thing"] or (words(row["key"]) if by == "assumption" else row["key"])


def _figures(row: Row) -> tuple[object, ...]:
    nothing = None if row["max_debt"] == 0 else NO_FIGURE
    capped = row["capped_by"]
    others = len(capped[1:]) + row["capped_by_left_out"]
    more = f" and {others:,} more" if others else ""
    return (
        _points(row["debt"]),
        _points(row["interest_per_day"]),
        rated_ratio(row["tdr"], row["tdr_range"], row["grade"]) or nothing,
        _points(row["max_debt"]),
        row["grade"],
        _points(row["unverified"] or None),
        f"{capped[0]['thing']['name']}{more}" if capped else None,
    )


def _points(value: float | None) -> str | None:
    return None if value is None else rounded(value)


def _state(row: Row) -> str:
    return f"{words(row['state'])}, accepted" if row["accepted"] else words(row["state"])


def _commands(result: dict[str, Any]) -> list[tuple[str, ...]]:
    if "items" in result:
        first = [("show", row["identity"]["id"]) for row in result["items"][:1]]
        return [*first, ("plan", "--objective", "debt")]
    other = "assumption" if result["by"] == "owner" else "owner"
    return [("debt", "--items"), ("debt", "--by", other), ("plan", "--objective", "debt")]
