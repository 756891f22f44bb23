"""What a provider is: how its ids are recognised, and what it says of each action."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from analytics.remediation.handover.facts import Link, Thing
from analytics.remediation.handover.step import Instruction

OfThing = Callable[[Thing], Instruction | None]
OfLink = Callable[[Link], Instruction | None]


@dataclass(frozen=True)
class Provider:
    """A platform on which things live.

    `recognises` says of an id whether it is one of its own. `things` and `links` have a function
    for each action that it knows on nodes and on relationships: it returns an instruction, or None
    where it knows nothing of such a thing, and raises `Refused` on an id that no command may hold.
    """

    title: str
    recognises: Callable[[str], bool]
    things: Mapping[str, OfThing]
    links: Mapping[str, OfLink]

    def write(self, action: str, subject: Link | Thing) -> Instruction | None:
        """Return what it says of an action on a node or a relationship.

        Raises
        ------
        Refused
        """
        if isinstance(subject, Link):
            of_link = self.links.get(action)
            return of_link(subject) if of_link else None
        of_thing = self.things.get(action)
        return of_thing(subject) if of_thing else None
