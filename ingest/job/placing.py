"""Placing of readings in the history, so that they may be read in any order.

A reading of an earlier instant than the current facts, of its scope or of another, becomes a
snapshot of its own instant, with the other scopes as they were then. Snapshots of later instants
that have still older facts of its scope, or none, or that added only partial readings to it since,
are replaced by ones that have it; they stay readable. What is current is amended likewise. Logs are
excluded: they accumulate in any order, also those that an estate of an earlier instant has.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import pandas as pd

from graph.facts import Coverage, Facts
from graph.schema import USED
from graph.stores import Behind, SnapshotInfo, Store, in_history
from graph.values import iso
from ingest.job.beneath import put_beneath
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
    if now is None:
        return [join(None, checked)]
    known = {c.key: c.taken_at for c in now.coverage}
    timeline = _Timeline(store, now)
    late = [c for c in checked if _is_late(c, known)]
    older = [c for c in checked if c not in late and _is_older(c, now, known)]
    older = [c for c in older if timeline.had(c)]
    for each in sorted([*late, *older], key=lambda c: c.coverage.taken_at):
        timeline.insert(each, each in late, join)
    latest = [c for c in checked if c not in late and c not in older]
    return timeline.snapshots + _current(timeline, [older, latest], late, join)


def _current(
    timeline: "_Timeline", groups: list[list[Checked]], late: list[Checked], join: Join
) -> list[PlannedSnapshot]:
    """Return what becomes current: of the instant of what is current, then of a later one.

    The former takes the place of what is current in the history.
    """
    older, latest = groups
    logs = [_logs_of(c, timeline.coverage) for c in late if _has_logs(c)]
    snapshots, facts = [], timeline.amended
    if older or (logs and not latest):
        merged = join(timeline.facts(), [*older, *([] if latest else logs)])
        snapshots, facts = [replace(merged, checked=merged.checked[: len(older)])], merged.facts
    elif facts is not None:
        snapshots = [PlannedSnapshot(facts, [], [])]
    if snapshots and (older or timeline.amended is not None):
        snapshots = [replace(snapshots[0], behind=timeline.in_place(current=not latest))]
    if latest:
        merged = join(timeline.facts() if facts is None else facts, [*latest, *logs])
        snapshots.append(replace(merged, checked=merged.checked[: len(latest)]))
    return snapshots


def _has_logs(each: Checked) -> bool:
    return USED in each.frames and bool(each.frames[USED]["by_day"].notna().any())


def _logs_of(each: Checked, now: tuple[Coverage, ...]) -> Checked:
    """Return the logs of a late reading alone, to be added to the current facts of its scope."""
    current = next(c for c in now if c.key == each.coverage.key)
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


def _is_older(each: Checked, now: SnapshotInfo, known: dict[tuple[str, str], pd.Timestamp]) -> bool:
    """Return whether a reading is the newest of its scope, and earlier than what is current."""
    at, current = each.coverage.taken_at, known.get(each.coverage.key)
    return not each.adds_up and current is not None and current < at < now.taken_at


class _Timeline:
    """The snapshots of a store in history, and those about to be published there.

    `amended` are the current facts if a late reading belongs into them, else None.
    """

    def __init__(self, store: Store, current: SnapshotInfo) -> None:
        self._store, self._info = store, current
        self.snapshots: list[PlannedSnapshot] = []
        self.amended: Facts | None = None

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """The coverage of the current facts."""
        return self._info.coverage if self.amended is None else self.amended.coverage

    def facts(self) -> Facts:
        """Return the current facts."""
        return self._store.read(self._info.id)[1] if self.amended is None else self.amended

    def had(self, each: Checked) -> bool:
        """Return whether an entry before what is current has the scope of a reading.

        Else it was first seen in what is current, however old its export: a file that nobody
        changed for years would have all snapshots of the history written anew.
        """
        before = [i for i in self._history if i.taken_at < self._info.taken_at]
        return any(c.key == each.coverage.key for i in before for c in i.coverage)

    def in_place(self, *, current: bool) -> Behind:
        """Return the place in the history of what is current."""
        return Behind(self._info.replaces or self._info.id, current)

    def insert(self, each: Checked, late: bool, join: Join) -> None:
        """Plan a snapshot at the instant of a reading, and replacements of later ones.

        What is current changes only by a late reading to which partial ones were added since; one
        that is new of its scope is joined with it by the caller.
        """
        at, before = each.coverage.taken_at, self._at(each)
        merged = join(before, [each])
        later = [info for info in self._history if info.taken_at > at]
        amend = partial(_amended, each=each, before=before, then=merged.facts, join=join)
        if late and self._belongs(each, self.coverage):
            self.amended = amend(self.facts())
        warnings = [*merged.warnings, self._warning(each)] if late else []
        entry = PlannedSnapshot(merged.facts, merged.checked, warnings, Behind(), not late)
        self.snapshots.append(entry)
        for info in later:
            if info != self._info and self._belongs(each, info.coverage):
                self._replace(info, each, amend)

    def _warning(self, each: Checked) -> str:
        key = each.coverage.key
        newer = next(c.taken_at for c in self._info.coverage if c.key == key)
        changes = "nothing current changes"
        if self._belongs(each, self._info.coverage):
            changes = "what was read in part since is added to it"
        elif _has_logs(each):
            changes += " but what its logs of use add up to"
        return (
            f"{'/'.join(key)}: is of {iso(each.coverage.taken_at)}, older than what is current "
            f"({iso(newer)}): it takes its place in the history, and {changes}"
        )

    def _belongs(self, each: Checked, coverage: tuple[Coverage, ...]) -> bool:
        """Return whether a reading is part of later facts of this coverage.

        It is not once its scope was read completely after it. Where that cannot be seen any more,
        as older snapshots were pruned, it is taken for read completely.
        """
        if _lacks(coverage, each):
            return True
        at, infos = each.coverage.taken_at, self._every
        until = next(c.taken_at for c in coverage if c.key == each.coverage.key)
        if until == at or (infos[0].taken_at > at and len(infos) < max(i.sequence for i in infos)):
            return False
        entries = [w.facts.coverage for w in self.snapshots] + [i.coverage for i in infos]
        readings = {c for entry in entries for c in entry if c.key == each.coverage.key}
        return not any(c.complete and at < c.taken_at <= until for c in readings)

    def _replace(self, info: SnapshotInfo, each: Checked, amend: Callable[[Facts], Facts]) -> None:
        """Plan the replacement of a later snapshot, including changes planned for it already."""
        behind = Behind(info.replaces or info.id)
        planned = next((w for w in self.snapshots if w.behind == behind), None)
        if planned is not None and not self._belongs(each, planned.facts.coverage):
            return
        facts = planned.facts if planned is not None else self._store.read(info.id)[1]
        self.snapshots = [w for w in self.snapshots if w is not planned]
        self.snapshots.append(PlannedSnapshot(amend(facts), [], [], behind, repeated=True))

    def _at(self, each: Checked) -> Facts | None:
        """Return the facts that were current at the instant of a reading.

        Of several of one instant the last counts. A planned replacement stands where the snapshot
        stands that it replaces, any other planned snapshot after the stored ones of its instant.
        """
        at = each.coverage.taken_at
        stored = [i for i in self._history if i.taken_at <= at]
        added = [w.facts for w in reversed(self.snapshots) if w.behind == Behind()]
        newest = max((f for f in added if f.taken_at <= at), key=lambda f: f.taken_at, default=None)
        if newest is not None and (not stored or newest.taken_at >= stored[-1].taken_at):
            return newest
        if not stored:
            return None
        behind = Behind(stored[-1].replaces or stored[-1].id)
        facts = next((w.facts for w in self.snapshots if w.behind == behind), None)
        return self._store.read(stored[-1].id)[1] if facts is None else facts

    @cached_property
    def _every(self) -> list[SnapshotInfo]:
        return self._store.snapshots()

    @cached_property
    def _history(self) -> list[SnapshotInfo]:
        return in_history(self._every)


def _amended(facts: Facts, each: Checked, before: Facts | None, then: Facts, join: Join) -> Facts:
    """Return later facts with a reading that belongs into them."""
    if _lacks(facts.coverage, each):
        return join(facts, [each]).facts
    return put_beneath(facts, each, before, then, lambda f, c: join(f, c).facts)


def _lacks(coverage: tuple[Coverage, ...], each: Checked) -> bool:
    """Return whether a coverage has nothing of a reading's scope, or only older facts."""
    known = [c for c in coverage if c.key == each.coverage.key]
    return not known or known[0].taken_at < each.coverage.taken_at
