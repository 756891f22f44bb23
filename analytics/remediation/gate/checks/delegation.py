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
    """Find unknown names, people who left, and agents that are not in service."""
    for field, labels in SIDES:
        for name in getattr(case.planned, field):
            match = case.names.find(name, *labels)
            if match.number is None:
                yield not_known(match, field)
            elif not _active(case, match.number):
                words = "acts for" if field == "acts_for" else "delegates to"
                why = f"it {words} {name}, which is not active any more"
                yield blocked(why, f"leave {name} out")


def _active(case: Case, number: int) -> bool:
    """Return whether a person is active, or an agent in service."""
    if case.names.label(number) == HUMAN.name:
        return case.names.active(number)
    return bool(case.posture.in_service[number])


def _passed(case: Case) -> str:
    served, called = case.planned.acts_for, case.planned.delegates_to
    if not served and not called:
        return "it acts for nobody else, and delegates to nobody"
    parts = [("it acts for", served), ("it delegates to", called)]
    return " and ".join(f"{words} {', '.join(names)}" for words, names in parts if names)


CHECK = Check("delegation", 100, "The delegations", "delegation", find, _passed)
