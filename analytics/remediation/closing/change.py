"""A change: one action of one person, on one or more facts of a kind."""

from dataclasses import dataclass

from analytics.actions import Action
from graph.element import Relationship
from graph.values import derived_id


@dataclass(frozen=True)
class Change:
    """An action on relationships of one type, or on nodes where there is none; `ids` are sorted."""

    action: Action
    relationship: Relationship | None
    ids: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of the change, the same in every snapshot."""
        name = self.relationship.name if self.relationship is not None else ""
        return step_id(self.action, name, *self.ids)


def step_id(*parts: str) -> str:
    """Return the id of a step from its action and what it is on.

    >>> step_id("review", "", "bot")
    'S-5781a31602c79e7b'
    """
    return derived_id("S", parts)
