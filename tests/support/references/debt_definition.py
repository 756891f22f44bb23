"""What a debt item is and what it owes at a day, by the definition, in plain Python."""

from dataclasses import dataclass

import pandas as pd

LEVEL = {"list": 0.3, "read": 1.0, "write": 3.0, "admin": 10.0}
SENSITIVITY = {"public": 1.0, "internal": 3.0, "confidential": 10.0, "restricted": 30.0}
RULES = {  # weight, and days of a cycle
    "owner": (1, 7),
    "scope": (9 / 12, 30),
    "necessity": (9 / 12, 90),
    "standing": (8 / 12, 365),
    "outlived": (1, 7),
    "review": (9 / 12, 90),
    "evidence": (9 / 12, 30),
    "cred_storage": (11 / 12, 30),
    "cred_age": (8 / 12, 90),
    "cred_auth": (9 / 12, 90),
    "cred_shared": (8 / 12, 90),
    "cred_human": (7 / 12, 30),
    "env": (8 / 12, 90),
    "third_party": (10 / 12, 90),
    "sod": (9 / 12, 90),
}
CAP = 4
LISTING = {"inventory", "owners"}  # a source that lists all there is has no team that it leaves out
IDENTITY = ("USES", "AUTHENTICATES_AS", "RUNS_AS", "MEMBER_OF", "ASSUMES")
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Item:
    """One item; `degree` is None where nobody knows, `since` None where nobody says."""

    identity: str
    assumption: str
    grant: str
    level: str
    object: str
    applies: float
    degree: float | None
    since: float | None

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others."""
        return self.identity, self.assumption, self.grant, self.level, self.object


def owed(item: Item, now: float) -> float:
    """Return the debt of one item at a day."""
    if not item.degree:
        return 0.0
    missed = 0.0 if item.since is None else max(0.0, now - item.since) / RULES[item.assumption][1]
    return item.applies * item.degree * (1 + min(missed, CAP))


def day(text: str | None) -> float | None:
    """Return an instant as days."""
    return None if text is None else pd.Timestamp(text).timestamp() * 1000 / DAY_MS
