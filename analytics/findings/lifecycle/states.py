"""The state of each finding, when it was first and last seen, and when it was resolved."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.findings.evaluation import failed, find_all
from analytics.findings.lifecycle.accepted import in_force, lapsed
from analytics.findings.lifecycle.names import Followed, follow, id_of, names_of_findings
from analytics.findings.lifecycle.sighting import Sighting, numbers_of, stating_rows
from analytics.findings.lifecycle.story import NEVER as NO_STEP
from analytics.findings.lifecycle.story import Step, Story, Tracked, tell_all
from analytics.findings.rules import all_rules
from analytics.history import History
from analytics.past import past as past
from analytics.past import versions
from analytics.posture import Posture
from analytics.runtime import progress
from graph.identity.renamed_ids import RenamedIds
from graph.instants import DAY, NEVER, milliseconds
from graph.journal.entries import Acceptance
from graph.once import once
from graph.stores import SnapshotInfo
from graph.values import among

OPEN, ACCEPTED, REOPENED = "open", "accepted", "reopened"
STALE, RESOLVED = "stale_evidence", "resolved"
LISTED = (OPEN, ACCEPTED, REOPENED, STALE)
STATES = (*LISTED, RESOLVED)
FAILING = (OPEN, REOPENED, STALE)  # a source without new data must not turn a build green
SILENT_DAYS = 30
FOR_GOOD = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class Lives:
    """The state of every finding in the snapshots up to a moment.

    `rows`: `id`, `state`, `step` (index of the posture that saw it last), `gone_at` (index of the
    posture in which it was resolved, or -1), `first_seen`, `last_seen`, `resolved_at` and
    `reopened_at` (milliseconds, else `NEVER`). `acceptances` are those in force, by finding;
    `lapsed` are expired ones of findings that still hold; `names` maps earlier ids of findings to
    current ones. `gaps` lists for reopened findings when they were resolved and reopened
    (milliseconds).
    """

    rows: pd.DataFrame
    acceptances: dict[str, Acceptance]
    lapsed: dict[str, Acceptance]
    infos: tuple[SnapshotInfo, ...]
    now: Posture
    names: Followed
    gaps: dict[str, list[tuple[int, int]]]

    def called(self, finding: str) -> str:
        """Return the current id of a finding, given any of its ids."""
        return self.names.now(finding)

    def gone(self, finding: str) -> list[tuple[int, int]]:
        """Return the spans in which a finding was resolved (milliseconds), oldest first."""
        at = self.rows["resolved_at"][self.rows["id"] == finding]
        return [*self.gaps.get(finding, ()), *((n, FOR_GOOD) for n in at.tolist() if n != NEVER)]

    def replaced(self) -> dict[str, str]:
        """Return the ids of findings that are no longer used, mapped to the current ones."""
        old, new = (map(id_of, side.tolist()) for side in self.names.replaced())
        return dict(zip(old, new, strict=True))

    def things(self, step: int) -> RenamedIds:
        """Return the mapping from the node ids of a step to those of the current posture."""
        return RenamedIds(self.posture(step).graph, self.now.graph)

    def posture(self, step: int) -> Posture:
        """Return the posture at a step; the last step is the current posture."""
        if step == len(self.infos):
            return self.now
        assert self.now.history is not None
        return self.now.history.posture(self.infos[step].id)


@once
def lives(posture: Posture) -> Lives:
    """Track the findings of a posture through all earlier snapshots, once for a posture.

    Without history no dates are known; without a journal nothing is accepted.
    """
    infos = past(posture)
    tracked = _tracked(posture, infos)
    story = tracked.story
    times = [*(_ms(info.taken_at) for info in infos), posture.graph.now]
    rows = _rows(story, np.array(times, np.int64), posture.history is not None)
    accepted = in_force(posture, tracked.names, set(rows["id"]))
    now = len(infos)
    old = among(rows["id"], _on_old_evidence(posture))
    state = np.select(
        [
            story.resolved != NO_STEP,
            among(rows["id"], accepted),
            (story.last != now) | old,
            story.reopened != NO_STEP,
        ],
        [RESOLVED, ACCEPTED, STALE, REOPENED],
        OPEN,
    )
    rows = rows.assign(state=pd.array(state, dtype="string"))
    present = set(rows["id"][~rows["state"].isin([RESOLVED, ACCEPTED])])
    over = {i: a for i, a in lapsed(posture, tracked.names, present).items() if i in present}
    gaps: dict[str, list[tuple[int, int]]] = {}
    for number, gone, back in story.gaps:
        gaps.setdefault(id_of(number), []).append((times[gone], times[back]))
    return Lives(rows, accepted, over, infos, posture, tracked.names, gaps)


def listed(
    posture: Posture, states: tuple[str, ...] = LISTED, only: str | None = None
) -> pd.DataFrame:
    """Return the findings in any of `states`, worst first, or only the one with id `only`.

    Returns
    -------
    DataFrame
        The columns of `analytics.findings.evaluation.find_all` and of `Lives.rows`. Numbers of
        nodes are those of the posture at `step`.
    """
    life = lives(posture)
    wanted = life.rows[life.rows["state"].isin(states)]
    wanted = wanted if only is None else wanted[wanted["id"] == only]
    parts = []
    for step in np.unique(wanted["step"])[::-1]:  # the current posture first
        rows = wanted[wanted["step"] == step]
        findings = find_all(life.posture(int(step)))
        parts.append(findings.merge(rows, on="id", how="inner", sort=False))
    if len(parts) == 1:
        return parts[0]
    joined = pd.concat(parts or [find_all(posture).head(0).merge(life.rows.head(0), on="id")])
    return joined.sort_values(
        ["rank", "quantity"], ascending=[True, False], kind="stable", ignore_index=True
    )


def _tracked(posture: Posture, infos: tuple[SnapshotInfo, ...]) -> Tracked:
    if not infos:
        ids = np.unique(numbers_of(find_all(posture)["id"]))
        return Tracked(Story.of(ids), follow([(ids, names_of_findings(posture))]))
    return tell_all([*_past_steps(posture, infos), _step(posture)])


def _rows(story: Story, times: np.ndarray, dated: bool) -> pd.DataFrame:
    def when(steps: np.ndarray) -> np.ndarray:
        return np.where(steps == NO_STEP, NEVER, times[steps])

    known = np.zeros(len(story.ids), bool) | dated
    return pd.DataFrame(
        {
            "id": pd.array([id_of(int(n)) for n in story.ids], dtype="string"),
            "step": story.last,
            "gone_at": story.resolved,
            "first_seen": np.where(known, when(story.first), NEVER),
            "last_seen": np.where(known, when(story.last), NEVER),
            "resolved_at": when(story.resolved),
            "reopened_at": when(story.reopened),
        }
    )


def _step(posture: Posture) -> Step:
    return Step(_sighting(posture), posture.graph.coverage)


@once
def _sighting(posture: Posture) -> Sighting:
    return Sighting.of(posture)


def _past_steps(posture: Posture, infos: tuple[SnapshotInfo, ...]) -> list[Step]:
    """Return the step of each snapshot, from the journal if stored there, else assessed again."""
    journal, history = posture.journal, posture.history
    if not infos or history is None:
        return []
    known = _versions(history, infos)
    steps, fresh = [], {}
    for info in progress.steps("snapshots judged", infos):
        version = known[info.id]
        data = journal.seen(info.id, version) if journal is not None else None
        if data is None:
            then = history.posture(info.id)
            sighting = _step(then).sighting
            if sighting.failed:
                posture.faults |= failed(then)
            else:
                fresh[info.id] = version, sighting.encode()
        else:
            sighting = Sighting.decode(data)
        steps.append(Step(sighting, info.coverage))
    if fresh and journal is not None:
        journal.keep_seen(fresh, [info.id for info in history.infos])
    return steps


def _versions(history: History, infos: tuple[SnapshotInfo, ...]) -> dict[str, str]:
    """Return for each snapshot a text that differs with all that its findings depend on.

    Growth is seen over the snapshots before it, so those of them that were read later count, too.
    """
    known, late, least = versions(history.journal, infos), list[SnapshotInfo](), None
    for info in reversed(history.infos):
        if least is not None and info.sequence > least:
            late.append(info)
        least = info.sequence if least is None else min(least, info.sequence)
    for info in infos if late else ():
        later = [i.id for i in late if i.order < info.order and i.sequence > info.sequence]
        known[info.id] = "-".join([known[info.id], *later])
    return known


def _ms(stamp: pd.Timestamp) -> int:
    return int(milliseconds(pd.Series([stamp]))[0])


def _on_old_evidence(posture: Posture) -> set[str]:
    """Return the ids of findings whose subject no source has declared for `SILENT_DAYS`.

    Among the scopes that declare the subject, those that can declare what the rule needs count, or
    all of them if none can. Age is measured against the newest scope of the snapshot.
    """
    rows = find_all(posture)
    if len(posture.graph.coverage) == 1 and not len(rows):
        return set()
    newest = _ms(posture.graph.facts.taken_at)
    stating = stating_rows(posture, rows["subject"].to_numpy(np.int64))
    taken = {c.key: _ms(c.taken_at) for c in posture.graph.coverage}
    keys = list(zip(stating["source"], stating["scope"], strict=True))
    seen = milliseconds(stating["last_seen"])
    seen = np.where(seen != NEVER, seen, np.array([taken.get(k, NEVER) for k in keys], np.int64))
    needs = {rule.id: rule.needs for rule in all_rules().values()}
    old: set[str] = set()
    for needed, group in rows.groupby(rows["rule"].map(needs), sort=False):
        latest = _latest(posture, stating["number"], seen, keys, set(needed))
        last = latest[group["subject"].to_numpy(np.int64)]
        old |= set(group["id"][(last != NEVER) & (newest - last > SILENT_DAYS * DAY)])
    return old


def _latest(
    posture: Posture,
    number: pd.Series,
    seen: np.ndarray,
    keys: list[tuple[str, str]],
    needed: set[str],
) -> np.ndarray:
    """Return when each node was last declared by a scope that declares a `needed` kind.

    Nodes without such a scope get the last time of any scope, or `NEVER`.
    """
    able = {c.key for c in posture.graph.coverage if needed & set(c.declares)}
    declared = np.array([key in able for key in keys], bool)
    numbers = number.to_numpy(np.int64)
    by_able, by_any = (np.full(len(posture.graph.ids), NEVER) for _ in range(2))
    np.maximum.at(by_able, numbers[declared], seen[declared])
    np.maximum.at(by_any, numbers, seen)
    return np.where(by_able != NEVER, by_able, by_any)
