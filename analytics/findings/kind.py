"""What the findings of a rule are about: access, an event, or a control."""

from enum import Enum


class FindingKind(Enum):
    """What the findings of a rule are about; other tools keep such findings apart."""

    ACCESS = "access that is held, or could be gained"
    EVENT = "something that happened, and was seen"
    CONTROL = "something that should be stated, decided or done"
