"""The card of the board: the sentence, what to fix first, the numbers, and what is missing."""

from typing import Any

from app.cli.output.card import ACCENT, QUIET, WRONG, Card
from app.cli.output.columns import of_unit, words
from app.wording import rated_ratio


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw a board answer."""
    stands, since, burn = result["standing"], result["quarter"], result["burn_down"]
    card.sentence(result["sentence"], WRONG if stands["grade"] in ("D", "F") else ACCENT)
    first = result["move"]
    if first is not None:
        card.line(f"Fix first: {first['sentence']}", "bold")
    card.facts(
        ("team", result["team"]),
        ("grade", f"{stands['grade']} ({stands['rating']})"),
        ("trust debt ratio", _ratio(stands)),
        ("against the last quarter", since["sentence"]),
        ("target of " + str(of_unit(burn["target"], "share")), burn["today"]["sentence"]),
        ("with the plan", result["with_plan"] and result["with_plan"]["reached"]["sentence"]),
        ("cost of delay", burn["delay_sentence"]),
        *_numbers(result["headlines"]),
    )
    _lists(card, result)
    card.following(("plan", "--objective", "debt"), ("findings",), ("debt", "--by", "team"))


def _ratio(stands: dict[str, Any]) -> str | None:
    if stands["tdr"] is None:
        return "not known"
    if stands.get("max_debt") == 0:
        return "nothing to owe for"
    low, high = (of_unit(end, "share") for end in stands["tdr_range"])
    if stands["grade"] == "NR":
        return f"between {low} and {high}"
    return f"{of_unit(stands['tdr'], 'share')}, at worst {high}"


def _team_ratio(row: dict[str, Any]) -> str | None:
    return rated_ratio(row["tdr"], row["tdr_range"], row["grade"])


def _numbers(heads: dict[str, Any]) -> list[tuple[str, object]]:
    """Return the three headline numbers: without a known jewel, who reaches one is not known."""
    reaching = f"{heads['starts_are']} at a crown jewel"
    known = heads["starts"] - heads["not_known"]
    if not heads["targets"]:
        return [(reaching, "not known: no crown jewel is known")]
    if not known:
        return [(reaching, "not known")]
    best = heads["best"]
    fix = f"cuts off {best['frees']:,} of {heads['reaching']:,}: {best['what']}" if best else None
    return [
        (reaching, f"{heads['reaching']:,} of {known:,}"),
        ("best single fix", fix),
        ("open paths to them", heads["paths"]),
    ]


def _lists(card: Card, result: dict[str, Any]) -> None:
    worst, risks, gaps = result["worst"], result["risks"], result["gaps"]
    rows = [(r["name"], r["grade"], r["because"]) for r in worst["identities"]]
    card.listing("worst identities", ("identity", "grade", "why"), rows)
    if rows:
        card.line(worst["order"], QUIET)
    teams = result["teams"]["teams"] if result["teams"] else []
    card.listing(
        "teams",
        ("team", "identities", "ratio", "grade", "capped by"),
        [(r["name"], r["identities"], _team_ratio(r), r["grade"], r["capped_by"]) for r in teams],
    )
    ends = [(r["until"], r["sentence"], r["by"], words(r["state"])) for r in risks["expiries"]]
    card.listing("accepted risks", ("runs out", "finding", "accepted by", "state"), ends)
    missing = [(r["says"], r["checks"], of_unit(r["settles"], "share")) for r in gaps["missing"]]
    card.listing("nobody states", ("what", "checks that wait", "of all access"), missing)
    connect = [(r["source"], r["checks"]) for r in gaps["connect"]]
    card.listing("connect next", ("source", "checks it lets run"), connect)
