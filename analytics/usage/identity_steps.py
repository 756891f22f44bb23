"""Identity steps: the control relationships by which one node acts as another, as arrays."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.usage.sightings import LAST_USE, UNUSED_DAYS
from analytics.usage.used_paths import BySource
from graph.access import DELETABLE, AccessGraph, flags
from graph.instants import DAY, NEVER, milliseconds
from graph.schema import (
    AUTHENTICATES_AS,
    CONTROL,
    CREDENTIAL,
    CREDENTIAL_ENDED,
    FACT_NODES,
    TEAM,
    USES,
)

ENDED_AT = ("status_at", "deleted_at")  # properties that date the end of a node


@dataclass(frozen=True)
class Steps:
    """All rows of the control relationships, in the order of `CONTROL`, one position each.

    `first` is where the rows of each relationship begin, plus the end. `source` and `target` are
    numbers of nodes. `kept` (bool) marks the steps by which one node acts as another that are in
    force or were within the last `UNUSED_DAYS` days, as were both of its ends; `login` those of a
    credential.
    """

    first: np.ndarray
    source: np.ndarray
    target: np.ndarray
    kept: np.ndarray
    login: np.ndarray

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.source)

    @classmethod
    def of(cls, graph: AccessGraph) -> "Steps":
        """List the steps of a graph."""
        sizes = [len(graph.frames[relationship]) for relationship in CONTROL]
        ends = [graph.ends(relationship) for relationship in CONTROL]
        source = np.concatenate([s for s, _ in ends]).astype(np.int64)
        target = np.concatenate([t for _, t in ends]).astype(np.int64)
        kind = np.repeat(np.arange(len(CONTROL)), sizes)
        begun, ended = (
            np.concatenate([milliseconds(graph.frames[r][name]) for r in CONTROL])
            for name in ("valid_from", "valid_to")
        )
        since = graph.now - UNUSED_DAYS * DAY
        kept = (begun <= graph.now) & ((ended == NEVER) | (ended > since))
        kept &= np.array([r.identity for r in CONTROL])[kind] & (source >= 0) & (target >= 0)
        kept &= ~graph.has_label(TEAM)[target]
        kept &= graph.existing[source] & graph.existing[target]  # what is yet to come did nothing
        over = _over_by(graph, since)
        kept &= ~over[source] & ~over[target]
        login = kept & (kind == CONTROL.index(AUTHENTICATES_AS))
        return cls(np.concatenate([[0], np.cumsum(sizes)]), source, target, kept, login)

    @cached_property
    def is_only(self) -> np.ndarray:
        """Mask of the kept steps that are the only one into their target."""
        count = np.bincount(self.target[self.kept], minlength=self._nodes)
        return np.asarray(self.kept & (count[self.target] == 1))

    @cached_property
    def only_login(self) -> np.ndarray:
        """Mask of the steps that are the only login of a credential."""
        logins = np.bincount(self.source[self.login], minlength=self._nodes)
        return np.asarray(self.login & (logins[self.source] == 1))

    @property
    def _nodes(self) -> int:
        return int(max(self.source.max(initial=-1), self.target.max(initial=-1))) + 1

    def by_source(self, nodes: int) -> BySource:
        """Return the kept steps by source."""
        kept = np.flatnonzero(self.kept)
        order = kept[np.argsort(self.source[kept], kind="stable")].astype(np.int32)
        first = np.searchsorted(self.source[order], np.arange(nodes + 1))
        return BySource(first, order, self.target.astype(np.int32))

    def of_keys(self, uses: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        """Return the steps that uses name by a key and its account or agent, with their ranks."""
        named = uses[(uses["key"] >= 0) & (uses["principal"] >= 0)]
        if named.empty:
            return np.zeros(0, np.int64), np.zeros(0, np.int32)
        parts = []
        by_key, by_user = ["key", "principal"], ["principal", "key"]
        for relationship, ends in ((AUTHENTICATES_AS, by_key), (USES, by_user)):
            at = CONTROL.index(relationship)
            place = np.arange(self.first[at], self.first[at + 1])
            link = {"source": self.source[place], "target": self.target[place], "step": place}
            use = pd.DataFrame(
                {
                    "source": named[ends[0]].to_numpy(np.int64),
                    "target": named[ends[1]].to_numpy(np.int64),
                    "rank": named.index.to_numpy(np.int32),
                }
            )
            parts.append(use.merge(pd.DataFrame(link), on=["source", "target"]))
        both = pd.concat(parts, ignore_index=True)
        return both["step"].to_numpy(np.int64), both["rank"].to_numpy(np.int32)

    def watched(self, graph: AccessGraph) -> np.ndarray:
        """Return a mask of the kept steps whose source declares that their use is observed."""
        observed = np.concatenate([flags(graph.frames[r]["telemetry"]) for r in CONTROL])
        return np.asarray(observed & self.kept)

    def reported_until(self, graph: AccessGraph) -> np.ndarray:
        """Return until when a log of its own would report the use of each step (milliseconds).

        A step that declares a last use, or that its use is observed, is covered until its source
        was read; a node that declares its last use covers the steps that begin at it. `NEVER`
        without either.
        """
        parts = [np.zeros(0, np.int64)]
        for relationship in CONTROL:
            frame = graph.frames[relationship]
            if frame.empty:
                continue
            reports = frame["last_used_at"].notna().to_numpy(bool) | flags(frame["telemetry"])
            parts.append(np.where(reports, _read_at(graph, frame), NEVER))
        of_node = np.full(len(graph.ids), NEVER)
        for label in FACT_NODES:
            frame = graph.frames[label]
            if frame.empty:
                continue
            declared = [frame[name].notna().to_numpy(bool) for name in LAST_USE if name in frame]
            reports = np.any(declared, axis=0) if declared else np.zeros(len(frame), bool)
            rows = frame[reports]
            of_node[graph.numbers(rows["id"])] = _read_at(graph, rows)
        return np.asarray(np.maximum(np.concatenate(parts), of_node[self.source]))


def _over_by(graph: AccessGraph, instant: int) -> np.ndarray:
    """Return a mask of the nodes that ended by an instant: deleted, or a credential at its end.

    Where nobody says when, it may have been later.
    """
    over = np.zeros(len(graph.ids), bool)
    for label in (*DELETABLE, CREDENTIAL):
        frame = graph.frames[label]
        ended = frame["status"].isin(CREDENTIAL_ENDED if label is CREDENTIAL else ("deleted",))
        ends = [ended.to_numpy(bool) & _by(frame, c, instant) for c in ENDED_AT if c in frame]
        if label is CREDENTIAL:
            ends.append(_by(frame, "expires_at", instant))
        if ends:
            over[graph.numbers(frame["id"][np.logical_or.reduce(ends)])] = True
    return over


def _by(frame: pd.DataFrame, column: str, instant: int) -> np.ndarray:
    """Return a mask of the rows whose instant in a column is known, and no later than another."""
    at = milliseconds(frame[column])
    return np.asarray((at != NEVER) & (at <= instant))


def _read_at(graph: AccessGraph, frame: pd.DataFrame) -> np.ndarray:
    """Return when the source of each row was last read; by default when the snapshot was taken."""
    seen = milliseconds(frame["last_seen"])
    taken = milliseconds(pd.Series([graph.facts.taken_at]))
    return np.where(seen == NEVER, taken, seen)
