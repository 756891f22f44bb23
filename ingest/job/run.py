"""The ingest job: read sources, check and redact their rows, and publish one snapshot.

A complete read replaces the rows of its source and scope. After a partial one, rows that it does
not mention stay, with their `last_seen`. Scopes that this job did not read are carried forward
unchanged: absence is not removal. Only what follows from several scopes of a source together is
derived anew (see `ingest.job.across`). A relationship with a missing end waits beside the
graph, with a warning (see `ingest.job.missing_ends`); for a self-contained source it is rejected.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.element import Element, Relationship
from graph.facts import Facts
from graph.frames import empty, records
from graph.journal.failed_reads import FailedRead
from graph.journal.rejected_rows import LISTED, RejectedRows
from graph.schema import FACT_NODES, RELATIONSHIPS, WAITING
from graph.stores import Lease, SnapshotInfo, Store, StoreError
from graph.values import text_array
from ingest.files.progress import file_by_file
from ingest.job.across import with_links_across
from ingest.job.check import check, refuse_if_bad
from ingest.job.failures import Failure, remember
from ingest.job.group_warnings import grouped
from ingest.job.merge import ALL, Checked, Frames, carry
from ingest.job.missing_ends import as_waiting
from ingest.job.origins import origins
from ingest.job.placing import PlannedSnapshot, planned
from ingest.secrets.redaction import redact_text
from ingest.source import InputRefused, Reading, Rejected, Request, Source

Progress = Callable[[str], None]


MAX_BAD = 5.0  # percent of rows that may be rejected before the input is refused


@dataclass
class Ingested:
    """The result of an ingest; `failed` are the inputs that could not be read.

    `in_full` maps a grouped warning to all warnings in it.
    """

    snapshot: SnapshotInfo
    published: bool
    quarantined: list[Rejected]
    warnings: list[str]
    rejected_rows: list[RejectedRows] = field(default_factory=list)
    failed: list[FailedRead] = field(default_factory=list)
    in_full: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Terms:
    """Options of an ingest; see `ingest`."""

    max_bad: float = MAX_BAD
    max_loss: float | None = None
    keep: int | None = None
    skip_failed: bool = False
    progress: Progress = lambda message: None

    def join(self, before: Facts | None, checked: list[Checked]) -> PlannedSnapshot:
        """Merge readings with the facts that were current before them."""
        return _join(before, checked, self.max_loss)


def ingest(
    store: Store,
    jobs: Sequence[tuple[Source, Request]],
    max_bad: float = MAX_BAD,
    keep: int | None = None,
    progress: Progress = lambda message: None,
    max_loss: float | None = None,
    skip_failed: bool = False,
) -> Ingested:
    """Read `jobs`, merge them with the scopes before, and publish the snapshot.

    A complete read that lacks more than `max_loss` percent of the nodes its scope declared before
    (by default half), or kinds of fact that it declared, is treated as partial; with 100 it is
    taken as complete. The native format, whose author declares completeness, is exempt unless
    `max_loss` is given.
    `keep` is how many snapshots stay, by default as many as the store keeps by itself.
    Failed reads are saved beside the store until the scope is read. With `skip_failed` the other
    inputs are published.

    Raises
    ------
    InputRefused
        If an input, or with `skip_failed` every input, cannot be used, or more than `max_bad`
        percent of its rows are rejected. Nothing is published then.
    StoreError
        If the store cannot be written.
    """
    terms = _Terms(max_bad, max_loss, keep, skip_failed, progress)
    failures: list[Failure] = []
    done: Ingested | None = None
    try:
        checked = _read_all(jobs, failures, terms)
        if checked:
            done = _publish(store, checked, failures, terms)
    finally:
        read_well = [(s.source, s.scope) for s in done.rejected_rows] if done else []
        failed = remember(store, failures, read_well)
    if done is None:
        raise failures[0].refused
    done.failed = failed
    done.warnings += [f"{f.name}: could not be read: {f.because}" for f in failed]
    return done


def _read_all(
    jobs: Sequence[tuple[Source, Request]], failures: list[Failure], terms: _Terms
) -> list[Checked]:
    """Read and check the inputs; after a failure return none, unless `skip_failed` is set."""
    checked: list[Checked] = []
    for source, request in jobs:
        terms.progress(f"reading {source.name}: {', '.join(request.names)}")
        with file_by_file(source.name, terms.progress):
            checked += _try(source, request, terms.max_bad, failures)
        if failures and not terms.skip_failed:
            return []
    return checked


def _try(
    source: Source, request: Request, max_bad: float, failures: list[Failure]
) -> list[Checked]:
    """Read and check one input; a refused one is added to `failures` instead."""
    scope = request.scope
    try:
        reading = read(source, request)
        scope = reading.scope
        checked = check(source, reading, request.origin)
        checked.paths = request.paths
        refuse_if_bad(checked, max_bad)
    except InputRefused as refused:
        failures.append(Failure(source.name, scope, refused))
        return []
    return [checked]


def read(source: Source, request: Request) -> Reading:
    """Read one export, with secrets redacted from its warnings.

    Raises
    ------
    InputRefused
        If it cannot be used.
    """
    reading = source.read(request)
    warned = grouped([redact_text(warning) for warning in reading.warnings])
    reading.warnings = list(warned)
    reading.in_full = {warning: all_ for warning, all_ in warned.items() if len(all_) > 1}
    return reading


def ingest_reading(
    store: Store, source: Source, reading: Reading, keep: int | None = None
) -> Ingested:
    """Publish a reading that was made in this process."""
    failures: list[Failure] = []
    checked = [check(source, reading, source.name)]
    done = _publish(store, checked, failures, _Terms(max_bad=0.0, max_loss=ALL, keep=keep))
    if done is None:
        raise failures[0].refused
    return done


def _publish(
    store: Store, checked: list[Checked], failures: list[Failure], terms: _Terms
) -> Ingested | None:
    """Merge checked readings with the facts current at their time, and publish the snapshots.

    The merge may reject more rows of a reading than allowed. It then becomes a failure, and nothing
    is published except, with `skip_failed`, the others.
    """
    _refuse_twice(checked)
    with store.lease() as lease:
        snapshots = planned(store, checked, terms.join)
        while bad := _bad(
            [c for w in snapshots if not w.repeated for c in w.checked], terms.max_bad
        ):
            failures += bad.values()
            checked = [c for c in checked if c.coverage.key not in bad]
            if not (checked and terms.skip_failed):
                return None
            snapshots = planned(store, checked, terms.join)
        terms.progress("publishing")
        done = [store.publish(w.facts, lease, behind=w.behind) for w in snapshots]
        _prune(store, lease, terms.keep)
        unpacked = _pack(store, lease)
    reported = [
        (snapshot, *made)
        for snapshot, made in zip(snapshots, done, strict=True)
        if not snapshot.repeated
    ]
    info, published = reported[-1][1], any(made for *_, made in reported)
    result = Ingested(
        info, published, [], [w for snapshot, *_ in reported for w in snapshot.warnings] + unpacked
    )
    for each in (c for snapshot, *_ in reported for c in snapshot.checked):
        result.quarantined += each.rejected
        for warning, all_ in each.in_full.items():
            result.in_full.setdefault(warning, []).extend(all_)
        result.rejected_rows.append(_rejected_rows(each))
    return result


def _pack(store: Store, lease: Lease) -> list[str]:
    """Pack older snapshots; what was published stays so if that fails, which is a warning then."""
    try:
        store.pack(lease)
    except StoreError as error:
        return [f"older snapshots take more room than they need: {error}"]
    return []


def _join(before: Facts | None, checked: list[Checked], max_loss: float | None) -> PlannedSnapshot:
    """Merge readings with the facts that were current before; the readings are not changed."""
    copies = [each.again() for each in checked]
    merge_warnings: list[str] = []
    frames, coverage = carry(before, copies, merge_warnings, max_loss)
    frames = with_links_across(frames, coverage, copies)
    frames = _settle(frames, copies, merge_warnings, _waiting_before(before))
    warnings = [w for each in copies for w in each.warnings] + merge_warnings
    facts = replace(Facts.of(frames, coverage), origins=origins(frames, before, copies))
    return PlannedSnapshot(facts, copies, warnings)


def _bad(checked: list[Checked], max_bad: float) -> dict[tuple[str, str], Failure]:
    """Return a failure for each reading with too many rejected rows, by source and scope."""
    failures = {}
    for each in checked:
        try:
            refuse_if_bad(each, max_bad)
        except InputRefused as refused:
            failures[each.coverage.key] = Failure(*each.coverage.key, refused)
    return failures


def _prune(store: Store, lease: Lease, keep: int | None) -> None:
    """Delete old snapshots; by default some at once, once there are an eighth too many.

    What is kept of later snapshots rests on those before them, so each deletion costs that.
    """
    if keep is not None:
        store.prune(keep, lease)
    elif len(store.snapshots()) > store.keeps * 9 // 8:
        store.prune(store.keeps, lease)


def _rejected_rows(checked: Checked) -> RejectedRows:
    """Return the rejected rows of one read in the form that is saved."""
    files_first = sorted(checked.rejected, key=lambda row: not row.whole_file)
    rows = [(r.file, r.place, r.reason) for r in files_first[:LISTED]]
    return RejectedRows(
        checked.coverage.source,
        checked.coverage.scope,
        checked.read,
        len(checked.rejected),
        tuple(rows),
        tuple(checked.warnings),
        tuple(rows[: len(checked.lost)]),
    )


def _refuse_twice(checked: list[Checked]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for each in checked:
        key, scope = each.coverage.key, each.coverage.scope
        if key in seen:
            raise InputRefused(each.origin, "", f"scope {scope!r} was read from {seen[key]} too")
        seen[key] = each.origin


def _waiting_before(before: Facts | None) -> frozenset[tuple[str, str, str]]:
    """Return id, source and scope of the relationships that were waiting before."""
    columns = ["id", "source", "scope"]
    rows = before.frames[WAITING][columns] if before else empty(WAITING)[columns]
    return frozenset(rows.itertuples(index=False, name=None))


def _settle(
    frames: Frames,
    checked: list[Checked],
    warnings: list[str],
    before: frozenset[tuple[str, str, str]],
) -> Frames:
    """Move relationships whose end is missing or has a wrong label to `WAITING`."""
    labels = _labels(frames)
    fresh = {c.coverage.key: c for c in checked}
    waiting = [frames[WAITING]]
    for relationship in RELATIONSHIPS:
        frame = frames[relationship]
        if not len(frame):
            continue
        reason = _wrong_ends(frame, relationship, labels)
        bad = reason.notna()
        if bad.any():
            rows = as_waiting(frame[bad], reason[bad], relationship)
            waiting.append(rows)
            frames[relationship] = frame[~bad].reset_index(drop=True)
            _reject_or_wait(frame[bad], reason[bad], relationship, fresh, warnings, before)
    frames[WAITING] = pd.concat(waiting, ignore_index=True)
    return frames


def _labels(frames: dict[Element, pd.DataFrame]) -> tuple[pa.Array, np.ndarray]:
    """Return every id, and the position of its label in `FACT_NODES`.

    If two sources give an id different labels, the one that the schema declares first comes first.
    """
    ids = pa.concat_arrays([text_array(frames[n]["id"]) for n in FACT_NODES])
    labels = np.repeat(np.arange(len(FACT_NODES)), [len(frames[n]) for n in FACT_NODES])
    return ids, labels


def _wrong_ends(
    frame: pd.DataFrame, relationship: Relationship, known: tuple[pa.Array, np.ndarray]
) -> pd.Series:
    ids, labels = known
    reason = pd.Series(pd.NA, index=frame.index, dtype="string")
    for column, allowed in (
        ("source_id", relationship.sources),
        ("target_id", relationship.targets),
    ):
        places = pc.index_in(text_array(frame[column]), ids).fill_null(-1).to_numpy()
        fitting = [FACT_NODES.index(n) for n in allowed]
        fit = np.isin(labels[places] if len(labels) else places, fitting)
        names = ", ".join(n.name for n in allowed)
        reason = reason.mask(reason.isna() & (places < 0), f"{column} names nothing that is known")
        reason = reason.mask(reason.isna() & ~fit, f"{column} must name one of {names}")
    return reason


def _reject_or_wait(
    rows: pd.DataFrame,
    reason: pd.Series,
    relationship: Relationship,
    fresh: dict[tuple[str, str], Checked],
    warnings: list[str],
    before: frozenset[tuple[str, str, str]],
) -> None:
    carried, waits = 0, dict[tuple[str, ...], list[str]]()
    for row, why in zip(records(rows), reason, strict=True):
        reading = fresh.get((str(row.source), str(row.scope)))
        origins = reading.origins.get(relationship) if reading is not None else None
        if reading is None or origins is None or row.id not in origins.index:
            waited = f"{relationship.name} {row.id}", row.source, row.scope
            carried += waited not in before
            continue
        origin: Any = origins.loc[row.id]
        if reading.self_contained:
            reading.rejected.append(Rejected(origin["file"], origin["place"], str(why)))
        else:
            place = ", ".join(p for p in (origin["file"], origin["place"]) if p)
            waits.setdefault((*reading.coverage.key, str(why)), []).append(place)
    for (source, scope, why), places in waits.items():
        first = f"; the first is in {places[0]}" if places[0] else ""
        fresh[source, scope].warnings.append(
            f"{relationship.name}: {len(places)} wait for another source, as {why}{first}"
        )
    if carried:
        warnings.append(
            f"{relationship.name}: {carried} carried relationships end at things that are gone"
        )
