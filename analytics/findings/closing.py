"""What closes the findings of a rule: an action, and what it is on."""

from dataclasses import dataclass
from enum import Enum, auto

from analytics.actions import Action


class On(Enum):
    """What of a finding the action is on."""

    SUBJECT = auto()
    OBJECT = auto()  # the subject where it has none
    FACTS = auto()  # those in its `closed_by`, else in its evidence


@dataclass(frozen=True)
class Closing:
    """The change that closes a finding.

    Without an `action`, each fact is taken away by the action for its type; see
    `analytics.actions.REMOVING`. If `spares` is set, a grant of which some levels are in use keeps
    those, and a fact that another finding asks to take away alone is a change of its own. `closes`:
    the finding is gone once that is done, and does not only come before a person who decides.
    """

    on: On = On.SUBJECT
    action: Action | None = None
    closes: bool = True
    spares: bool = False


REVIEWED = Closing(On.SUBJECT, Action.REVIEW, closes=False)
