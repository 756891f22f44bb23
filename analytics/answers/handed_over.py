"""Columns of steps that say how each is carried out, and how it is taken back."""

from collections.abc import Iterable
from typing import Any

from analytics.answers.table import objects
from analytics.posture import Posture
from analytics.remediation.handover import NONE, Target, handover
from analytics.remediation.handover.terraform import Addresses

FIELDS = ("command", "place", "terraform", "undo", "refused")


def handed_over(
    posture: Posture, steps: Iterable[tuple[str, Target]], addresses: Addresses = NONE
) -> dict[str, Any]:
    """Return the fields of `Handover` as columns, for steps given as action and target."""
    made = [handover(posture, action, target, addresses) for action, target in steps]
    return {name: objects([getattr(each, name) for each in made]) for name in FIELDS}
