"""The card of missing owners: how many, whose, since when, and what a departure would leave."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import cell
from app.wording import brief, counted, joined, number, percent

LACKING = ("identity", "nobody as", "since", "last owner", "debt", "rule")
LEFT = ("identity", "loses its", "then", "could take over", "debt at once")
DISPUTED = ("thing", "role", "conflict", "source", "against")


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw the identities that lack an owner, and in which role."""
    card.sentence(_sentence(result))
    factor = result["bus_factor"]
    if factor.get("people"):
        names = joined([cell(person) for person in factor["people"]])
        whose = "leaves" if len(factor["people"]) == 1 else "leave"
        share = percent(factor["share"])
        card.line(f"If {names} {whose}, {share} of the owned weight has nobody.")
    rows = [
        (r["identity"], r["role"], r["since"], r["last_owner"], r["debt"], r["rule"])
        for r in result["orphaned"]
    ]
    card.listing("without an owner", LACKING, rows)
    leaving = [
        (
            r["identity"],
            r["role"],
            "nobody left" if r["nobody_left"] else None,
            r["successors"],
            r["debt_at_once"],
        )
        for r in result["would_orphan"]
    ]
    card.listing(
        "they would leave behind",
        LEFT,
        leaving,
    )
    secrets = [
        (r["name"], r["action"], r["because"], r["storage"]) for r in result["secrets_to_rotate"]
    ]
    card.listing("secrets they know", ("secret", "action", "because", "kept in"), secrets)
    disputed = [
        (r["thing"], r["role"], r["conflict"], r["says"]["source"], r["against"]["source"])
        for r in result["conflicts"]
    ]
    card.listing("sources that disagree", DISPUTED, disputed)
    opening = result["debt_opening"]
    if opening:
        card.line(f"Debt that opens: {cell(opening)}")
    first = next(iter(result["orphaned"]), None)
    if first is not None:
        id_, role = first["identity"]["id"], first["role"]
        card.following(
            ("attest", id_, "--owner", "PERSON", "--role", role, "--by", "YOU"),
            ("show", id_),
            ("orphans", "--leaving", "PERSON"),
        )


def _sentence(result: dict[str, Any]) -> str:
    """Return how many lack an owner of those of whom it is known, and what they owe together."""
    known, unknown = result["judged"] - result["unknown"], result["unknown"]
    if not result["judged"]:
        return "No identity is known that somebody must answer for."
    if not known:
        of = counted(unknown, "identity", "identities")
        return f"Of {of} it is unknown who answers: no source states owners."
    of = counted(known, "identity", "identities")
    verb, they = ("lacks", "it owes") if known == 1 else ("lack", "they owe")
    words = f"{number(result['lacking'])} of {of} {verb} an owner"
    if result["owed"]:  # each role owes for itself
        words += f"; {they} {brief(result['owed'])} tp"
    if unknown:
        words += f". Of {number(unknown)} more it is unknown: no source states owners"
    return f"{words}."
