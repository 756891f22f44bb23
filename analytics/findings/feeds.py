"""Items of debt that the findings of a rule are about: its assumptions, and what narrows them."""

from dataclasses import dataclass
from enum import Enum, auto


class By(Enum):
    """What of a finding narrows the items of its subject down to those that it is about."""

    SUBJECT = auto()  # nothing: it is about all of them
    GRANT = auto()  # the grant that its key names
    RESOURCE = auto()  # the resource that is its object
    HOLDER = auto()  # what is held by its object, as a role
    CREDENTIAL = auto()  # the credential that is its object
    OWNER = auto()  # the roles in which its object was the last owner
    DUTY = auto()  # the two sides that its key names


@dataclass(frozen=True)
class Feeds:
    """The assumptions that findings of a rule speak of, and what narrows them down.

    `for_others` says that the subject may be an account: then what others owe for what they do
    by it is meant too. `through_accounts` says that of a deleted subject the accounts that it left
    are meant, which owe for themselves.
    """

    assumptions: tuple[str, ...]
    by: By = By.SUBJECT
    for_others: bool = False
    through_accounts: bool = False


NOTHING = Feeds(())  # nobody owes for what such a finding says: no assumption is about it
