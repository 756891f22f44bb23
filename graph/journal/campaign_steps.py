"""What a campaign undertakes, as the journal keeps it: enough to say later what became of it.

A snapshot is pruned some day and the journal is not. So a step holds what it is about, what was to
stay beside it, and how much each item of debt was to change.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from graph.secrets import redact_prose
from graph.values import instant, iso

MEASURES = ("parts", "items", "scopes")  # fields that say how a step is measured


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPart:
    """A part of the target of a step: the relationships between two nodes, or one node.

    `ends` are the two nodes, or the one, with `id`, `label` and `name`. `beside` are marks of the
    other relationships of the type between them, which stay. `was` holds the facts that the action
    changes, as they were.
    """

    ends: tuple[Mapping[str, str], ...]
    beside: tuple[str, ...] = ()
    was: Mapping[str, Any]

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "StepPart":
        """Make a part of plain data."""
        ends, beside = tuple(record["ends"]), tuple(record["beside"])
        return cls(ends=ends, beside=beside, was=record["was"])


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignStep:
    """One action on a target, with its owner (id, or None), its due date and its promise.

    The target are the relationships `ids` of the type `relationship`, or the nodes `ids` if that is
    None; `parts` has them by their ends. `scopes` are the sources and scopes that stated them.
    `items` are the keys of debt items with the trust points that each is to lose. Items that
    another campaign promised are not among them: `promised_in` are the ids of these campaigns.
    """

    id: str
    action: str
    relationship: str | None
    ids: tuple[str, ...]
    parts: tuple[StepPart, ...]
    findings: tuple[str, ...]
    owner: str | None
    due: pd.Timestamp
    items: tuple[tuple[str, float], ...]
    scopes: tuple[tuple[str, str], ...] = ()
    promised_in: tuple[str, ...] = ()

    @property
    def promised(self) -> float:
        """The trust points that the step is to take away."""
        return math.fsum(amount for _, amount in self.items)

    def without(self, promised: Mapping[str, str]) -> "CampaignStep":
        """Return the step without the items in `promised`: the campaign by the key of an item."""
        elsewhere = {promised[key] for key, _ in self.items if key in promised}
        items = tuple(item for item in self.items if item[0] not in promised)
        named = tuple(sorted({*self.promised_in, *elsewhere}))
        return replace(self, items=items, promised_in=named)

    def record(self) -> dict[str, Any]:
        """Return what is to be done, as a dict for JSON."""
        shown = {k: v for k, v in self.plain().items() if k not in MEASURES}
        return shown | {"promised": self.promised}

    def plain(self) -> dict[str, Any]:
        """Return the step as plain data, from which `of` makes it again."""
        return asdict(self) | {"due": iso(self.due)}

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "CampaignStep":
        """Make a step of plain data."""
        return cls(
            id=record["id"],
            action=record["action"],
            relationship=record["relationship"],
            ids=tuple(record["ids"]),
            parts=tuple(StepPart.of(part) for part in record["parts"]),
            findings=tuple(record["findings"]),
            owner=record["owner"],
            due=instant(record["due"]),
            items=tuple((key, amount) for key, amount in record["items"]),
            scopes=tuple((source, scope) for source, scope in record["scopes"]),
            promised_in=tuple(record["promised_in"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking:
    """The content of a campaign; see `graph.journal.entries.Campaign`."""

    name: str
    snapshot: str
    as_of: pd.Timestamp
    owner: str
    due: pd.Timestamp
    steps: tuple[CampaignStep, ...]

    def without(self, promised: Mapping[str, str]) -> "Undertaking":
        """Return it without the items in `promised`; see `CampaignStep.without`."""
        return replace(self, steps=tuple(step.without(promised) for step in self.steps))

    def plain(self) -> dict[str, Any]:
        """Return it as plain data."""
        instants = {"as_of": iso(self.as_of), "due": iso(self.due)}
        steps = [step.plain() for step in self.steps]
        texts = {"name": redact_prose(self.name), "snapshot": self.snapshot, "owner": self.owner}
        return texts | instants | {"steps": steps}
