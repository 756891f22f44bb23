"""Delegation: whom the agent acts for, and whom it delegates to, is known and active."""

from collections.abc import Iterator

from analytics.remediation.gate.check import Case, Check, Problem, blocked, not_known
from graph.element import Node
from graph.schema import AGENT, HUMAN

SIDES: tuple[tuple[str, tuple[Node, ...]], ...] = (
    ("delegates_to", (AGENT,)),
    ("acts_for", (HUMAN, AGENT)),
)


def find(case: Case) -> Iterator[Problem]:
    """Find unknown names, and people who left."""
    for field, labels in SIDES:
        for name in getattr(case.planned, field):
            match = case.names.find(name, *labels)
            if match.number is None:
                yield not_known(match, field)
            elif _left(case, match.number):
                yield blocked(
                    f"it acts for {name}, who is not active any more", f"leave {name} out"
                )


def _left(case: Case, number: int) -> bool:
    person = case.names.label(number) == HUMAN.name
    return person and not case.names.active(number)


def _passed(case: Case) -> str:
    served, called = case.planned.acts_for, case.planned.delegates_to
    if not served and not called:
        return "it acts for nobody else, and delegates to nobody"
    parts = [("it acts for", served), ("it delegates to", called)]
    return " and ".join(f"{words} {', '.join(names)}" for words, names in parts if names)


CHECK = Check("delegation", 100, "The delegations", "delegation", find, _passed)
