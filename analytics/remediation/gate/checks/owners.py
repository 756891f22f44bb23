"""Owners: active people answer for the agent in each role, and not one person alone in all."""

from collections.abc import Iterator

from analytics.ownership.bus_factor import members_of_teams
from analytics.remediation.gate.check import (
    Case,
    Check,
    Problem,
    blocked,
    lacking,
    not_known,
    unknown,
)
from analytics.remediation.gate.overlay import OWNERS
from graph.schema import HUMAN

AS_BUSINESS = ("business", "sponsor")


def find(case: Case) -> Iterator[Problem]:
    """Find names of nobody, roles that nobody active answers in, and one person in all roles."""
    strangers = [
        not_known(match, f"owners.{role}")
        for role, names in case.planned.owners.items()
        for name in names
        if (match := case.names.find(name, *OWNERS)).number is None
    ]
    gaps = [problem for role in case.policy.owners_roles for problem in _role(case, role)]
    yield from strangers + gaps
    if not strangers and not gaps and case.policy.owners_distinct:
        yield from _alone(case)


def _role(case: Case, role: str) -> Iterator[Problem]:
    """Find that nobody is stated in a role, or nobody active, if all names in it are known."""
    names = _stated(case, role)
    if not names:
        fix = f"state in owners.{role} an active person"
        yield lacking(case, f"no {role} owner is stated", fix)
        return
    known = all(case.names.find(name, *OWNERS).number is not None for name in names)
    if known and not set(names) & _active(case):
        why = f"no {role} owner is active: {', '.join(names)} left, or has no active member"
        yield blocked(why, f"state in owners.{role} an active person")


def _alone(case: Case) -> Iterator[Problem]:
    """Find that only one person answers in every role, so that all ends when that person leaves."""
    roles = case.policy.owners_roles
    names = {name for role in roles for name in _stated(case, role)} & _active(case)
    numbers = {case.names.find(name, *OWNERS).number for name in names}
    members = members_of_teams(case.posture)
    people = {person for n in numbers if n is not None for person in members.get(n, {n})}
    if len(roles) < 2 or len(people) != 1:
        return
    (alone,) = people
    fix = f"state another person in one of {', '.join(roles)}"
    if case.names.label(alone) != HUMAN.name:
        yield unknown(f"no source states who is in {min(names)}, which alone owns it", fix)
        return
    name = case.posture.graph.thing(alone)["name"]
    yield blocked(
        f"{name} alone owns it in every role: who leaves, leaves it without an owner", fix
    )


def _stated(case: Case, role: str) -> tuple[str, ...]:
    """Return the names in a role; a sponsor answers as business."""
    each = AS_BUSINESS if role == "business" else (role,)
    return tuple(name for part in each for name in case.planned.owners.get(part, ()))


def _active(case: Case) -> set[str]:
    """Return the owners of the file that answer, as the estate with the agent judges them."""
    predicted, graph = case.predicted, case.posture.graph
    owns = predicted.after.ownership.owns
    rows = owns[(owns["thing"] == predicted.start) & owns["active"]]
    ids = {str(predicted.after.graph.ids[int(number)]) for number in rows["owner"]}
    names = {name for stated in case.planned.owners.values() for name in stated}
    numbers = {name: case.names.find(name, *OWNERS).number for name in names}
    return {
        name
        for name, number in numbers.items()
        if number is not None and str(graph.ids[number]) in ids
    }


def _passed(case: Case) -> str:
    return f"active owners answer for it: {', '.join(sorted(_active(case)))}"


CHECK = Check("owners", 20, "The owners", "owners", find, _passed)
