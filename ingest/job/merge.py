"""Merging of a read with the facts before it: an absent row is not a removal.

A complete read replaces the rows of its source and scope. A partial one adds to them: rows that
it does not mention stay, with their `last_seen`. A complete read is treated as partial when most
nodes of its scope are missing, or kinds of fact that it declared before. Logs accumulate: rows of
earlier reads stay; see `ingest.job.merge_logs`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from graph.coverage import kind_of_field
from graph.element import Dtype, Element, Node, Relationship, Table
from graph.facts import Coverage, Facts
from graph.frames import empty
from graph.schema import ELEMENTS, FACT_NODES, USED
from graph.values import canonical
from ingest.job.merge_logs import added_coverage, added_up, gaps, watched
from ingest.job.missing_ends import with_waiting
from ingest.source import Across, Rejected

ALL = 100.0  # percent: every missing node counts as removed
MAX_LOSS = 50.0  # percent of missing nodes of a scope above which a read is treated as partial
FEW = 20  # nodes; the limit applies to scopes with at least this many
STAMPS = ("source", "scope", "first_seen", "last_seen")

Frames = dict[Element, pd.DataFrame]


@dataclass
class Checked:
    """A reading whose rows meet the schema, with its rejected rows and warnings.

    `unread` holds the ids, or the two ends, of the rejected rows, and `in_rejected` the ids of the
    things that parts name which the connector rejected. `changes_only` is True if its rows hold
    what changed of a thing, and nothing of the rest. `origins` has by id the `file` and `place`
    of rows, and `paths` are those that were read.
    """

    coverage: Coverage
    frames: Frames
    read: int
    origin: str
    origins: Frames = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unread: Frames = field(default_factory=dict)
    in_rejected: frozenset[str] = frozenset()
    changes_only: bool = False
    adds_up: bool = False
    self_contained: bool = True
    in_full: dict[str, list[str]] = field(default_factory=dict)
    paths: Sequence[Path] = ()
    across: Across | None = None

    @property
    def lost(self) -> list[Rejected]:
        """The rejected entries that stand for whole unreadable files."""
        return [row for row in self.rejected if row.whole_file]

    def again(self) -> "Checked":
        """Return a copy that can be merged separately."""
        return replace(
            self,
            frames=dict(self.frames),
            rejected=list(self.rejected),
            warnings=list(self.warnings),
        )

    def own(self, rows: pd.DataFrame) -> pd.Series:
        """Return the mask of the rows of its source and scope."""
        return (rows["source"] == self.coverage.source) & (rows["scope"] == self.coverage.scope)


def carry(
    before: Facts | None, checked: list[Checked], warnings: list[str], max_loss: float | None
) -> tuple[Frames, tuple[Coverage, ...]]:
    """Merge new readings with the facts before of other scopes, and of partial reads."""
    fresh = {c.coverage.key: c for c in checked}
    known = {c.key: c for c in before.coverage} if before else {}
    declared = with_waiting(before.frames) if before else {}
    for key, each in fresh.items():
        if before is None or key not in known or each.adds_up:
            continue
        _doubt(each, before, max_loss)
        if not each.coverage.complete:
            _remember(each, known[key], declared)
    frames = {e: _join(e, declared.get(e), checked) for e in ELEMENTS}
    for key, each in fresh.items():
        if key in known and each.adds_up:
            each.coverage = added_coverage(each.coverage, known[key])
        elif key in known and each.coverage.usage_periods:
            each.coverage = watched(each.coverage, known[key].usage_periods)
        warnings += gaps(each.coverage)
    coverage = tuple((known | {k: c.coverage for k, c in fresh.items()}).values())
    return frames, coverage


def _doubt(each: Checked, before: Facts, limit: float | None) -> None:
    """Mark a complete read as partial if it declares less than its scope did before.

    An export that was truncated between two rows looks complete, and so does one that lacks a file.
    The author of a self-contained one declares its completeness and its kinds of fact.
    """
    believed = ALL if each.self_contained else MAX_LOSS
    max_loss = believed if limit is None else limit
    if not each.coverage.complete or max_loss >= ALL:
        return
    name = "/".join(each.coverage.key)
    (coverage_before,) = (c for c in before.coverage if c.key == each.coverage.key)
    dropped = [kind for kind in coverage_before.declares if kind not in each.coverage.declares]
    doubts = []
    if dropped and not each.self_contained:
        kinds = ", ".join(dropped)
        doubts.append(f"{name}: states no {kinds} any more (--max-loss 100 if that is meant)")
    declared, gone = _lost(each, before)
    if declared >= FEW and gone * 100 > max_loss * declared:
        doubts.append(
            f"{name}: {gone} of {declared} things are not mentioned any more, "
            f"more than {max_loss:g} %"
        )
    if doubts:
        each.coverage = replace(each.coverage, complete=False)
        each.warnings += [
            f"{doubt}: taken as a partial read, and nothing is retired" for doubt in doubts
        ]


def _lost(each: Checked, before: Facts) -> tuple[int, int]:
    """Count the nodes that a scope declared before, and those of them that are missing now."""
    declared, gone = 0, 0
    for label in FACT_NODES:
        rows, now = before.frames[label], each.frames.get(label)
        ids = rows["id"][each.own(rows)]
        declared += len(ids)
        gone += len(ids) if now is None else int((~ids.isin(now["id"])).sum())
    return declared, gone


# -- partial reads ---------------------------------------------------------------------------------


def _remember(each: Checked, before: Coverage, declared: Frames) -> None:
    """Complete a partial read with the facts before of its scope that it cannot declare now.

    Those facts still hold, so the scope keeps declaring their kinds; a null in a row of a kind that
    this read cannot declare is unknown, not absent. If a file could not be read, or if the rows
    hold changes only, that holds for every kind. Uses count as observed from the later of both
    starts: before it, only some of the facts that are now together were observed.
    """
    now = each.coverage
    starts = [c.usage_window_start for c in (now, before) if c.usage_window_start is not None]
    dropped = frozenset(before.declares) - frozenset(now.declares)
    each.coverage = replace(
        now,
        declares=tuple(sorted({*now.declares, *before.declares})),
        owner_roles=now.owner_roles_with(before),
        usage_window_start=max(starts, default=None),
    )
    every = bool(each.lost) or each.changes_only
    if not dropped and not every:
        return
    _keep_labels(each, declared)
    for element, frame in each.frames.items():
        rows_before = declared[element][each.own(declared[element])]
        if len(rows_before):
            each.frames[element] = _completed(
                frame, rows_before, element, None if every else dropped
            )


def _keep_labels(each: Checked, declared: Frames) -> None:
    """Keep the label of each node: the read may lack the kind of fact that determines it."""
    before = {n: declared[n][each.own(declared[n])] for n in FACT_NODES}
    ids = pd.concat({n.name: before[n]["id"] for n in FACT_NODES})
    had = pd.Series(ids.index.get_level_values(0), index=pd.Index(ids))
    had = had[~had.index.duplicated()]
    for label in FACT_NODES:
        frame = each.frames.get(label)
        if frame is None:
            continue
        then = frame["id"].map(had)
        moved = then.notna() & (then != label.name) & ~frame["id"].isin(before[label]["id"])
        each.frames[label] = frame[~moved].reset_index(drop=True)
        for other in FACT_NODES:
            kept = before[other][before[other]["id"].isin(frame["id"][moved])]
            if other is not label and len(kept):
                parts = [f for f in (each.frames.get(other), kept) if f is not None and len(f)]
                each.frames[other] = pd.concat(parts, ignore_index=True)


def _completed(
    now: pd.DataFrame, before: pd.DataFrame, element: Element, dropped: frozenset[str] | None
) -> pd.DataFrame:
    """Fill rows with their values before, of the `dropped` kinds of fact or of all (None)."""
    known = before.drop_duplicates("id").set_index("id").reindex(now["id"])
    columns = {}
    for column in element.columns:
        name, kind = column.name, kind_of_field(element, column.name)
        if name in STAMPS or (dropped is not None and kind not in dropped):
            continue
        then = pd.Series(known[name].array, index=now.index) if name != "id" else now["id"]
        if kind == "usage" and column.dtype is Dtype.FLAG:  # True stays True
            then = then.where(then.fillna(False))
            columns[name] = then.fillna(now[name])
        elif kind == "usage" and column.dtype is Dtype.INSTANT:
            later = now[name].notna() & ~(now[name] < then)
            columns[name] = now[name].where(later, then)
        elif name == "name":  # the id stands for a name that is not stated
            columns[name] = now[name].where(now[name] != now["id"]).fillna(then).fillna(now[name])
        elif name == "external_ids":
            columns[name] = _both(now[name], then)
        else:
            columns[name] = now[name].fillna(then)
    return now.assign(**columns).astype(now.dtypes.to_dict())


def _both(now: pd.Series, then: pd.Series) -> pd.Series:
    """Join lists of ids, as JSON: what is not said of a thing is none of its ids less."""
    joined = now.fillna(then)
    both = now.notna() & then.notna() & (now != then)
    for row in joined.index[both]:
        joined[row] = canonical(sorted({*json.loads(now[row]), *json.loads(then[row])}))
    return joined


# -- all scopes ---------------------------------------------------------------------------------


def _join(element: Element, before: pd.DataFrame | None, checked: list[Checked]) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    rest = before if before is not None and len(before) else None  # most have no rows at all
    for each in checked:
        rows_before = None
        if rest is not None:
            own = each.own(rest)
            rows_before, rest = rest[own], rest[~own]
        now = each.frames.get(element)
        if now is not None:
            now = _stamp(now, rows_before, each.coverage)
        if rows_before is not None and len(rows_before) and (each.adds_up or element is USED):
            logged = (
                rows_before["by_day"].notna() if not each.adds_up else rows_before["id"].notna()
            )
            now = added_up(rows_before[logged], empty(element) if now is None else now, element)
            rows_before = rows_before[~logged]
        if now is not None:
            parts.append(now)
        if rows_before is not None:
            left = rows_before[_unknown(rows_before, element, each)]
            parts.append(left[~_mentioned(left["id"], element, each.frames)] if len(left) else left)
    filled = [p for p in [rest, *parts] if p is not None and len(p)]
    if not filled:
        return empty(element)
    if len(filled) == 1:
        return filled[0].reset_index(drop=True)
    return pd.concat(filled, ignore_index=True)


def _unknown(before: pd.DataFrame, element: Element, each: Checked) -> np.ndarray:
    """Return the mask of the rows before that may still be valid.

    After a partial read these are all rows; after a complete one, those that its rejected rows
    refer to: things, and relationships by both ends. In a self-contained read a rejected row counts
    as absent.
    """
    if not each.coverage.complete:
        return np.ones(len(before), bool)
    still = np.zeros(len(before), bool)
    if before.empty or each.self_contained:
        return still
    unread = each.unread.get(element)
    if unread is not None:
        keys = before[list(unread.columns)].astype("string")
        still |= pd.MultiIndex.from_frame(keys).isin(pd.MultiIndex.from_frame(unread))
    if each.in_rejected and not isinstance(element, Table):
        ends = ["source_id", "target_id"] if isinstance(element, Relationship) else ["id"]
        still |= np.asarray(before[ends].isin(each.in_rejected).all(axis=1), bool)
    return still


def _mentioned(ids: pd.Series, element: Element, frames: Frames) -> np.ndarray:
    """Return the mask of the ids that a read declares; for a node, under any label."""
    mask = np.zeros(len(ids), bool)
    for candidate in FACT_NODES if isinstance(element, Node) else (element,):
        if candidate in frames:
            mask |= ids.isin(frames[candidate]["id"]).to_numpy(bool)
    return mask


def _stamp(now: pd.DataFrame, before: pd.DataFrame | None, coverage: Coverage) -> pd.DataFrame:
    """Set `first_seen` and `last_seen` of each row for this source and scope."""
    if "first_seen" not in now.columns:
        return now
    first = pd.Series(coverage.taken_at, index=now.index, dtype="datetime64[ms, UTC]")
    if before is not None and len(before):
        known = before.drop_duplicates("id").set_index("id")["first_seen"]
        earlier = pd.Series(
            known.reindex(now["id"]).array, index=now.index, dtype="datetime64[ms, UTC]"
        )
        first = earlier.fillna(first).where(earlier.isna() | (earlier <= first), first)
    return now.assign(first_seen=first, last_seen=coverage.taken_at).astype(now.dtypes.to_dict())
