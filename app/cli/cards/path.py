"""The card of paths: how one thing reaches another, a line for each step."""

from typing import Any

from analytics.answers.shape import VERBS, clause
from app.cli.output.card import Card
from app.cli.output.columns import item_words
from app.wording import counted, joined, stated_by

LISTED = 3  # facts below a step


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw the paths, the shortest first."""
    start, end, paths = result["from"], result["to"], result["paths"]
    if not paths:
        card.sentence(f"No path from {start['name']} to {end['name']} is known.")
        card.following(("blast-radius", start["id"]))
        return
    card.sentence(_sentence(result))
    for number, path in enumerate(paths, 1):
        level = f", up to {path['level']}" if path["level"] else ""
        card.entry(f"Path {number}", f"{counted(len(path['steps']), 'step')}{level}")
        card.steps([(clause(step), _stated(step)) for step in path["steps"]])
    last = paths[0]["steps"][-1] if paths[0]["steps"] else None
    removal = [("what-if", "--remove", item_words(last))] if last else []
    card.following(*removal, ("path", start["id"], end["id"], "--count", "3"))


def _stated(step: dict[str, Any]) -> list[str]:
    """Return who states a step, and in which file; of a derived one also what they state."""
    facts = step["rests_on"]
    lines = []
    for fact in facts[:LISTED]:
        words = f"{_words(fact)}, " if step["rule"] else ""
        lines.append(f"{words}{stated_by(fact)}")
    more = len(facts) - len(lines)
    return [*lines, f"and {more} more"] if more else lines


def _words(fact: dict[str, Any]) -> str:
    verb = VERBS[fact["relationship"]]
    if "actions" in fact or "levels" in fact:
        rights = fact.get("actions") or fact["levels"]
        more = [f"{len(rights) - LISTED} more"] if len(rights) > LISTED else []
        verb = f"has {joined([*rights[:LISTED], *more])} on"
    return f"{fact['from']['name']} {verb} {fact['to']['name']}"


def _sentence(result: dict[str, Any]) -> str:
    start, end, levels = result["from"], result["to"], result["levels"]
    steps = counted(len(result["paths"][0]["steps"]), "step")
    may = f"; what it may do there: {joined(levels)}" if levels else ""
    return f"{start['name']} reaches {end['name']} in {steps}{may}."
