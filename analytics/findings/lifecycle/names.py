"""The ids of findings and nodes across snapshots, and which ids denote the same one.

A node with several ids has one finding id for each of them. An acceptance under any of them holds,
whichever id the current snapshot uses.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice, product

import numpy as np
import pandas as pd

from analytics.findings.evaluation import find_all, finding_id
from analytics.posture import Posture
from graph.frames import relationship_ids
from graph.once import once
from graph.schema import CAN_ACCESS
from graph.values import UNIT_SEPARATOR

FINDING = re.compile("F-[0-9a-f]{16}")
ENDS = ("source_id", "target_id")
MANY = 1000  # ids kept of one finding: more than two nodes with several ids ever need


@dataclass(frozen=True)
class Names:
    """Pairs of ids of one finding or node: `other[k]` also denotes `of[k]` (uint64), sorted."""

    of: np.ndarray
    other: np.ndarray

    @classmethod
    def made(cls, pairs: Iterable[tuple[int, int]]) -> "Names":
        """Build them from pairs of numbers."""
        known = sorted(set(pairs))
        return cls(*(np.array([p[side] for p in known], np.uint64) for side in (0, 1)))


NO_NAMES = Names.made(())


@dataclass(frozen=True)
class Followed:
    """The latest id of each id: `known` (uint64, sorted) and `last` (uint64), by position."""

    known: np.ndarray
    last: np.ndarray

    def called(self, numbers: np.ndarray) -> np.ndarray:
        """Return the latest id of each number; an unknown number stays as it is."""
        if not len(self.known) or not len(numbers):
            return numbers
        place = np.minimum(np.searchsorted(self.known, numbers), len(self.known) - 1)
        return np.where(self.known[place] == numbers, self.last[place], numbers)

    def now(self, finding: str) -> str:
        """Return the latest id of a finding, given any of its ids."""
        if not FINDING.fullmatch(finding):
            return finding
        return id_of(int(self.called(np.array([finding_number(finding)], np.uint64))[0]))

    def replaced(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids that are no longer used, and the latest id of each."""
        other = self.known != self.last
        return self.known[other], self.last[other]


class Grants:
    """The grants with ids in `facts` whose ids are derived from the ids of their merged ends."""

    def __init__(self, posture: Posture, facts: set[str]) -> None:
        frame, grouped = posture.graph.frames[CAN_ACCESS], posture.graph.identities.grouped
        self.grouped = grouped
        frame = frame[frame["id"].isin(facts).to_numpy(bool)]
        moved = frame["source_id"].isin(grouped.keys()) | frame["target_id"].isin(grouped.keys())
        derived = frame[moved.to_numpy(bool)]
        derived = derived[(relationship_ids(derived, CAN_ACCESS) == derived["id"]).to_numpy(bool)]
        ends = zip(derived["source_id"], derived["target_id"], strict=True)
        self.ends: dict[str, tuple[str, str]] = dict(zip(derived["id"], ends, strict=True))
        self._ids = self._all_ids(derived) if len(derived) else {}

    def _all_ids(self, frame: pd.DataFrame) -> dict[tuple[str, str, str], str]:
        """Return the id of each grant, by its current id and each combination of its ends' ids."""
        columns = {c: frame[c].map(lambda i: self.grouped.get(i, (i,))) for c in ENDS}
        rows = frame.assign(now=frame["id"], **columns)
        for column in ENDS:
            rows = rows.explode(column, ignore_index=True)
        rows = rows.astype(dict.fromkeys(ENDS, "string"))
        keys = zip(rows["now"], rows["source_id"], rows["target_id"], strict=True)
        return dict(zip(keys, relationship_ids(rows, CAN_ACCESS), strict=True))

    def things(self, part: str) -> tuple[str, ...]:
        """Return the node ids in a part of a finding's id: both ends of a grant, else the part."""
        return self.ends.get(part, (part,))

    def called(self, part: str, names: Mapping[str, str]) -> str:
        """Return a part of a finding's id after its nodes are renamed by `names`."""
        ends = self.ends.get(part)
        if ends is None:
            return names.get(part, part)
        return self._ids[part, names[ends[0]], names[ends[1]]]


