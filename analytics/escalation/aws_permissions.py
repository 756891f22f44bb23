"""AWS permissions: the actions by which one identity gains another, with holders and targets.

A user acts with its own grants and those of its groups together, so both count for a rule that
needs several. The names of the actions are in a grant exactly as AWS writes them.
"""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow.compute as pc

from analytics.escalation.support import NOTHING, Support, facts_of, minimal, together
from graph.access import AccessGraph
from graph.schema import CAN_ACCESS, GROUP, MEMBER_OF
from graph.values import text_array

MOST = 16  # most alternatives that are kept apart; the reach does not depend on it
OWN = -1


@dataclass(frozen=True, slots=True)
class Permission:
    """One action on one target, with the facts that give it.

    `group` is the number of the group whose grant it is, `OWN` for the holder's own.
    """

    target: int
    by: Support
    group: int = OWN

    @property
    def groups(self) -> frozenset[int]:
        """The group whose grant it is, as a set."""
        return frozenset((self.group,))


@dataclass
class Permissions:
    """The permissions of each holder: `by_holder[holder][action]` lists them."""

    by_holder: dict[int, dict[str, list[Permission]]] = field(default_factory=dict)
    _members: dict[int, bool] = field(default_factory=dict)

    def on(self, holder: int, action: str) -> dict[int, list[Permission]]:
        """Return the permissions of a holder for an action, by target."""
        by_target: dict[int, list[Permission]] = {}
        for permission in self.by_holder[holder].get(action, ()):
            by_target.setdefault(permission.target, []).append(permission)
        return by_target

    def of(self, holder: int, action: str) -> list[Permission]:
        """Return the permissions of a holder for an action on any target."""
        return self.by_holder[holder].get(action, [])

    def only_a_member(self, holder: int) -> bool:
        """Return whether a holder has all its permissions from one and the same group."""
        if holder not in self._members:
            groups = {p.group for listed in self.by_holder[holder].values() for p in listed}
            self._members[holder] = len(groups) == 1 and OWN not in groups
        return self._members[holder]


@dataclass(frozen=True, slots=True)
class Together:
    """Permissions that are all needed; `groups` are the groups that give them, or `OWN`."""

    by: Support
    groups: frozenset[int]

    @property
    def of_one_group(self) -> bool:
        """Whether one group gives all of it, which then derives the edge for its members."""
        return len(self.groups) == 1 and OWN not in self.groups


Choices = Sequence[Permission | Together]


def combined(needs: Iterable[Choices]) -> list[Together]:
    """Return the minimal combinations with one choice of each need, up to `MOST` of them."""
    combinations: dict[Support, frozenset[int]] = {NOTHING: frozenset()}
    for choices in needs:
        wider: dict[Support, frozenset[int]] = {}
        for so_far, groups in combinations.items():
            for choice in choices:
                by = together((so_far, choice.by)) if so_far.facts else choice.by
                wider.setdefault(by, groups | choice.groups)
        best = minimal(wider, MOST) if len(wider) > 1 else wider
        combinations = {by: wider[by] for by in best}
    return [Together(by, groups) for by, groups in combinations.items()]


def any_of(ways: Iterable[Together], most: int = MOST) -> list[Together]:
    """Return the minimal ones of several alternatives, up to `most` of them."""
    by_support = {way.by: way for way in ways}
    return [by_support[by] for by in minimal(by_support, most)]


def permissions(graph: AccessGraph, actions: Iterable[str]) -> Permissions:
    """Return the permissions for `actions` by holder, those of groups also for their members."""
    return with_groups(graph, _own(graph, set(actions)))


def with_groups(
    graph: AccessGraph, own: Mapping[int, Mapping[str, list[Permission]]]
) -> Permissions:
    """Return the permissions of each holder, its own and those of its groups."""
    by_holder: dict[int, dict[str, list[Permission]]] = {h: dict(by) for h, by in own.items()}
    for member, group, joining in _memberships(graph, set(own)):
        by_action = by_holder.setdefault(member, {})
        for action, listed in _through(own[group], group, joining).items():
            by_action[action] = by_action.get(action, []) + listed
    return Permissions(by_holder)


def _through(
    own: Mapping[str, list[Permission]], group: int, joining: Support
) -> dict[str, list[Permission]]:
    """Return a group's permissions as those of a member; one grant often gives many actions."""
    supports = {id(p.by): p.by for listed in own.values() for p in listed}
    joined = {key: together((by, joining)) for key, by in supports.items()}
    return {
        action: [Permission(p.target, joined[id(p.by)], group) for p in listed]
        for action, listed in own.items()
    }


def _own(graph: AccessGraph, wanted: set[str]) -> dict[int, dict[str, list[Permission]]]:
    frame = graph.frames[CAN_ACCESS]
    holder, target = graph.ends(CAN_ACCESS)
    texts = text_array(frame["actions"])
    services = sorted({action.partition(":")[0] for action in wanted})
    prefix = "|".join(f'"{service}:' for service in services)
    likely = pc.match_substring_regex(texts, prefix).fill_null(False).to_numpy(zero_copy_only=False)
    likely &= graph.in_force(CAN_ACCESS) & graph.live[holder]
    own: dict[int, dict[str, list[Permission]]] = defaultdict(lambda: defaultdict(list))
    if not likely.any():
        return own
    fact = facts_of(graph, CAN_ACCESS)
    for row in np.flatnonzero(likely):
        actions = wanted.intersection(json.loads(texts[int(row)].as_py()))
        by = fact(int(row)) if actions else NOTHING
        for action in actions:
            own[int(holder[row])][action].append(Permission(int(target[row]), by))
    return own


def _memberships(graph: AccessGraph, granted: set[int]) -> Iterator[tuple[int, int, Support]]:
    """Yield each member, each group of `granted` it is in, also nested, and the support."""
    member, group = graph.ends(MEMBER_OF)
    kept = graph.in_force(MEMBER_OF) & graph.has_label(GROUP)[group]
    fact = facts_of(graph, MEMBER_OF)
    direct: dict[int, list[tuple[int, Support]]] = defaultdict(list)
    for row in np.flatnonzero(kept) if granted else ():
        direct[int(member[row])].append((int(group[row]), fact(int(row))))
    for start in list(direct):
        seen = {start: NOTHING}
        front = deque([start])
        while front:
            at = front.popleft()
            for above, link in direct.get(at, ()):
                if above not in seen:
                    seen[above] = together((seen[at], link)) if at != start else link
                    front.append(above)
        for above, links in seen.items():
            if above != start and above in granted:
                yield start, above, links
