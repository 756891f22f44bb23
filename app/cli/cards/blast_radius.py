"""The card of a blast radius: the sentence, the figures, and the resources, the worst first."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import because, cell
from app.wording import counted, joined

WORST_FIRST = ("restricted", "confidential", "internal", "public", "unknown")


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw what a thing reaches."""
    start, counts = result["start"], result["counts"]
    card.title(start["name"], "blast radius" if result["mode"] == "standing" else result["mode"])
    card.sentence(_sentence(result))
    for note in result["notes"]:
        card.line(note)
    interval = result["interval"]
    card.facts(
        ("id", start["id"]),
        ("weighted", result["weighted"]),
        ("of it by a rule", result["derived_weighted"] or None),
        ("certain", interval.get("confirmed") if interval else None),
        ("by level", _spread(counts["by_level"])),
        ("by steps", _profile(result["hop_profile"])),
        ("durability", _durability(result["durability"])),
    )
    rows = [
        (r["name"], r["sensitivity"], r["levels"], r["hops"], r["weight"], because(r))
        for r in result["resources"]
    ]
    heads = ("resource", "sensitivity", "levels", "steps", "weight", "because")
    card.listing("it reaches", heads, rows)
    commands = [("path", start["id"], r["id"]) for r in result["resources"][:1]]
    if start["label"] == "Credential" and not result["leaked"]:
        commands.append(("blast-radius", start["id"], "--leaked"))
    card.following(*commands, ("plan", "--for", start["id"]))


def _sentence(result: dict[str, Any]) -> str:
    name, counts = result["start"]["name"], result["counts"]
    if counts["resources"] is None:
        return f"What {name} reaches is not known."
    if not counts["resources"]:
        return f"{name} reaches nothing that is known."
    spread = counts["by_sensitivity"]
    parts = [f"{spread[each]:,} {each}" for each in WORST_FIRST if spread.get(each)]
    of = f" of {counts['of']:,}" if counts.get("of") else ""
    return f"{name} reaches {counted(counts['resources'], 'resource')}{of}: {joined(parts)}."


def _spread(counts: dict[str, int | None]) -> str | None:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count) or None


def _profile(rows: list[dict[str, Any]]) -> str | None:
    return ", ".join(f"{r['hops']}: {r['resources']:,}" for r in rows) or None


def _durability(of: dict[str, Any] | None) -> str | None:
    if not of or of.get("routes") is None:
        return None
    left = cell(of["routes_after_kill"])
    return f"{counted(of['routes'], 'route')} to crown jewels; {left} left after it is ended"
