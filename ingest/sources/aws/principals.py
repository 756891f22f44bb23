"""The users, roles, groups, keys and policies of an account."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pandas as pd

from graph.aws.arn import parse
from ingest.rows import Place
from ingest.sources.aws.policies.documents import Document


@dataclass(slots=True)
class Key:
    """An access key or signing certificate, without its value."""

    id: str
    type: str
    active: bool
    name: str | None = None
    created_at: pd.Timestamp | None = None
    rotated_at: pd.Timestamp | None = None
    last_used_at: pd.Timestamp | None = None


@dataclass(slots=True)
class Principal:
    """A user, role, group or the root user of an account.

    `attached` and `boundary` name managed policies; `inline` pairs a name with a document.
    `password` is None if unknown; `used` is True if the export could have declared the last use.
    """

    arn: str
    kind: str
    place: Place
    unique_id: str = ""
    created_at: pd.Timestamp | None = None
    attached: list[str] = field(default_factory=list)
    inline: list[tuple[str, Document]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    boundary: str | None = None
    trust: Document | None = None
    instance_profiles: list[str] = field(default_factory=list)
    password: bool | None = None
    password_used_at: pd.Timestamp | None = None
    mfa: bool | None = None
    used: bool = False
    last_used_at: pd.Timestamp | None = None
    keys: list[Key] = field(default_factory=list)
    detailed: bool = False

    @property
    def account(self) -> str:
        """The account in its own name."""
        arn = parse(self.arn.removesuffix("#user"))
        return arn.account if arn else ""

    @property
    def partition(self) -> str:
        """The partition of its name, such as `aws` or `aws-cn`."""
        arn = parse(self.arn)
        return arn.partition if arn else "aws"

    @property
    def name(self) -> str:
        """The last segment of its name."""
        return "root" if self.kind == "root" else self.arn.rsplit("/", 1)[-1]


class People:
    """All principals by name, also under other forms of the name."""

    def __init__(self) -> None:
        self.by_arn: dict[str, Principal] = {}
        self._by_name: dict[tuple[str, str, str], list[Principal]] = {}
        self._by_unique_id: dict[str, list[Principal]] = {}
        self._partitions: dict[str, Counter[str]] = {}  # by account; of all under ""

    def __iter__(self) -> Iterator[Principal]:
        """Iterate over the principals in the order of their names."""
        return iter([self.by_arn[arn] for arn in sorted(self.by_arn)])

    def add(self, principal: Principal) -> None:
        """Add a principal that is not there yet."""
        self.by_arn[principal.arn] = principal
        name = (principal.account, principal.kind, principal.name)
        self._by_name.setdefault(name, []).append(principal)
        for account in {principal.account, ""}:
            self._partitions.setdefault(account, Counter())[principal.partition] += 1
        if principal.unique_id:
            self._by_unique_id.setdefault(principal.unique_id, []).append(principal)

    def find(self, arn: str) -> Principal | None:
        """Find by name; with another path, if only one principal has that last segment."""
        if arn in self.by_arn:
            return self.by_arn[arn]
        parsed = parse(arn)
        if parsed is None:
            return None
        return self.named(parsed.account, parsed.kind, arn.rsplit("/", 1)[-1])

    def named(self, account: str, kind: str, name: str) -> Principal | None:
        """Find the only principal of this kind with this name in the account."""
        matches = self._by_name.get((account, kind, name), [])
        return matches[0] if len(matches) == 1 else None

    def with_unique_id(self, unique_id: str) -> Principal | None:
        """Find the only principal with this unique id; None if there are two."""
        matches = self._by_unique_id.get(unique_id, [])
        return matches[0] if len(matches) == 1 else None

    def has_unique_id(self, unique_id: str) -> bool:
        """Return whether any principal has this unique id."""
        return unique_id in self._by_unique_id

    def partition(self, account: str = "") -> str:
        """Return the partition that most principals are in: those of the account, or else all."""
        counted = self._partitions.get(account) or self._partitions.get("", Counter())
        return min(counted, key=lambda name: (-counted[name], name), default="aws")

    @property
    def detailed_accounts(self) -> set[str]:
        """The accounts whose authorization details were read."""
        return {p.account for p in self.by_arn.values() if p.detailed}


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A managed policy in its default version."""

    arn: str
    document: Document
    place: Place
