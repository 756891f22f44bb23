"""Planned agents: everything that a file states of an agent before the agent exists."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from graph.element import Element

PARTS = (
    *("owners", "purpose", "place", "access", "tools", "credentials", "expiry"),
    *("revocation", "review", "autonomy", "delegation"),
)
OWNER_ROLES = ("business", "technical", "sponsor")


@dataclass(frozen=True)
class PlannedCredential:
    """A credential that the agent is to hold; `storage` is a kind of storage, or a store's name."""

    type: str | None = None
    storage: str | None = None
    expires_at: pd.Timestamp | None = None
    rotated_every_days: float | None = None


@dataclass(frozen=True)
class PlannedAccess:
    """Access that the agent is to have: levels on a resource, or those of a role or group.

    A row with a resource and a role or group states what is wanted through the latter.
    """

    resource: str | None = None
    levels: tuple[str, ...] = ()
    until: pd.Timestamp | None = None
    why: str | None = None
    role: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class PlannedTool:
    """A tool that the agent is to call, of a server that may be known where the tool is not."""

    name: str
    server: str | None = None
    digest: str | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedRevocation:
    """How the agent can be ended, by whom, and within which time (hours)."""

    how: str | None = None
    by: str | None = None
    within_hours: float | None = None


@dataclass(frozen=True)
class Planned:
    """One planned agent, as a file states it.

    Attributes
    ----------
    form : str
        What kind of file it is, such as `manifest`.
    stated : frozenset of str
        Those of `PARTS` that a file of this form can state; any other part is unknown.
    exhaustive : bool
        Whether a fact that a stated part lacks is absent; otherwise it is unknown.
    id : str or None
        The id of its node, where the file determines it.
    rows : mapping
        Typed rows of the schema, where the file states access as a source would read it.
    unknown : tuple of (part, reason, fix)
        What the file itself leaves open.
    """

    form: str
    stated: frozenset[str]
    name: str
    kind: str | None = None
    purpose: str | None = None
    environment: str | None = None
    runs_on: str | None = None
    expires_at: pd.Timestamp | None = None
    review_every_days: float | None = None
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    credentials: tuple[PlannedCredential, ...] = ()
    access: tuple[PlannedAccess, ...] = ()
    tools: tuple[PlannedTool, ...] = ()
    delegates_to: tuple[str, ...] = ()
    acts_for: tuple[str, ...] = ()
    revocation: PlannedRevocation = PlannedRevocation()
    autonomy: Mapping[str, float] | None = None
    id: str | None = None
    rows: Mapping[Element, pd.DataFrame] = field(default_factory=dict)
    unknown: tuple[tuple[str, str, str], ...] = ()
    exhaustive: bool = False
