"""Support of a derived edge: facts that hold together, and their uncertainty."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from graph.access import AccessGraph, flags
from graph.element import Relationship
from graph.instants import NEVER, milliseconds
from graph.schema import CAN_ACCESS


@dataclass(frozen=True, slots=True)
class Support:
    """Relationships, by id, and what is known of them together.

    `condition` holds the conditions that were not evaluated, "" for none. `telemetry`, `last_used`
    and `since` (milliseconds) are those of the fact that was unused longest, among those whose use
    is observed.
    """

    facts: tuple[str, ...] = ()
    condition: str = ""
    eligible: bool = False
    assumed: bool = False
    telemetry: bool = False
    last_used: int = NEVER
    since: int = NEVER

    @property
    def doubt(self) -> tuple[bool, bool, bool]:
        """The reasons why it is not certain: a need to activate, an assumption, a condition."""
        return self.eligible, self.assumed, bool(self.condition)

    @property
    def rank(self) -> tuple[tuple[bool, bool, bool], int, tuple[str, ...]]:
        """The sort key of supports: the certain first, then the short."""
        return self.doubt, len(self.facts), self.facts

    def covers(self, other: "Support") -> bool:
        """Return whether this needs only facts that `other` needs too, and is no more doubtful."""
        return (
            self.eligible <= other.eligible
            and self.assumed <= other.assumed
            and bool(self.condition) <= bool(other.condition)
            and set(self.facts) <= set(other.facts)
        )


NOTHING = Support()


def together(parts: Iterable[Support]) -> Support:
    """Join supports that are all needed; the fact that was unused longest comes first."""
    needed = list(parts)
    seen = [part for part in needed if part.telemetry]
    least = min(seen, key=lambda part: max(part.last_used, part.since), default=NOTHING)
    ordered = [least, *(part for part in needed if part is not least)]
    conditions = sorted({part.condition for part in needed if part.condition})
    return Support(
        tuple(dict.fromkeys(fact for part in ordered for fact in part.facts)),
        " and ".join(conditions),
        any(part.eligible for part in needed),
        any(part.assumed for part in needed),
        least.telemetry,
        least.last_used,
        least.since,
    )


def facts_of(graph: AccessGraph, relationship: Relationship) -> Callable[[int], Support]:
    """Return a function that reads a row of a type's frame as a support of one fact."""
    frame = graph.frames[relationship]
    ids = frame["id"].to_numpy(object)
    conditions = _column(frame, "condition", _texts, "")
    eligible = _column(frame, "eligible", flags, False)
    assumed = _column(frame, "assumed", flags, False)
    seen, used, since = _use(graph, relationship)

    def read(row: int) -> Support:
        return Support(
            (str(ids[row]),),
            str(conditions[row]),
            bool(eligible[row]),
            bool(assumed[row]),
            bool(seen[row]),
            int(used[row]),
            int(since[row]),
        )

    return read


def _column(
    frame: pd.DataFrame, name: str, read: Callable[[pd.Series], np.ndarray], otherwise: object
) -> np.ndarray:
    return read(frame[name]) if name in frame else np.full(len(frame), otherwise, object)


def _texts(column: pd.Series) -> np.ndarray:
    return np.asarray(column.fillna("").to_numpy(object))


def _use(
    graph: AccessGraph, relationship: Relationship
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each row whether its use is observed, its last use, and its start.

    A grant without a level is observed only if that is declared.
    """
    frame = graph.frames[relationship]
    if relationship is CAN_ACCESS:
        observed, used, since = graph.grant_use
        seen = observed & (flags(frame["telemetry"]) | (graph.levels > 0))
        return seen, used.max(axis=1, initial=NEVER), since
    if "telemetry" not in frame:
        never = np.full(len(frame), NEVER)
        return np.zeros(len(frame), bool), never, never
    last = np.minimum(milliseconds(frame["last_used_at"]), graph.now)
    return flags(frame["telemetry"]) | (last != NEVER), last, milliseconds(frame["valid_from"])


def minimal(supports: Iterable[Support], most: int | None = None) -> list[Support]:
    """Drop each support that contains another which is no more doubtful; return the best first."""
    listed = list(dict.fromkeys(supports))
    if len(listed) < 2:
        return listed
    kept: list[Support] = []
    by_fact: dict[str, list[Support]] = {}
    for support in sorted(listed, key=lambda s: (len(s.facts), s.rank)):
        near = (other for fact in support.facts or ("",) for other in by_fact.get(fact, ()))
        if any(other.covers(support) for other in near):
            continue
        kept.append(support)
        by_fact.setdefault(min(support.facts, default=""), []).append(support)
    return sorted(kept, key=lambda s: s.rank)[:most]
