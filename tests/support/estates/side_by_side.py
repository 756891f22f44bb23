"""Many small estates judged as one, under ids of their own."""

from collections.abc import Mapping
from typing import Any

from analytics.posture import Posture, assess
from graph.access import AccessGraph
from tests.support.estates.small_estates import Estate, together

NEVER_IDS = {"levels", "role"}  # columns of words, which a thing may be called as well
IDS = ("id", "source_id", "target_id")
END = ":"


def side_by_side(cases: Mapping[str, Estate]) -> Posture:
    """Judge estates together, each in a scope of its own; see `named` for the ids.

    What a source declares is known of the whole estate, so all of them must declare the same.
    """
    assert len({estate.declares for estate in cases.values()}) == 1, "they declare different kinds"
    return assess(AccessGraph.of(together(*(_apart(case, e) for case, e in cases.items()))))


def in_one_scope(cases: Mapping[str, Estate]) -> Estate:
    """Return one estate of all of them; what they say of themselves as sources must be the same."""
    first = next(iter(cases.values()))
    whole = Estate(first.at, first.declares, first.source, first.scope, first.complete)
    for case, estate in cases.items():
        assert estate.coverage == whole.coverage, case
        _add(whole, case, estate)
    return whole


def named(case: str, name: str) -> str:
    """Return what a thing or fact of a case is called beside the others."""
    return f"{case}{END}{name}"


def of_case(case: str, names: set[str]) -> set[str]:
    """Return those of some names that are of a case, as the case calls them."""
    mine = named(case, "")
    return {name.removeprefix(mine) for name in names if name.startswith(mine)}


def _apart(case: str, estate: Estate) -> Estate:
    assert estate.complete
    made = Estate(estate.at, estate.declares, estate.source, case, owner_roles=estate.owner_roles)
    _add(made, case, estate)
    return made


def _add(whole: Estate, case: str, estate: Estate) -> None:
    """Add everything that an estate states, and every word for it, by names of the case."""
    every = [row for rows in estate.rows.values() for row in rows]
    ids = {row[key] for row in every for key in IDS if key in row}
    for element, rows in estate.rows.items():
        words = NEVER_IDS | {prop.name for prop in element.columns if prop.choices}
        for row in rows:
            facts = {k: v if k in words else _renamed(case, ids, v) for k, v in row.items()}
            whole.add(element, **facts)


def _renamed(case: str, ids: set[str], value: Any) -> Any:
    if isinstance(value, list):
        return [_renamed(case, ids, each) for each in value]
    if isinstance(value, dict):
        return {key: _renamed(case, ids, each) for key, each in value.items()}
    return named(case, value) if isinstance(value, str) and value in ids else value