def finding_number(finding: str) -> int:
    """Return the number of a finding from its id (`FINDING`)."""
    return int(finding[2:], 16)


def id_of(number: int) -> str:
    """Return the id of a finding from its number.

    >>> id_of(finding_number("F-00000000000000ff"))
    'F-00000000000000ff'
    """
    return f"F-{number:016x}"


@once
def names_of_findings(posture: Posture) -> Names:
    """Return the other ids of the findings of a posture, computed once for a posture."""
    grouped = posture.graph.identities.grouped
    if not grouped:
        return NO_NAMES
    rows = find_all(posture)
    grants = Grants(
        posture, {part for key in set(rows["key"]) for part in key.split(UNIT_SEPARATOR)}
    )
    ids = [*posture.graph.ids.to_pylist(), ""]
    columns = (rows[c].tolist() for c in ("id", "rule", "subject", "object", "key"))
    pairs: list[tuple[int, int]] = []
    for own, rule, subject, other, key in zip(*columns, strict=True):
        parts = ids[subject], ids[other], *(str(key).split(UNIT_SEPARATOR) if key else ())
        things = tuple(dict.fromkeys(thing for part in parts for thing in grants.things(part)))
        if not grouped.keys().isdisjoint(things):
            choices = product(*(grouped.get(thing, (thing,)) for thing in things))
            for choice in islice(choices, 1, MANY):  # the first is its own id
                called = dict(zip(things, choice, strict=True))
                name = finding_id((rule, *(grants.called(part, called) for part in parts)))
                pairs.append((finding_number(own), finding_number(name)))
    return Names.made(pairs)


def other_names(posture: Posture, finding: str) -> list[str]:
    """Return the other ids of one finding of a posture."""
    names = names_of_findings(posture)
    numbers = names.other[names.of == np.uint64(finding_number(finding))]
    return [id_of(number) for number in numbers.tolist()]


def names_of_things(posture: Posture, chosen: np.ndarray) -> Names:
    """Return hashes of the nodes `chosen` (numbers), paired with hashes of their other ids."""
    merged = posture.graph.identities.merged
    used = [str(posture.graph.ids[int(n)]) for n in chosen] if merged else []
    pairs = [(thing, i) for thing in used for i in merged.get(thing, ()) if i != thing]
    if not pairs:
        return NO_NAMES
    of, other = (hashes(np.array(side, object)).tolist() for side in zip(*pairs, strict=True))
    return Names.made(zip(of, other, strict=True))


def hashes(ids: np.ndarray) -> np.ndarray:
    """Return a hash of each id (uint64), the same in every process."""
    return np.asarray(pd.util.hash_array(ids, categorize=False))


def follow(steps: list[tuple[np.ndarray, Names]]) -> Followed:
    """Map every id to the latest id of the same finding or node.

    Parameters
    ----------
    steps : list of (uint64 array, Names)
        The numbers that each step uses, and the other ids of these; oldest step first.

    Notes
    -----
    A number that a later step uses stays. Any other maps to the number that a later step pairs
    with it or with one of its own other ids.
    """
    named = [part for ids, names in steps if len(names.of) for part in (names.of, names.other)]
    if not named:
        return Followed(*(np.zeros(0, np.uint64) for _ in range(2)))
    known = np.unique(np.concatenate([*named, *(ids for ids, _ in steps)]))
    last = np.full(len(known), -1)
    for ids, names in reversed(steps):
        here, of, other = (np.searchsorted(known, part) for part in (ids, names.of, names.other))
        heirs = np.flatnonzero((last[of] < 0) & (last[other] >= 0))
        followed, first = np.unique(of[heirs], return_index=True)
        last[followed] = last[other[heirs[first]]]
        fresh = here[last[here] < 0]
        last[fresh] = fresh
        open_ = np.flatnonzero(last[other] < 0)[::-1]  # the first of several that pair with it wins
        last[other[open_]] = last[of[open_]]
    return Followed(known, known[last])
