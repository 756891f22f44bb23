"""New access on random estates against the estate that really has it."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.schema import LEVELS
from tests.support.estates.small_estates import TYPES, Estate
from tests.support.few_rules import only_rules
from tests.support.printed import what_if
from tests.support.references.moved_access import moved
from tests.support.references.reach import HOLDERS, RESOURCES, Reference, estates

Pairs = set[tuple[str, str, str]]
GRANT = st.tuples(st.sampled_from(HOLDERS), st.sampled_from(LEVELS), st.sampled_from(RESOURCES))


@pytest.fixture(autouse=True, scope="module")
def _few_rules() -> Iterator[None]:
    """Keep to one rule: who reaches what does not depend on what is found."""
    with only_rules("unused_grant"):
        yield


def with_grants(estate: Estate, grants: list[tuple[str, str, str]], gone: set[str]) -> Estate:
    other = Estate()
    for element, rows in estate.rows.items():
        for row in rows:
            if row["id"] not in gone:
                other.add(element, **row)
    for number, (holder, level, resource) in enumerate(grants):
        other.can(holder, level, resource, id=f"new{number}")
    return other


def pairs_of(estate: Estate, names: list[str]) -> Pairs:
    plain = Reference(estate)
    return {(name, *pair) for name in names for pair in plain.reach(name)}


@settings(max_examples=25)
@given(estates(), st.lists(GRANT, min_size=1, max_size=3, unique=True), st.booleans())
def test_gains_and_losses_are_those_of_the_estate_that_has_it(estate, grants, removes):
    posture = estate.quick()
    names = [posture.graph.thing(int(number))["id"] for number in posture.accountable]
    rows = estate.rows.get(TYPES["CAN_ACCESS"], [])
    gone = {rows[0]["id"]} if removes and rows else set()
    answer = what_if(posture, sorted(gone), grants=[",".join(grant) for grant in grants])
    before = pairs_of(estate, names)
    enlarged = with_grants(estate, grants, set())
    after = pairs_of(moved(enlarged, with_grants(estate, grants, gone)), names)
    listed = {
        name: {(r["identity"]["id"], r["resource"]["id"], r["level"]) for r in answer[name]}
        for name in ("lost", "gained")
    }
    assert listed == {"lost": before - after, "gained": after - before}
    assert (answer["counts"]["lost"], answer["counts"]["gained"]) == (
        len(before - after),
        len(after - before),
    )
    if answer["before"]["reach"] is not None:
        change = answer["after"]["reach"] - answer["before"]["reach"]
        weigh = Reference(estate).weigh
        gained = weigh([pair[1:] for pair in after - before])
        assert change == pytest.approx(gained - weigh([pair[1:] for pair in before - after]))
