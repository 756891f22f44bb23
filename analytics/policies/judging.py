"""What a policy set says of requests of the past, each with the posture of its time.

A request is judged with the last snapshot whose facts are of its instant or before. One before all
snapshots is judged with the earliest; there are as many as `Judged.early` has.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.engines.policy_set import Mentions, PolicySet, Question, Verdict
from analytics.past import past
from analytics.policies.alike import Ends
from analytics.policies.asked import Asked
from analytics.policies.cedar_entities import uid
from analytics.policies.distinct import GRANT_END, Contexts, distinct
from analytics.policies.grant_ends import grant_ends
from analytics.posture import Posture
from graph.instants import NEVER, millisecond
from graph.stores import SnapshotInfo

NOT_ASKED = -1


@dataclass(frozen=True)
class Judged:
    """What a policy set says of each request of `asked`, in its order.

    `verdict` (int64) is a position in `verdicts`, -1 where the request cannot be judged; `snapshot`
    (int64) is one in `snapshots`, oldest first. `early` masks the requests before all snapshots,
    `absent` those whose identity or resource their snapshot does not have. `evaluated` counts the
    distinct requests that the engine was asked.
    """

    asked: Asked
    verdict: np.ndarray
    verdicts: tuple[Verdict, ...]
    snapshot: np.ndarray
    snapshots: tuple[SnapshotInfo | None, ...]
    early: np.ndarray
    absent: np.ndarray
    evaluated: int

    @property
    def outcome(self) -> np.ndarray:
        """The outcome of each request: a position in `OUTCOMES` (int64), -1 where not judged."""
        outcomes = np.array([v.outcome for v in self.verdicts] + [NOT_ASKED], np.int64)
        return np.asarray(outcomes[self.verdict])


def judged(posture: Posture, policies: PolicySet, asked: Asked) -> Judged:
    """Return what a policy set says of each request; see `Judged`."""
    infos: tuple[SnapshotInfo | None, ...] = (*past(posture), posture.graph.snapshot)
    at = asked.rows["at"].to_numpy(np.int64)
    place, early = _placed(posture, infos, at)
    count = len(asked.rows)
    verdict, absent = np.full(count, NOT_ASKED, np.int64), np.zeros(count, bool)
    pool: dict[Verdict, int] = {}
    evaluated = 0
    for number in np.unique(place[asked.askable]).tolist():
        rows = np.flatnonzero((place == number) & asked.askable)
        part = _Part.of(posture, _then(posture, infos[number]), asked, rows, policies.mentions)
        groups = distinct(part.columns(), len(rows))
        answers = policies.judge(
            map(part.question, groups.first.tolist()), part.ends.entities(groups.first)
        )
        of_group = np.array([pool.setdefault(v, len(pool)) for v in answers], np.int64)
        verdict[rows], absent[rows] = of_group[groups.group], part.absent
        evaluated += len(groups.first)
    return Judged(asked, verdict, tuple(pool), place, infos, early, absent, evaluated)


def _placed(
    posture: Posture, infos: tuple[SnapshotInfo | None, ...], at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the snapshot of each instant, and a mask of the instants before all snapshots."""
    taken = [info.taken_at for info in infos if info is not None]
    if len(taken) < len(infos):  # facts without a store are those of one moment
        return np.zeros(len(at), np.int64), at < posture.graph.now
    begins = np.array([millisecond(stamp) for stamp in taken], np.int64)
    place = np.searchsorted(begins, at, "right") - 1
    return np.maximum(place, 0).astype(np.int64), place < 0


def _then(posture: Posture, info: SnapshotInfo | None) -> Posture:
    """Return the posture of a snapshot."""
    if info is None or posture.history is None or info == posture.graph.snapshot:
        return posture
    return posture.history.posture(info.id)


@dataclass(frozen=True)
class _Part:
    """The requests of one snapshot: their ends, actions and contexts."""

    ends: Ends
    action: np.ndarray
    contexts: Contexts

    @classmethod
    def of(
        cls, now: Posture, then: Posture, asked: Asked, rows: np.ndarray, mentions: Mentions
    ) -> "_Part":
        """Return the requests at `rows` of `asked`, by the facts of the posture `then`."""
        part = asked
        if len(rows) < len(asked.rows):  # else a copy of all of them
            part = Asked(asked.rows.iloc[rows].reset_index(drop=True), asked.records)
        principal, resource, level = (
            part.rows[name].to_numpy(np.int64) for name in ("principal", "resource", "level")
        )
        earlier = _earlier(now, then, principal), _earlier(now, then, resource)
        grant_end = np.full(len(rows), NEVER)
        if mentions.context(GRANT_END):
            grant_end = grant_ends(then, *earlier, level)
        return cls(
            Ends(now.graph, then, principal, resource, *earlier, mentions),
            part.rows["action"].to_numpy(object),
            Contexts.of(part, mentions, grant_end),
        )

    @property
    def absent(self) -> np.ndarray:
        """Mask of the requests about a node that was not there."""
        return np.asarray((self.ends.principal_then < 0) | (self.ends.resource_then < 0))

    def columns(self) -> Iterator[np.ndarray]:
        """Yield columns of integers that tell requests apart."""
        yield from self.ends.columns()
        yield pd.factorize(self.action)[0]
        yield from self.contexts.codes()

    def question(self, row: int) -> Question:
        """Return the request of a row."""
        principal, resource = (
            self.ends.now.thing(int(of[row])) for of in (self.ends.principal, self.ends.resource)
        )
        return Question(
            uid(principal["label"], principal["id"]),
            uid("Action", self.action[row]),
            uid(resource["label"], resource["id"]),
            self.contexts.at(row),
        )


def _earlier(now: Posture, then: Posture, numbers: np.ndarray) -> np.ndarray:
    """Return the numbers that nodes had in an earlier posture; -1 for those it does not have."""
    if then is now:
        return numbers
    distinct_numbers, place = np.unique(numbers, return_inverse=True)
    ids = now.graph.things["id"].iloc[distinct_numbers]
    return then.graph.numbers(ids)[place].astype(np.int64)
