"""Where in the history a reading belongs: what is older than the current changes nothing current.

A reading that speaks of an earlier instant than the facts that are current of its scope takes its
place among the snapshots: a snapshot of its own instant, with the other scopes as they were then.
Snapshots of later instants, that went on with still older facts of that scope or did not know it,
are replaced by ones that have it; they stay readable. Logs add up in any order, and are no part
of this.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from graph.facts import Coverage, Facts
from graph.stores import Behind, SnapshotInfo, Store, in_history
from graph.values import iso
from ingest.job.merge import Checked

Join = Callable[[Facts | None, list[Checked]], "Whole"]


@dataclass(frozen=True)
class Whole:
    """What is to be published, and what the readings in it became.

    `behind` says that it goes behind the current snapshot; `repeated` that its readings are in
    another whole too, which tells of them.
    """

    facts: Facts
    checked: list[Checked]
    warnings: list[str]
    behind: Behind | None = None
    repeated: bool = False


def planned(store: Store, checked: list[Checked], join: Join) -> list[Whole]:
    """Return what becomes of readings, in the order in which it is to be published."""
    now = store.current()
    known = {c.key: c.taken_at for c in now.coverage} if now else {}
    late = [c for c in checked if _is_late(c, known)]
    fresh = [c for c in checked if c not in late]
    wholes: list[Whole] = []
    if now is not None and late:
        timeline = _Timeline(store, now)
        for each in sorted(late, key=lambda c: c.coverage.taken_at):
            timeline.insert(each, join)
        wholes = timeline.wholes
    if fresh:
        wholes.append(join(store.read(now.id)[1] if now else None, fresh))
    return wholes


def _is_late(each: Checked, known: dict[tuple[str, str], pd.Timestamp]) -> bool:
    current = known.get(each.coverage.key)
    return current is not None and not each.adds_up and each.coverage.taken_at < current


class _Timeline:
    """The snapshots of a store in history, and those that are about to be published there."""

    def __init__(self, store: Store, current: SnapshotInfo) -> None:
        self._store, self._current = store, current
        self.wholes: list[Whole] = []
        self._infos: list[SnapshotInfo] | None = None

    def insert(self, each: Checked, join: Join) -> None:
        """Plan a snapshot of the instant of a reading, and what replaces the later ones."""
        at, key = each.coverage.taken_at, each.coverage.key
        whole = join(self._at(each), [each])
        newer = next(c.taken_at for c in self._current.coverage if c.key == key)
        told = (
            f"{'/'.join(key)}: is of {iso(at)}, older than what is current ({iso(newer)}): "
            "it takes its place in the history, and nothing current changes"
        )
        self.wholes.append(Whole(whole.facts, whole.checked, [*whole.warnings, told], Behind()))
        for info in self._snapshots():
            if info.taken_at > at and info != self._current and _lacks(info.coverage, each):
                self._replace(info, each, join)

    def _replace(self, info: SnapshotInfo, each: Checked, join: Join) -> None:
        """Plan what stands for a later snapshot, with what was planned for it before."""
        behind = Behind(info.replaces or info.id)
        planned = next((w for w in self.wholes if w.behind == behind), None)
        facts = planned.facts if planned is not None else self._store.read(info.id)[1]
        if planned is not None:
            if not _lacks(planned.facts.coverage, each):
                return
            self.wholes.remove(planned)
        whole = join(facts, [each])
        self.wholes.append(Whole(whole.facts, whole.checked, [], behind, repeated=True))

    def _at(self, each: Checked) -> Facts | None:
        """Return the facts that were current at the instant of a reading."""
        at = each.coverage.taken_at
        mine = [w.facts for w in self.wholes if w.facts.taken_at <= at]
        stored = [i for i in self._snapshots() if i.taken_at <= at]
        newest = max(mine, key=lambda f: f.taken_at, default=None)
        if newest is not None and (not stored or newest.taken_at >= stored[-1].taken_at):
            return newest
        return self._store.read(stored[-1].id)[1] if stored else None

    def _snapshots(self) -> list[SnapshotInfo]:
        if self._infos is None:
            self._infos = in_history(self._store.snapshots())
        return self._infos


def _lacks(coverage: tuple[Coverage, ...], each: Checked) -> bool:
    """Say whether facts that a coverage is of have nothing of a scope, or what is older."""
    mine = [c for c in coverage if c.key == each.coverage.key]
    return not mine or mine[0].taken_at < each.coverage.taken_at
