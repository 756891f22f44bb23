"""The AWS actions by which one identity gains another, held by whom, on what.

A user acts with its own grants and those of its groups together, so both count for a rule that
needs several. The names of the actions stand in a grant exactly as AWS writes them.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc

from graph.access import AccessGraph, flags
from graph.frames import text_array
from graph.schema import CAN_ACCESS, GROUP, MEMBER_OF


@dataclass(frozen=True, slots=True)
class Permission:
    """One action on one target, with the facts that give it.

    `own` says that the holder's own grant gives it, not that of a group.
    """

    target: int
    support: tuple[str, ...]
    condition: str
    eligible: bool
    own: bool

    @property
    def rank(self) -> tuple[bool, bool, bool, tuple[str, ...]]:
        """Order permissions: the certain first, then one's own."""
        return bool(self.condition), self.eligible, not self.own, self.support


@dataclass
class Permissions:
    """Who holds which action on what: `held[holder][action]` lists permissions."""

    held: dict[int, dict[str, list[Permission]]] = field(default_factory=dict)

    def on(self, holder: int, action: str) -> dict[int, Permission]:
        """Return the best permission of a holder for an action on each target."""
        found: dict[int, Permission] = {}
        for one in sorted(self.held[holder].get(action, ()), key=lambda p: p.rank):
            found.setdefault(one.target, one)
        return found

    def any_of(self, holder: int, action: str) -> Permission | None:
        """Return the best permission of a holder for an action on whatever target."""
        return min(self.held[holder].get(action, ()), key=lambda p: p.rank, default=None)


def permissions(graph: AccessGraph, actions: Iterable[str]) -> Permissions:
    """Collect who holds which of `actions`, groups joined to their members."""
    own = _own(graph, set(actions))
    held: dict[int, dict[str, list[Permission]]] = {h: dict(by) for h, by in own.items()}
    for member, group, links in _memberships(graph):
        for action, found in own.get(group, {}).items():
            mine = held.setdefault(member, {})
            mine[action] = mine.get(action, []) + [_through(p, links) for p in found]
    return Permissions(held)


def _through(one: Permission, links: tuple[str, ...]) -> Permission:
    return Permission(one.target, (*one.support, *links), one.condition, one.eligible, own=False)


def _own(graph: AccessGraph, wanted: set[str]) -> dict[int, dict[str, list[Permission]]]:
    frame = graph.frames[CAN_ACCESS]
    holder, target = graph.ends(CAN_ACCESS)
    said = text_array(frame["actions"])
    services = sorted({action.partition(":")[0] for action in wanted})
    prefix = "|".join(f'"{service}:' for service in services)
    likely = pc.match_substring_regex(said, prefix).fill_null(False).to_numpy(zero_copy_only=False)
    likely &= graph.in_force(CAN_ACCESS) & graph.live[holder]
    eligible, condition = flags(frame["eligible"]), frame["condition"].fillna("").to_numpy(object)
    ids = frame["id"].to_numpy(object)
    own: dict[int, dict[str, list[Permission]]] = defaultdict(lambda: defaultdict(list))
    for row in np.flatnonzero(likely):
        for action in wanted.intersection(json.loads(said[int(row)].as_py())):
            own[int(holder[row])][action].append(
                Permission(
                    int(target[row]), (ids[row],), condition[row], bool(eligible[row]), own=True
                )
            )
    return own


def _memberships(graph: AccessGraph) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Yield each member with each group it is in, however nested, and the ids that say so."""
    member, group = graph.ends(MEMBER_OF)
    kept = graph.in_force(MEMBER_OF) & graph.has_label(GROUP)[group]
    ids = graph.frames[MEMBER_OF]["id"].to_numpy(object)
    direct: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for row in np.flatnonzero(kept):
        direct[int(member[row])].append((int(group[row]), ids[row]))
    for start in list(direct):
        seen: dict[int, tuple[str, ...]] = {}
        front: list[tuple[int, tuple[str, ...]]] = [(start, ())]
        while front:
            at, links = front.pop()
            for above, link in direct.get(at, ()):
                if above not in seen and above != start:
                    seen[above] = (*links, link)
                    front.append((above, seen[above]))
        for above, links in seen.items():
            yield start, above, links
