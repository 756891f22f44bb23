"""Many small estates judged as one: each in a scope of its own, under ids of its own."""

from collections.abc import Mapping
from typing import Any

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import Estate, together

NEVER_IDS = ("levels", "role")  # columns of words, which a thing may be called as well
END = " / "


def side_by_side(cases: Mapping[str, Estate]) -> Posture:
    """Judge estates together; what one calls "bot" is `named(case, "bot")`.

    What a source declares is known of the whole estate, so all of them must declare the same.
    """
    assert len({estate.declares for estate in cases.values()}) == 1, "they declare different kinds"
    return assess(AccessGraph.of(together(*(_apart(case, e) for case, e in cases.items()))))


def named(case: str, name: str) -> str:
    """Return what a thing of a case is called beside the others."""
    return f"{case}{END}{name}"


def of_case(case: str, names: set[str]) -> set[str]:
    """Return those of some names that are of a case, as the case calls them."""
    mine = named(case, "")
    return {name.removeprefix(mine) for name in names if name.startswith(mine)}


def _apart(case: str, estate: Estate) -> Estate:
    """Call everything that an estate states, and every word for it, by names of the case."""
    assert estate.complete
    own = {row["id"] for rows in estate.rows.values() for row in rows if "id" in row}
    made = Estate(estate.at, estate.declares, estate.source, case, owner_roles=estate.owner_roles)
    for element, rows in estate.rows.items():
        for row in rows:
            made.add(
                element,
                **{k: v if k in NEVER_IDS else _renamed(case, own, v) for k, v in row.items()},
            )
    return made


def _renamed(case: str, own: set[str], value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(case, own, each) for each in value]
    if isinstance(value, dict):
        return {key: _renamed(case, own, each) for key, each in value.items()}
    return named(case, value) if isinstance(value, str) and value in own else value
