"""Placing of readings in the history: one older than its current scope changes nothing current.

A reading of an earlier instant than the current facts of its scope becomes a snapshot of its
own instant, with the other scopes as they were then. Snapshots of later instants that have still
older facts of that scope, or none, are replaced by ones that have it; they stay readable. Logs
are excluded: they accumulate in any order, also those that an estate of an earlier instant has.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from graph.facts import Coverage, Facts
from graph.schema import USED
from graph.stores import Behind, SnapshotInfo, Store, in_history
from graph.values import iso
from ingest.job.merge import Checked

Join = Callable[[Facts | None, list[Checked]], "PlannedSnapshot"]


@dataclass(frozen=True)
class PlannedSnapshot:
    """A snapshot to publish, and the readings merged into it.

    `behind` is set if it goes behind the current snapshot; `repeated` if another snapshot of this
    job has the same readings and reports them.
    """

    facts: Facts
    checked: list[Checked]
    warnings: list[str]
    behind: Behind | None = None
    repeated: bool = False


def planned(store: Store, checked: list[Checked], join: Join) -> list[PlannedSnapshot]:
    """Return the snapshots for some readings, in the order of publishing."""
    now = store.current()
    known = {c.key: c.taken_at for c in now.coverage} if now else {}
    late = [c for c in checked if _is_late(c, known)]
    fresh = [c for c in checked if c not in late]
    snapshots: list[PlannedSnapshot] = []
    if now is not None and late:
        timeline = _Timeline(store, now)
        for each in sorted(late, key=lambda c: c.coverage.taken_at):
            timeline.insert(each, join)
        snapshots = timeline.snapshots
    logs = [_logs_of(c, now) for c in late if now is not None and _has_logs(c)]
    if fresh or logs:
        merged = join(store.read(now.id)[1] if now else None, [*fresh, *logs])
        snapshots.append(replace(merged, checked=merged.checked[: len(fresh)]))
    return snapshots


def _has_logs(each: Checked) -> bool:
    return USED in each.frames and bool(each.frames[USED]["by_day"].notna().any())


def _logs_of(each: Checked, now: SnapshotInfo) -> Checked:
    """Return the logs of a late reading alone, to be added to the current facts of its scope."""
    current = next(c for c in now.coverage if c.key == each.coverage.key)
    periods = each.coverage.usage_periods if current.usage_periods else ()
    coverage = replace(current, taken_at=each.coverage.taken_at, usage_periods=periods)
    used = each.frames[USED]
    return replace(
        each.again(),
        coverage=coverage,
        frames={USED: used[used["by_day"].notna()]},
        warnings=[],
        adds_up=True,
        self_contained=False,
    )


def _is_late(each: Checked, known: dict[tuple[str, str], pd.Timestamp]) -> bool:
    current = known.get(each.coverage.key)
    return current is not None and not each.adds_up and each.coverage.taken_at < current


class _Timeline:
    """The snapshots of a store in history, and those about to be published there."""

    def __init__(self, store: Store, current: SnapshotInfo) -> None:
        self._store, self._current = store, current
        self.snapshots: list[PlannedSnapshot] = []
        self._infos: list[SnapshotInfo] | None = None

    def insert(self, each: Checked, join: Join) -> None:
        """Plan a snapshot at the instant of a reading, and replacements of later ones."""
        at, key = each.coverage.taken_at, each.coverage.key
        merged = join(self._at(each), [each])
        newer = next(c.taken_at for c in self._current.coverage if c.key == key)
        warning = (
            f"{'/'.join(key)}: is of {iso(at)}, older than what is current ({iso(newer)}): "
            "it takes its place in the history, and nothing current changes"
        )
        if _has_logs(each):
            warning += " but what its logs of use add up to"
        self.snapshots.append(
            PlannedSnapshot(merged.facts, merged.checked, [*merged.warnings, warning], Behind())
        )
        for info in self._snapshots():
            if info.taken_at > at and info != self._current and _lacks(info.coverage, each):
                self._replace(info, each, join)

    def _replace(self, info: SnapshotInfo, each: Checked, join: Join) -> None:
        """Plan the replacement of a later snapshot, including changes planned for it already."""
        behind = Behind(info.replaces or info.id)
        planned = next((w for w in self.snapshots if w.behind == behind), None)
        facts = planned.facts if planned is not None else self._store.read(info.id)[1]
        if planned is not None:
            if not _lacks(planned.facts.coverage, each):
                return
            self.snapshots = [w for w in self.snapshots if w is not planned]
        merged = join(facts, [each])
        self.snapshots.append(
            PlannedSnapshot(merged.facts, merged.checked, [], behind, repeated=True)
        )

    def _at(self, each: Checked) -> Facts | None:
        """Return the facts that were current at the instant of a reading.

        Of several of one instant the last counts. A planned replacement stands where the snapshot
        stands that it replaces, any other planned snapshot after the stored ones of its instant.
        """
        at = each.coverage.taken_at
        stored = [i for i in self._snapshots() if i.taken_at <= at]
        added = [w.facts for w in reversed(self.snapshots) if w.behind == Behind()]
        newest = max((f for f in added if f.taken_at <= at), key=lambda f: f.taken_at, default=None)
        if newest is not None and (not stored or newest.taken_at >= stored[-1].taken_at):
            return newest
        if not stored:
            return None
        behind = Behind(stored[-1].replaces or stored[-1].id)
        facts = next((w.facts for w in self.snapshots if w.behind == behind), None)
        return self._store.read(stored[-1].id)[1] if facts is None else facts

    def _snapshots(self) -> list[SnapshotInfo]:
        if self._infos is None:
            self._infos = in_history(self._store.snapshots())
        return self._infos


def _lacks(coverage: tuple[Coverage, ...], each: Checked) -> bool:
    """Return whether a coverage has nothing of a reading's scope, or only older facts."""
    known = [c for c in coverage if c.key == each.coverage.key]
    return not known or known[0].taken_at < each.coverage.taken_at
