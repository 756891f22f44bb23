"""Facts: what every source and scope states, and how much each of them could have said."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
OwnerRoles = tuple[tuple[str, tuple[str, ...]], ...]  # labels, and roles of each


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one source could say of one scope, and when.

    `declares` names the kinds of fact that it could have provided: a missing fact of such a
    kind is broken, of any other kind unknown. `complete` says that what it did not mention is
    not there. `usage_periods` are the times that logs of use were read for, first and last
    instant of each, apart and in order; `usage_window_start` is then the start of the last.
    `owner_roles` narrows what it declares of owners: for a label, the roles that it could have
    stated; of a label that is not in it, all.
    `taken_at_assumed`: nothing said when it was taken, and the time of a file stands for it.
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
        """Whether it could have stated who answers for a thing of `label` in `role`."""
        if "owners" not in self.declares:
            return False
        narrowed = dict(self.owner_roles)
        return label not in narrowed or role in narrowed[label]

    @property
    def key(self) -> tuple[str, str]:
        """Source and scope."""
        return self.source, self.scope

    def record(self) -> dict[str, object]:
        """Return the row as the contract writes it."""
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
        """Return the roles of owners that this or another coverage of the scope could state."""
        if "owners" not in self.declares or "owners" not in other.declares:
            return self.owner_roles if "owners" in self.declares else other.owner_roles
        mine, more = dict(self.owner_roles), dict(other.owner_roles)
        both = sorted(mine.keys() & more.keys())
        return tuple((label, tuple(sorted({*mine[label], *more[label]}))) for label in both)

    @classmethod
    def of(cls, record: Mapping[str, object]) -> "Coverage":
        """Read back what `record` wrote."""
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
            tuple((str(label), tuple(map(str, said))) for label, said in sorted(roles.items())),
            record.get("taken_at_assumed") is True,
        )


def _instant(said: object) -> pd.Timestamp:
    return pd.Timestamp(str(said)).as_unit("ms")


class LazyFrames(Mapping[Element, pd.DataFrame]):
    """Frames that are read when first asked for, and kept."""

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
    """Every row that any source states, and the coverage of each source and scope.

    `frames` has a frame for each element of the schema. A thing that two scopes state has two
    rows; `AccessGraph` makes one thing of them. `numbering` is the integer numbering of nodes
    that a store may have kept: sorted ids, and for each relationship type the numbers of its
    two ends, row by row. `identities` says which things are one, once that was looked into:
    then all frames use one id for each.
    """

    frames: Frames
    coverage: tuple[Coverage, ...]
    numbering: "Numbering | None" = None
    identities: "Identities | None" = None

    @classmethod
    def of(cls, frames: Frames, coverage: tuple[Coverage, ...]) -> "Facts":
        """Complete `frames` with an empty frame for every element that is not there."""
        whole = {e: frames[e] if e in frames else empty(e) for e in ELEMENTS}
        return cls(whole, tuple(sorted(coverage, key=lambda c: c.key)))

    @property
    def taken_at(self) -> pd.Timestamp:
        """The latest instant that any of its scopes speaks of."""
        return max(c.taken_at for c in self.coverage)

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Count things by label and relationships by type, each thing once."""
        nodes = {n.name: self.frames[n]["id"].nunique() for n in FACT_NODES}
        edges = {r.name: self.frames[r]["id"].nunique() for r in RELATIONSHIPS}
        return (
            {name: count for name, count in nodes.items() if count},
            {name: count for name, count in edges.items() if count},
        )

    @cached_property
    def hash(self) -> str:
        """Hash of all facts and their coverage, whatever the order of the rows."""
        digest = hashlib.sha256(canonical([c.record() for c in self.coverage]).encode())
        for element in ELEMENTS:
            frame = self.frames[element]
            if len(frame):
                rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
                digest.update(f"{element.name}:{len(rows)}:".encode())
                digest.update(np.sort(rows).tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Numbering:
    """Nodes as integers, where a store keeps them so.

    `ids()` are the ids of all nodes, sorted; a node's number is its position. `ends(type)` are
    the numbers (int32) of source and target of each row of a relationship type's frame.
    """

    ids: Callable[[], pa.Array]
    ends: Callable[[Relationship], tuple[np.ndarray, np.ndarray]]
