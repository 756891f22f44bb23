"""Facts: the rows of every source and scope, with the coverage of each."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from graph.element import Element, Relationship
from graph.frames import Frames, empty
from graph.schema import ELEMENTS, FACT_NODES, RELATIONSHIPS
from graph.values import canonical, iso

if TYPE_CHECKING:
    from graph.identity.match import Identities

Period = tuple[pd.Timestamp, pd.Timestamp]
OwnerRoles = tuple[tuple[str, tuple[str, ...]], ...]  # labels, and the roles of each


ORIGIN = ("file", "place")  # columns of `Facts.origins`


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one scope by one source: what it could have declared, and when.

    `declares` names the kinds of fact that it could have provided: a missing fact of such a kind is
    a defect, of any other kind unknown. If `complete`, what it does not mention does not exist.
    `usage_periods` are the disjoint periods of the logs of use that were read, first and last
    instant of each, in order; `usage_window_start` is then the start of the last. `owner_roles`
    restricts the owners that it declares: to the listed roles of a label; a label that is not
    listed has all roles. `taken_at_assumed`: no instant was given, so `taken_at` is the time of a
    file.
    """

    source: str
    scope: str
    complete: bool
    taken_at: pd.Timestamp
    declares: tuple[str, ...]
    usage_window_start: pd.Timestamp | None = None
    usage_periods: tuple[Period, ...] = ()
    owner_roles: OwnerRoles = ()
    taken_at_assumed: bool = False

    def states_owners(self, label: str, role: str) -> bool:
        """Return whether it could have declared an owner in `role` for a node of `label`."""
        if "owners" not in self.declares:
            return False
        narrowed = dict(self.owner_roles)
        return label not in narrowed or role in narrowed[label]

    @property
    def key(self) -> tuple[str, str]:
        """Source and scope."""
        return self.source, self.scope

    def record(self) -> dict[str, object]:
        """Return the coverage as a dict for JSON."""
        start = self.usage_window_start
        return {
            "source": self.source,
            "scope": self.scope,
            "complete": self.complete,
            "taken_at": iso(self.taken_at),
            "declares": list(self.declares),
            "usage_window_start": iso(start) if start is not None else None,
            "usage_periods": [[iso(first), iso(last)] for first, last in self.usage_periods],
            "owner_roles": {label: list(roles) for label, roles in self.owner_roles},
            "taken_at_assumed": self.taken_at_assumed,
        }

    def owner_roles_with(self, other: "Coverage") -> OwnerRoles:
        """Return the owner roles that this or another coverage of the scope could have declared."""
        if "owners" not in self.declares or "owners" not in other.declares:
            return self.owner_roles if "owners" in self.declares else other.owner_roles
        own, more = dict(self.owner_roles), dict(other.owner_roles)
        both = sorted(own.keys() & more.keys())
        return tuple((label, tuple(sorted({*own[label], *more[label]}))) for label in both)

    @classmethod
    def of(cls, record: Mapping[str, object]) -> "Coverage":
        """Parse the result of `record`."""
        start, declares = record.get("usage_window_start"), record["declares"]
        periods = record.get("usage_periods", [])
        roles = record.get("owner_roles", {})
        assert isinstance(declares, list)
        assert isinstance(periods, list)
        assert isinstance(roles, dict)
        return cls(
            str(record["source"]),
            str(record["scope"]),
            bool(record["complete"]),
            pd.Timestamp(str(record["taken_at"])).as_unit("ms"),
            tuple(str(d) for d in declares),
            pd.Timestamp(str(start)).as_unit("ms") if start else None,
            tuple((_instant(first), _instant(last)) for first, last in periods),
            tuple((str(label), tuple(map(str, names))) for label, names in sorted(roles.items())),
            record.get("taken_at_assumed") is True,
        )


def _instant(text: object) -> pd.Timestamp:
    return pd.Timestamp(str(text)).as_unit("ms")


class LazyFrames(Mapping[Element, pd.DataFrame]):
    """Frames that are loaded on first access, and cached."""

    def __init__(self, load: Callable[[Element], pd.DataFrame]) -> None:
        self._load = load
        self._kept: dict[Element, pd.DataFrame] = {}

    def __getitem__(self, element: Element) -> pd.DataFrame:
        """Return the frame of `element`."""
        if element not in self._kept:
            self._kept[element] = self._load(element)
        return self._kept[element]

    def __iter__(self) -> Iterator[Element]:
        """Iterate over the elements of the schema."""
        return iter(ELEMENTS)

    def __len__(self) -> int:
        """Count the elements of the schema."""
        return len(ELEMENTS)


@dataclass(frozen=True)
class Facts:
    """The rows of every source, and the coverage of each source and scope.

    `frames` has a frame for each element of the schema. A node that two scopes declare has two
    rows, which `AccessGraph` merges. `numbering` is the integer numbering of nodes that a store may
    have kept: sorted ids, and for each relationship type the numbers of its two ends, row by row.
    `identities` holds the merged ids, once they were determined: all frames then use canonical ids.
    `origins` has, for types of relationship of which it is known, the `file` and the `place` (text)
    that each row was read from, row by row; rows that were added to a frame later have none. The
    same facts in another file are the same facts, so these are no part of the hash.
    """

    frames: Frames
    coverage: tuple[Coverage, ...]
    numbering: "Numbering | None" = None
    identities: "Identities | None" = None
    origins: Frames = field(default_factory=dict)

    @classmethod
    def of(cls, frames: Frames, coverage: tuple[Coverage, ...]) -> "Facts":
        """Build facts from `frames`, with an empty frame for every missing element."""
        complete = {e: frames[e] if e in frames else empty(e) for e in ELEMENTS}
        return cls(complete, tuple(sorted(coverage, key=lambda c: c.key)))

    @property
    def taken_at(self) -> pd.Timestamp:
        """The latest instant of any scope."""
        return max(c.taken_at for c in self.coverage)

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the counts of nodes by label and of relationships by type, each id once."""
        nodes = {n.name: self.frames[n]["id"].nunique() for n in FACT_NODES}
        edges = {r.name: self.frames[r]["id"].nunique() for r in RELATIONSHIPS}
        return (
            {name: count for name, count in nodes.items() if count},
            {name: count for name, count in edges.items() if count},
        )

    @cached_property
    def hash(self) -> str:
        """Hash of all facts and their coverage, independent of the order of rows."""
        digest = hashlib.sha256(canonical([c.record() for c in self.coverage]).encode())
        for element in ELEMENTS:
            frame = self.frames[element]
            if len(frame):
                later = [c.name for c in element.columns if c.later and frame[c.name].isna().all()]
                frame = frame.drop(columns=later)
                rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
                digest.update(f"{element.name}:{len(rows)}:".encode())
                digest.update(np.sort(rows).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Numbering:
    """Nodes as integers, where a store keeps them.

    `ids()` are the ids of all nodes, sorted; a node's number is its position. `ends(type)` are the
    numbers (int32) of source and target of each row of a relationship type's frame.
    """

    ids: Callable[[], pa.Array]
    ends: Callable[[Relationship], tuple[np.ndarray, np.ndarray]]
