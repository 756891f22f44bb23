"""Requests that a policy set cannot tell apart, merged: each is evaluated once, and counts often.

Nothing is sampled. Of the instant of a request counts only how it compares with what the policies
compare it with; if they read it in any other way, every instant counts. Of other names in the
context counts their value, or only their presence, or nothing, as the policies read them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.engines.policy_set import Mentions
from analytics.policies.asked import NONE, RECORDED, Asked
from graph.instants import NEVER, milliseconds

SECOND = 1000  # milliseconds; instants in a context are seconds since 1970
NOW, GRANT_END, JUSTIFICATION = "now", "grant_expires_at", "justification"


@dataclass(frozen=True)
class Distinct:
    """The distinct ones of a set of requests: a row of each, and the group of each row."""

    first: np.ndarray
    group: np.ndarray


@dataclass(frozen=True)
class Contexts:
    """The context of requests, as far as the policies mention it.

    `now` and `ends` are seconds since 1970 (int64), `ends` -1 where no grant says so; `record` is
    the place in the columns `recorded` of what tells the rest, -1 for none; `expired` masks the
    requests whose justification did not hold any more.
    """

    mentions: Mentions
    now: np.ndarray
    ends: np.ndarray
    record: np.ndarray
    expired: np.ndarray
    recorded: dict[str, np.ndarray]

    @classmethod
    def of(cls, asked: Asked, mentions: Mentions, ends: np.ndarray) -> "Contexts":
        """Return the contexts of requests whose grants end at `ends` (milliseconds or `NEVER`)."""
        at, record = (asked.rows[name].to_numpy(np.int64) for name in ("at", "record"))
        until = milliseconds(asked.records["justification_expires_at"])
        until = np.append(until, NEVER)[record]
        return cls(
            mentions,
            at // SECOND,
            np.where(ends == NEVER, NONE, ends // SECOND),
            record,
            (until != NEVER) & (at > until),
            {
                name: np.append(asked.records[field].to_numpy(object), [None])
                for name, field in RECORDED.items()
                if mentions.context(name)
            },
        )

    def codes(self) -> Iterator[np.ndarray]:
        """Yield columns of small integers (int64): equal where the policies see no difference."""
        yield from self._now()
        if self.mentions.context(GRANT_END):
            valued = self.mentions.everything or GRANT_END in self.mentions.valued
            yield _coded(self.ends, valued)
        for name, values in self.recorded.items():
            valued = self.mentions.everything or name in self.mentions.valued
            codes, _ = pd.factorize(values)
            column = codes[self.record]
            if name == JUSTIFICATION:
                column = np.where(self.expired, NONE, column)
            yield _coded(column, valued)

    def at(self, row: int) -> dict[str, Any]:
        """Return the context of one request, as plain data."""
        context: dict[str, Any] = {}
        if self._reads_now:
            context[NOW] = int(self.now[row])
        if self.mentions.context(GRANT_END) and self.ends[row] != NONE:
            context[GRANT_END] = int(self.ends[row])
        for name, values in self.recorded.items():
            value = values[self.record[row]]
            if not pd.isna(value) and not (name == JUSTIFICATION and self.expired[row]):
                context[name] = value
        return context

    @property
    def _reads_now(self) -> bool:
        seen = self.mentions
        return seen.everything or seen.now_exact or bool(seen.now_against) or seen.context(NOW)

    def _now(self) -> Iterator[np.ndarray]:
        """Yield how the instants compare with what they are compared with, or the instants."""
        if self.mentions.everything or self.mentions.now_exact:
            yield self.now
            return
        for against in sorted(self.mentions.now_against, key=str):
            if isinstance(against, int):
                yield np.sign(self.now - against)
            elif against == GRANT_END:
                yield np.where(self.ends == NONE, 2, np.sign(self.now - self.ends))
            # a recorded text is no instant: the policy has an error, whatever the instant is


def _coded(column: np.ndarray, valued: bool) -> np.ndarray:
    """Return a column, or only whether it holds something."""
    return column if valued else (column != NONE).astype(np.int64)


def distinct(columns: Iterable[np.ndarray], count: int) -> Distinct:
    """Group `count` rows whose columns (int64) are equal; one column is taken at a time.

    >>> distinct([np.array([7, 7, 8]), np.array([0, 1, 1])], 3).group
    array([0, 1, 2])
    """
    group = np.zeros(count, np.int64)
    for column in columns:
        codes, names = pd.factorize(column)
        group *= max(len(names), 1)
        group += codes
        group = pd.factorize(group)[0].astype(np.int64, copy=False)
    return Distinct(firsts(group), group)


def firsts(group: np.ndarray) -> np.ndarray:
    """Return the first row of each group (int64); groups are numbered as they come first.

    >>> firsts(np.array([0, 1, 0, 2]))
    array([0, 1, 3])
    """
    first = np.zeros(group.max(initial=-1) + 1, np.int64)
    first[group[::-1]] = np.arange(len(group) - 1, -1, -1)  # the last one written stays
    return first
