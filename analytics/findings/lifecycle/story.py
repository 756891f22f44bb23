"""Tracking of findings over snapshots: when each appears, is resolved and is reopened."""

from dataclasses import dataclass, replace

import numpy as np

from analytics.findings.lifecycle.names import Followed, follow
from analytics.findings.lifecycle.sighting import Sighting, among
from analytics.findings.rules import all_rules
from graph.facts import Coverage

NEVER = -1  # no step


@dataclass(frozen=True)
class Step:
    """One snapshot: its findings, and the coverage of its sources."""

    sighting: Sighting
    coverage: tuple[Coverage, ...]


@dataclass(frozen=True)
class Story:
    """The history of each finding; all arrays but `ids` hold positions of steps, or -1.

    `ids` (uint64, sorted), `first` and `last` (when it was seen), `resolved` (when it was absent
    although its rule could be judged; -1 if it is not resolved) and `reopened` (last return).
    `gaps` has an (id, resolved, reopened) triple for each return.
    """

    ids: np.ndarray
    first: np.ndarray
    last: np.ndarray
    resolved: np.ndarray
    reopened: np.ndarray
    gaps: tuple[tuple[int, int, int], ...] = ()

    @classmethod
    def of(cls, ids: np.ndarray) -> "Story":
        """Build the history of findings (`ids`, sorted) that only one step has seen."""
        once, never = np.zeros(len(ids), np.int64), np.full(len(ids), NEVER)
        return cls(ids, once, once, never, never)


@dataclass(frozen=True)
class Tracked:
    """The history of findings (`story`), and the latest ids of findings (`names`)."""

    story: Story
    names: Followed


def tell_all(steps: list[Step]) -> Tracked:
    """Track every finding through `steps`, oldest first, across changes of ids."""
    seen = [s.sighting for s in steps]
    names = follow([(s.ids, s.names) for s in seen])
    things = follow([(s.judged, s.things) for s in seen])
    return Tracked(tell([_under(step, names, things) for step in steps]), names)


def _under(step: Step, names: Followed, things: Followed) -> Step:
    """Return a step under the latest ids of findings and nodes.

    If two nodes were merged and are separate again, a finding of the merged one counts for both.
    """
    seen = step.sighting
    if not len(names.known) and not len(things.known):
        return step
    of, other = names.called(seen.names.of), names.called(seen.names.other)
    parted = of != other
    row = np.r_[np.arange(len(seen.ids)), np.searchsorted(seen.ids, seen.names.of[parted])]
    ids, first = np.unique(np.r_[names.called(seen.ids), other[parted]], return_index=True)
    row = row[first]
    renamed = replace(
        seen,
        ids=ids,
        group=seen.group[row],
        subject=things.called(seen.subject[row]),
        judged=np.unique(things.called(seen.judged)),
        declared={
            kind: np.unique(things.called(declared)) for kind, declared in seen.declared.items()
        },
    )
    return replace(step, sighting=renamed)


def tell(steps: list[Step]) -> Story:
    """Track every finding through `steps`, oldest first, by its id.

    A missing finding is resolved if the scopes that declare its subject or its object could still
    have shown it; else it stays, on the evidence of the last step that saw it.
    """
    ids = np.unique(np.concatenate([s.sighting.ids for s in steps]))
    first, last = np.full(len(ids), NEVER), np.full(len(ids), NEVER)
    resolved, reopened = first.copy(), first.copy()
    gaps: list[tuple[int, int, int]] = []
    for at, step in enumerate(steps):
        present = among(ids, step.sighting.ids)
        back = present & (resolved != NEVER)
        gone = zip(ids[back].tolist(), resolved[back].tolist(), strict=True)
        gaps += [(number, since, at) for number, since in gone]
        reopened[back], resolved[back] = at, NEVER
        first[present & (first == NEVER)] = at
        last[present] = at
        missing = np.flatnonzero(~present & (first != NEVER) & (resolved == NEVER))
        for seen in np.unique(last[missing]):
            places = missing[last[missing] == seen]
            resolved[places[_could_show(ids[places], steps[seen], step)]] = at
    return Story(ids, first, last, resolved, reopened, tuple(gaps))


def _could_show(ids: np.ndarray, then: Step, now: Step) -> np.ndarray:
    """Return a mask of findings seen `then` that the step `now` would show if they still held."""
    seen = then.sighting
    place = np.searchsorted(seen.ids, ids)
    silent = [
        rule in now.sighting.failed or silenced(scopes, rule, then, now)
        for rule, scopes in seen.groups
    ]
    open_ = ~np.array(silent, bool)[seen.group[place]]
    subject, rules = seen.subject[place], np.array([g[0] for g in seen.groups], object)
    needs = {rule.id: rule.needs for rule in all_rules().values()}
    here = among(subject, now.sighting.judged)
    for kind, declared in seen.declared.items():
        needy = np.array([kind in needs.get(r, ()) for r in rules], bool)[seen.group[place]]
        lost = among(subject, declared) & ~among(
            subject, now.sighting.declared.get(kind, declared[:0])
        )
        open_ &= ~(needy & here & lost)
    return np.asarray(open_)


def silenced(scopes: tuple[tuple[str, str], ...], rule: str, then: Step, now: Step) -> bool:
    """Return whether a scope that declared an end can no longer show what the rule needs."""
    needs = {r.id: r.needs for r in all_rules().values()}.get(rule, ())
    before = {c.key: c for c in then.coverage}
    after = {c.key: c for c in now.coverage}
    for key in scopes:
        old, new = before.get(key), after.get(key)
        if old is None:
            continue
        if new is None or (old.complete and not new.complete):
            return True
        if set(needs) & set(old.declares) - set(new.declares):
            return True
    return not set(needs) <= set(now.sighting.kinds)
