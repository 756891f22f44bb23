"""The card of exposure: who reaches a resource and how, or which resources most do."""

from typing import Any

from app.cli.output.card import Card
from app.cli.output.columns import Row, because
from app.wording import counted, kind
from app.wording import percent as in_percent

REACHING = ("identity", "what it is", "level", "steps", "because")
RESOURCES = ("resource", "identities", "percent", "band", "with accounts and keys")


def draw(card: Card, result: dict[str, Any]) -> None:
    """Draw who reaches one resource, or how many reach each."""
    if "resource" in result:
        _of_resource(card, result)
    else:
        _of_all(card, result)


def _of_resource(card: Card, result: dict[str, Any]) -> None:
    resource, level = result["resource"], result["level"]
    at = f" at {level} or more" if level else ""
    card.sentence(
        f"{resource['name']} is reached{at} by {_reaching(result)}; with accounts, roles, people "
        f"and keys, by {counted(result['count'], 'thing')}."
    )
    rows = [
        (r["name"], kind(r["label"]), r["level"], r["hops"], because(r))
        for r in result["identities"]
    ]
    card.listing("who can act on it", REACHING, rows)
    first = [("path", row["id"], resource["id"]) for row in result["identities"][:1]]
    card.following(
        *first, ("choke-points", "--to", resource["id"]), ("cut", "--to", resource["id"])
    )


def _of_all(card: Card, result: dict[str, Any]) -> None:
    resources = result["resources"]
    if not resources:
        card.sentence("No resource is known.")
        return
    most = resources[0]
    card.sentence(
        f"{counted(len(resources) + card.left_out, 'resource')}; {most['name']} is reached by "
        f"most: {counted(most['count'], 'thing')}, {_reaching(most)} among them."
    )
    rows = [
        (r["name"], _share(r), _percent(r["percent"]), r["band"], r["count"]) for r in resources
    ]
    card.listing("who reaches them", RESOURCES, rows)
    card.following(("exposure", most["id"]), ("choke-points", "--to", most["id"]))


def _reaching(row: Row) -> str:
    of = row["accountable"]
    if not of["of"]:
        return f"nobody that is known: of {of['not_known']:,} identities it is not known"
    unknown = f", {of['not_known']:,} more not known" if of["not_known"] else ""
    return f"{_share(row)} identities ({_percent(row['percent'])}{unknown})"


def _share(row: Row) -> str:
    of = row["accountable"]
    return f"{of['reaching']:,} of {of['of']:,}"


def _percent(percent: float | None) -> str | None:
    return None if percent is None else in_percent(percent / 100)
