"""The card of paths: how one thing reaches another, a line for each step."""

from typing import Any

from analytics.answers.shape import clause
from app.cli.card import Card
from app.cli.columns import item_words
from app.wording import counted, joined


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw the paths, the shortest first."""
    start, end, paths = result["from"], result["to"], result["paths"]
    if not paths:
        card.sentence(f"No way from {start['name']} to {end['name']} is known.")
        card.following(("blast-radius", start["id"]))
        return
    card.sentence(_sentence(result))
    for number, path in enumerate(paths, 1):
        level = f", up to {path['level']}" if path["level"] else ""
        card.entry(f"Way {number}", f"{counted(len(path['steps']), 'step')}{level}")
        card.steps([clause(step) for step in path["steps"]])
    last = paths[0]["steps"][-1] if paths[0]["steps"] else None
    removal = [("what-if", "--remove", item_words(last))] if last else []
    card.following(*removal, ("path", start["id"], end["id"], "--count", "3"))


def _sentence(result: dict[str, Any]) -> str:
    start, end, levels = result["from"], result["to"], result["levels"]
    steps = counted(len(result["paths"][0]["steps"]), "step")
    may = f"; what it may do there: {joined(levels)}" if levels else ""
    return f"{start['name']} reaches {end['name']} in {steps}{may}."
