"""The card of findings: how many, each with its sentence and who answers, the worst first."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import DAY, Row, cell, state
from app.wording import counted

HEADS = ("rule", "what it finds", "not evaluable, because")


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw findings, and the rules that could not be evaluated."""
    findings, counts = result["findings"], result["counts"]
    card.sentence(how_many(len(findings), counts))
    entries(card, findings)
    unevaluated = [(r["rule"], r["title"], r["because"]) for r in result["not_evaluable"]]
    card.listing("what could not be judged", HEADS, unevaluated)
    if findings:
        worst = findings[0]
        about = worst["subject"]["id"]
        card.following(
            ("show", about),
            ("changes", "--about", about),
            ("accept", worst["id"], "--until", "DAY", "--by", "YOU", "--reason", "WHY"),
        )
    else:
        card.following(("findings", "--state", "all"))


def entries(card: Card, findings: list[Row]) -> None:
    """Draw findings one by one, each with who answers for it."""
    card.entries(
        (row["severity"], f"{row['rule']}  {row['title']}", (row["sentence"], _facts(row)))
        for row in findings
    )


def how_many(shown: int, counts: dict[str, int]) -> str:
    """Return a sentence on how many findings there are, and how many are shown."""
    if not counts["findings"]:
        return "Nothing is found to be wrong."
    words = counted(counts["findings"], "finding")
    if counts["changes"]:
        words += f", and what is open asks for {counted(counts['changes'], 'change')}"
    if shown == counts["findings"]:
        return f"{words}."
    return f"{words}; here the worst." if shown == 1 else f"{words}; here the {shown:,} worst."


def _facts(row: Row) -> str:
    parts = (row["since"] and f"since {row['since'][:DAY]}", state(row), row["id"])
    facts = "; ".join(str(part) for part in parts if part)
    if row["accountable"]:
        return f"{cell(row['accountable'])} is accountable; {facts}"
    return f"{row['accountability']} {facts[:1].upper()}{facts[1:]}"
