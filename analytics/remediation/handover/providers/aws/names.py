"""Names of AWS: principals of IAM in their ARNs, and the parts of other ARNs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
"""

import re
from dataclasses import dataclass

from analytics.remediation.handover.facts import Thing
from analytics.remediation.handover.shell import checked, line

IAM = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>[0-9]{12}):(?P<kind>user|role|group)/(?P<path>.+)",
    re.DOTALL,
)
ROOT = re.compile(r"arn:aws[a-z-]*:iam::(?P<account>[0-9]{12}):root#user(?:/.*)?", re.DOTALL)
NAME = re.compile(r"[A-Za-z0-9_+=,.@-]{1,128}")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]")
PARTS = 6  # of an ARN


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, role or group of IAM, by the parts of its ARN that commands need."""

    partition: str
    account: str
    kind: str
    name: str

    @property
    def shown(self) -> str:
        """Where it is in the console."""
        return f"Account {self.account}, IAM > {self.kind.capitalize()}s > {self.name}"

    def call(self, operation: str, *more: str) -> str:
        """Return the line of an operation of IAM on it."""
        return line("aws", "iam", operation, f"--{self.kind}-name", self.name, *more)


@dataclass(frozen=True, slots=True)
class Arn:
    """The parts of any other ARN; `rest` is what follows the account."""

    service: str
    region: str
    account: str
    rest: str

    @property
    def where(self) -> str:
        """The account and region, for a sentence."""
        return f"Account {self.account}, region {self.region}"

    def at(self) -> tuple[str, str]:
        """Return the option that names its region."""
        return "--region", self.region


def principal_in(id_: str) -> Principal | None:
    """Return the principal that an ARN names; None if it names none.

    Raises
    ------
    Refused
        If its name is none that IAM allows.

    Examples
    --------
    >>> principal_in("arn:aws:iam::123456789012:role/app/deploy").name
    'deploy'
    """
    match = IAM.fullmatch(id_)
    if match is None:
        return None
    name = checked(match["path"].rpartition("/")[2], NAME)
    return Principal(match["partition"], match["account"], match["kind"], name)


def principal(thing: Thing) -> Principal | None:
    """Return the principal of IAM that a node is, by its id or its ARN in another system."""
    return next((known for id_ in thing.names if (known := principal_in(id_))), None)


def called(thing: Thing) -> str:
    """Return the ARN of a node; its id if it has none."""
    return next((id_ for id_ in thing.names if id_.startswith("arn:")), thing.id)


def arn_of(thing: Thing, service: str) -> Arn | None:
    """Return the ARN of a node, if it is of this service and names a region."""
    for id_ in thing.names:
        parts = id_.split(":", PARTS - 1)
        if len(parts) == PARTS and parts[0] == "arn" and parts[2] == service:
            return Arn(*parts[2:]) if REGION.fullmatch(parts[3]) else None
    return None
