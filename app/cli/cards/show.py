"""The card of one thing: what it is, who answers for it, its keys, its access, what is wrong."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import DAY, NOT_KNOWN, cell
from app.wording import counted, held_at, in_order, joined, kind, rounded, share
from graph.schema import IDENTITIES

STATED = ("status", "env", "provider", "kind", "purpose", "last_active_at", "created_at")
ROWS = 10  # of each list; --json has all
JUDGED = frozenset(label.name for label in IDENTITIES)


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw everything known of one thing."""
    known = result["properties"]
    card.title(result["name"], kind(result["label"]))
    stands, words = result.get("standing"), _sentence(result, card.left_out > 0)
    if stands is None:
        card.sentence(words)
    else:
        card.sentence(_in_order(result["name"], stands))
        card.line(words)
    rest = {
        name.replace("_", " "): value
        for name, value in known.items()
        if name not in STATED and value not in (None, [], {})
    }
    card.facts(
        ("id", result["id"]),
        *(_figures(stands) if stands is not None else ()),
        ("purpose", known.get("purpose")),
        ("owners", _owners(result)),
        ("keys", _keys(result)),
        ("last use", _last_use(result["last_use"])),
        *rest.items(),
    )
    for row in result["findings"][:ROWS]:
        since = f"since {row['since'][:DAY]}" if row["since"] else ""
        card.entry(row["severity"], f"{row['rule']}  {since}", row["sentence"])
    card.more(len(result["findings"]) - ROWS)
    grants = [
        (r["to"], r.get("levels") or r.get("actions"), r.get("granted_at"), r.get("expires_at"))
        for r in result["grants"]
    ]
    _cut(card, "own access", ("on", "levels", "granted", "expires"), grants)
    links = [(r["from"], r["relationship"], r["to"]) for r in result["relationships"]]
    _cut(card, "relationships", ("from", "relationship", "to"), links)
    stated = [(r["id"], r["source"], r["scope"], r["last_seen"]) for r in result["merged_from"]]
    _cut(card, "stated by", ("as", "source", "scope", "last seen"), stated)
    card.following(*_commands(result))


def _sentence(result: dict[str, Any], is_cut: bool) -> str:
    known = result["properties"]
    parts = [str(known[name]) for name in ("status", "env") if known.get(name)]
    of = f" of {known['provider']}" if known.get("provider") else ""
    words = f"{result['name']} is {_article(kind(result['label']))}{of}"
    if parts:
        words += f": {', '.join(parts)}"
    if known.get("last_active_at"):
        words += f"; last active on {known['last_active_at'][:DAY]}"
    wrong = counted(len(result["findings"]), "finding")
    if not result["findings"]:
        return f"{words}. Nothing is found to be wrong."
    return f"{words}. {'At least ' if is_cut else ''}{wrong}."


def _in_order(name: str, stands: dict[str, Any]) -> str:
    """Return the place of an identity in the one order, as the first sentence of its page."""
    words = in_order(stands["rank"], stands["of"], name, stands["because"])
    return f"{words} {held_at(stands['grade'], stands['grade_because'])}".rstrip()


def _figures(stands: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the grade, the debt and the reach of an identity, with their names."""
    debt, most, reach = stands["debt"], stands["max_debt"], stands["blast_radius"]
    owed = NOT_KNOWN if debt is None else f"{rounded(debt)} tp"
    if most:
        owed += f", {share(debt, most)} of the most that it could owe"
    return [
        ("grade", "not rated" if stands["grade"] == "NR" else stands["grade"]),
        ("trust debt", owed),
        ("reaches", NOT_KNOWN if reach is None else counted(reach["resources"], "resource")),
    ]


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _owners(result: dict[str, Any]) -> str | None:
    rows = result["owners"]
    if not rows:
        return "nobody is stated" if result["label"] in JUDGED else None
    return joined([f"{r['name']} ({r['role']}, {r['state']})" for r in rows])


def _keys(result: dict[str, Any]) -> str | None:
    parts = []
    for row in result["credentials"]:
        facts = [str(row[name]) for name in ("type", "status") if row.get(name)]
        if row.get("last_used_at"):
            facts.append(f"used {row['last_used_at'][:DAY]}")
        parts.append(f"{row.get('name') or row['id']} ({', '.join(facts)})" if facts else row["id"])
    return "; ".join(parts) or None


def _last_use(use: dict[str, Any] | None) -> str | None:
    if use is None:
        return None
    if use["at"] is None:  # it is one of several that may have been used
        return f"perhaps, not later than {use['perhaps_at'][:DAY]}"
    by = f", by {cell(use['by'])}" if use.get("by") else ""
    return f"{use['at'][:DAY]}{by}"


def _cut(card: Card, title: str, heads: tuple[str, ...], rows: list[Any]) -> None:
    card.listing(title, heads, rows[:ROWS], max(len(rows) - ROWS, 0))


def _commands(result: dict[str, Any]) -> list[tuple[str, ...]]:
    id_, label = result["id"], result["label"]
    if label == "Resource":
        return [("exposure", id_), ("findings", "--about", id_)]
    made = [("blast-radius", id_), ("findings", "--about", id_)]
    return [*made, ("decommission", id_)] if label in JUDGED else made
