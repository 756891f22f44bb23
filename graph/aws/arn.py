"""Amazon Resource Names, and the few that stand for identities.

Format: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from graph.element import Node
from graph.schema import GROUP, ROLE, SERVICE_ACCOUNT

ACCOUNT = re.compile(r"\d{12}")
UNIQUE_ID = re.compile(r"(AIDA|AROA|AGPA)[A-Z0-9]{4,}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# The first letters of a region, and the partition that it lies in; any other lies in `aws`.
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("eusc-", "aws-eusc"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
)
# A role with the path before its name, without which the name is unique in its account:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
PATH_OF_ROLE = re.compile(r"\A(arn:[\w-]+:iam::\d{12}:role/)(?:[^/]+/)+(?=[^/]+\Z)")
STUBS: dict[str, Node] = {"user": SERVICE_ACCOUNT, "role": ROLE, "group": GROUP}


@dataclass(frozen=True, slots=True)
class Arn:
    """The six parts of a resource name; parts may hold wildcards."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @property
    def kind(self) -> str:
        """The kind of thing, such as `role` or `function`."""
        return re.split("[:/]", self.resource, maxsplit=1)[0]

    @property
    def name(self) -> str:
        """The last segment, used as the name."""
        return re.split("[:/]", self.resource)[-1]

    @property
    def is_principal(self) -> bool:
        """Whether it is the name of an IAM user, role or group."""
        return self.service == "iam" and "/" in self.resource and self.kind in STUBS


@lru_cache(maxsize=65_536)
def parse(text: str) -> Arn | None:
    """Parse a resource name; None for any other text.

    >>> parse("arn:aws:iam::123456789012:role/app/deploy").name
    'deploy'
    """
    parts = text.split(":", 5)
    return Arn(*parts[1:]) if len(parts) == 6 and parts[0] == "arn" else None


def partition_of(region: str) -> str:
    """Return the partition of AWS that a region lies in.

    >>> partition_of("cn-north-1"), partition_of("eu-west-1")
    ('aws-cn', 'aws')
    """
    return next((name for start, name in PARTITIONS if region.startswith(start)), "aws")


def account_id(account: str, partition: str = "aws") -> str:
    """Return the id of the Resource that represents an account."""
    return f"arn:{partition}:iam::{account}:root"


def is_account(text: str) -> bool:
    """Whether `text` is the id of an account as a whole."""
    arn = parse(text)
    return arn is not None and arn.service == "iam" and arn.resource == "root"


def without_path(role: str) -> str:
    """Return the name of a role without its path, by which no other role of its account is named.

    >>> without_path("arn:aws:iam::123456789012:role/app/deploy")
    'arn:aws:iam::123456789012:role/deploy'
    """
    return PATH_OF_ROLE.sub(r"\1", role)


def shown(text: str) -> str:
    """Return a name from an export for a message: one line, at most 200 characters."""
    return CONTROL.sub("?", text)[:200]
