"""The card of a leak played through: what is open, what to end first, and what is left then."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import Row, words
from app.wording import counted, kind

ROTATION = ("order", "credential", "use", "breaks", "weight")
ENDED = ("end", "what it is", "how", "serves others too")
LEFT = ("resource", "sensitivity", "levels", "through")
FOOTHOLDS = ("foothold", "what it is", "by", "resources", "weight")
LEAKED = ("credential", "type", "kept in", "created", "last used")
HOLDERS = ("identity", "what it is", "logs in with", "uses")
DEAD = ("credential", "status", "expires")


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw a leak, and the order in which to answer it."""
    card.sentence(result["sentence"])
    for note in result["notes"]:
        card.line(note)
    reach, alive = result["reach"], result["alive_reach"]
    card.facts(
        ("reaches", _reach(reach)),
        ("of them", _spread(reach["by_sensitivity"])),
        ("left after the end", _reach(alive) if alive["resources"] != 0 else "nothing known"),
        ("hours until ended", _hours(result["hours_to_dead"])),
    )
    counts = result["counts"]
    rotation = [
        (r["order"], r["credential"], words(r["use"]), r["uses"] or None, r["weighted"])
        for r in result["rotation"]
    ]
    card.listing(f"rotate in this order: {counts['rotation']:,}", ROTATION, rotation)
    ended = [
        (r["name"], kind(r["label"]), words(r["action"]), "yes" if r["shared"] else None)
        for r in result["kill_set"]
    ]
    card.listing(f"end, so that it is over: {counts['kill_set']:,}", ENDED, ended)
    left = [
        (r["name"], r["sensitivity"], r["levels"], r["through"]) for r in result["still_reachable"]
    ]
    card.listing(f"still reachable then: {counts['still_reachable']:,}", LEFT, left)
    footholds = [
        (r["name"], kind(r["label"]), r["by"], r["resources"], r["weighted"])
        for r in result["alive_after_kill"]
    ]
    card.listing(f"possible footholds: {counts['alive_after_kill']:,}", FOOTHOLDS, footholds)
    leaked = [
        (r["name"], r["type"], r["storage"], r["created_at"], r["last_used_at"])
        for r in result["credentials"]
    ]
    card.listing(f"leaked: {counts['credentials']:,}", LEAKED, leaked)
    dead = [(r["name"], r["status"], r["expires_at"]) for r in result["dead"]]
    card.listing(f"dead already: {counts['dead']:,}", DEAD, dead)
    holders = [
        (r["name"], kind(r["label"]), r["authenticated_by"] or None, r["uses"] or None)
        for r in result["identities"]
    ]
    card.listing(f"authenticated as, or used by: {counts['identities']:,}", HOLDERS, holders)
    first = [r["credential"]["id"] for r in result["rotation"][:1]]
    card.following(
        *(("blast-radius", id_) for id_ in first),
        *(("what-if", "--remove", id_) for id_ in first),
        ("hubs", "--order", "rotation"),
    )


def _reach(reach: Row) -> str | None:
    if reach["resources"] is None:
        return "not known"
    of = counted(reach["of"], "resource")
    unknown = f", {reach['not_known']:,} not known" if reach.get("not_known") else ""
    return f"{reach['resources']:,} of {of}, weight {reach['weighted']:,.1f}{unknown}"


def _spread(counts: dict[str, int | None]) -> str | None:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or None


def _hours(hours: Row) -> str | None:
    if not hours["from"]:
        return "not known: nothing is known that should have ended"
    if hours["median"] is None:
        return f"not known: {hours['censored']:,} of {hours['from']:,} have not ended yet"
    return f"{hours['median']:,.0f} in the middle, of {hours['from']:,} that should have ended"
