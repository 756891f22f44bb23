"""Which items of debt a finding is about: for each rule the assumptions that it speaks of."""

from collections.abc import Mapping
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
    by it is meant too.
    """

    assumptions: tuple[str, ...]
    by: By = By.SUBJECT
    for_others: bool = False


NOTHING = Feeds(())  # nobody owes for what such a finding says: no assumption is about it
OWNER = Feeds(("owner",))
USED = Feeds(("evidence",), By.RESOURCE, for_others=True)
FEEDS: Mapping[str, Feeds] = {
    "OWN-01": OWNER,
    "OWN-02": Feeds(("owner",), By.OWNER),
    **dict.fromkeys(("OWN-03", "OWN-04", "OWN-05", "OWN-06"), OWNER),
    "OWN-07": NOTHING,  # somebody answers, willingly or not
    "SCP-01": Feeds(("scope",)),
    "SCP-02": Feeds(("scope",), By.GRANT),
    "SCP-03": Feeds(("scope",), By.RESOURCE),
    "SCP-04": NOTHING,  # that access grew: what it rests on is judged grant by grant
    "LPR-01": Feeds(("necessity",), By.GRANT),
    "LPR-02": Feeds(("necessity",), By.GRANT),
    "LPR-03": NOTHING,  # how much may be done: that is in the exposure of every item
    "LPR-04": NOTHING,  # what could be gained by more than one's own: reach, and not debt
    "LPR-05": Feeds(("necessity",), By.HOLDER),
    "TIM-01": Feeds(("standing",)),
    "TIM-02": Feeds(("outlived",), By.GRANT),
    "TIM-03": Feeds(("necessity",)),
    "TIM-04": Feeds(("necessity",)),
    "REV-01": Feeds(("review",)),
    "REV-02": Feeds(("outlived",), By.GRANT),
    "REV-03": NOTHING,  # whose name it is: what is older than the deletion is judged as it is
    "RES-01": Feeds(("outlived",)),
    "EVD-01": USED,
    "EVD-02": USED,
    "EVD-03": USED,
    "CRD-01": Feeds(("cred_age",), By.CREDENTIAL),
    "CRD-02": Feeds(("cred_storage",), By.CREDENTIAL),
    "CRD-03": Feeds(("cred_auth",), By.CREDENTIAL),
    "CRD-04": Feeds(("cred_shared",), By.CREDENTIAL),
    "CRD-05": Feeds(("cred_human",), By.CREDENTIAL),
    "CRD-06": NOTHING,  # a key for nothing: what it opens is owed for as if it were in use
    "CRD-07": NOTHING,  # a leak keeps the grade down, and adds no debt
    "ISO-01": Feeds(("env",), By.RESOURCE),
    "ISO-02": Feeds(("third_party",)),
    "ISO-03": Feeds(("sod",), By.DUTY),
    "ISO-04": NOTHING,  # what is handed on to others, who owe for it themselves
    "ISO-05": NOTHING,  # three things that are each in order
    "ISO-06": NOTHING,  # who may come in: reach, and not debt
}
