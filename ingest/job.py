"""The ingest job: read sources, check and redact their rows, and publish one snapshot.

What a source and scope said before is replaced when it was read in full. When it was not, what
it did not mention stays, with the time it was last seen. Scopes that this job did not read are
carried forward as they are: absence is not removal. A relationship whose end nobody states yet
is told as set aside, and waits; see `ingest.waiting`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.element import Element, Relationship
from graph.facts import Coverage, Facts
from graph.frames import conform, empty, records, text_array
from graph.schema import ELEMENTS, FACT_NODES, RELATIONSHIPS, WAITING
from graph.set_aside import LISTED, SetAside
from graph.stores import KEEP, SnapshotInfo, Store
from graph.values import iso
from ingest.redaction import redact, redact_text, secretive
from ingest.source import InputRefused, Reading, Rejected, Request, Source
from ingest.waiting import as_waiting, with_waiting

MAX_BAD = 5.0  # percent of rows that may be set aside before the input is refused
MAX_LOSS = 50.0  # percent of its things that a scope may lose before a read is taken as partial
FEW = 20  # things; of fewer, any number may go at once

Progress = Callable[[str], None]


@dataclass
class Ingested:
    """What became of an ingest."""

    snapshot: SnapshotInfo
    published: bool
    quarantined: list[Rejected]
    warnings: list[str]
    set_aside: list[SetAside] = field(default_factory=list)


@dataclass
class _Checked:
    """A reading whose rows meet the schema, with what was set aside."""

    coverage: Coverage
    frames: dict[Element, pd.DataFrame]
    read: int
    origin: str
    origins: dict[Element, pd.DataFrame] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def ingest(
    store: Store,
    jobs: Sequence[tuple[Source, Request]],
    max_bad: float = MAX_BAD,
    keep: int = KEEP,
    progress: Progress = lambda message: None,
    max_loss: float = MAX_LOSS,
) -> Ingested:
    """Read `jobs` and publish what they say, with what other scopes said before, as a snapshot.

    A complete read that lacks more than `max_loss` percent of what its scope stated before is
    taken as a partial one.

    Raises
    ------
    InputRefused
        If an input cannot be used, or more than `max_bad` percent of its rows cannot be.
        Nothing is published then.
    StoreError
        If the store cannot take it.
    """
    checked = []
    for source, request in jobs:
        progress(f"reading {source.name}: {', '.join(p.name for p in request.paths)}")
        reading = read(source, request)
        checked.append(_check(source, reading, str(request.paths[0]) if request.paths else ""))
        _refuse_if_bad(checked[-1], max_bad)
    return publish(store, checked, max_bad, keep, progress, max_loss)


def read(source: Source, request: Request) -> Reading:
    """Read one export; no secret stays in what is said of it.

    Raises
    ------
    InputRefused
        If it cannot be used.
    """
    try:
        reading = source.read(request)
    except InputRefused as error:
        place, reason = redact_text(error.place), redact_text(error.reason)
        raise InputRefused(error.file, place, reason) from None
    reading.warnings = [redact_text(w) for w in reading.warnings]
    reading.rejected = [
        Rejected(r.file, redact_text(r.place), redact_text(r.reason)) for r in reading.rejected
    ]
    return reading


def ingest_reading(store: Store, source: Source, reading: Reading, keep: int = KEEP) -> Ingested:
    """Publish a reading that was made in this process."""
    return publish(store, [_check(source, reading, source.name)], 0.0, keep, max_loss=100.0)


def publish(
    store: Store,
    checked: list[_Checked],
    max_bad: float = MAX_BAD,
    keep: int = KEEP,
    progress: Progress = lambda message: None,
    max_loss: float = MAX_LOSS,
) -> Ingested:
    """Join checked readings with what is current, and publish the whole."""
    _refuse_twice(checked)
    with store.lease() as lease:
        now = store.current()
        former = store.read(now.id)[1] if now else None
        warnings: list[str] = []
        frames, coverage = _carry(former, checked, warnings, max_loss)
        frames = _settle(frames, checked, warnings, _waiting_before(former))
        for each in checked:
            _refuse_if_bad(each, max_bad)
        progress("publishing")
        info, published = store.publish(Facts.of(frames, coverage), lease)
        store.prune(keep, lease)
    quarantined = [r for c in checked for r in c.rejected]
    warnings = [w for c in checked for w in c.warnings] + warnings
    return Ingested(info, published, quarantined, warnings, [_aside(c) for c in checked])


def _aside(checked: _Checked) -> SetAside:
    """Say what was set aside of one read, as it is kept to be shown."""
    rows = tuple((r.file, r.place, r.reason) for r in checked.rejected[:LISTED])
    coverage, count = checked.coverage, len(checked.rejected)
    warned = tuple(checked.warnings)
    return SetAside(coverage.source, coverage.scope, checked.read, count, rows, warned)


def _check(source: Source, reading: Reading, origin: str) -> _Checked:
    coverage = Coverage(
        source.name,
        reading.scope,
        reading.complete,
        reading.taken_at.as_unit("ms"),
        tuple(sorted(reading.declares)),
        reading.usage_window_start.as_unit("ms") if reading.usage_window_start else None,
    )
    result = _Checked(coverage, {}, 0, origin)
    result.rejected, result.warnings = list(reading.rejected), list(reading.warnings)
    result.read = len(reading.rejected)
    for element, raw in reading.rows.items():
        _check_element(result, element, raw)
    _one_label_each(result)
    return result


def _check_element(result: _Checked, element: Element, raw: pd.DataFrame) -> None:
    provenance = {"source": result.coverage.source, "scope": result.coverage.scope}
    stamped = raw.drop(columns=["first_seen", "last_seen"], errors="ignore").assign(**provenance)
    conformed = conform(stamped, element)
    frame, redacted = redact(conformed.frame, element)
    origin = conformed.origin.set_axis(pd.Index(frame["id"]))
    secret = secretive(frame["id"]).to_numpy(bool)  # an id cannot be redacted: others name it
    result.read += len(raw)
    result.frames[element] = frame[~secret].reset_index(drop=True) if secret.any() else frame
    result.origins[element] = origin[~secret]
    result.rejected += [
        Rejected(row.file, row.place, row.reason) for row in records(conformed.rejected)
    ]
    reason = "id holds something like a secret"
    result.rejected += [Rejected(o.file, o.place, reason) for o in records(origin[secret])]
    if conformed.unknown_columns:
        names = ", ".join(conformed.unknown_columns)
        result.warnings.append(f"{element.name}: columns that mean nothing here: {names}")
    if redacted:
        result.warnings.append(f"{element.name}: {redacted} values held a secret, now redacted")


def _one_label_each(result: _Checked) -> None:
    """Within one reading an id belongs to one label; a second one is set aside."""
    labels = [label for label in FACT_NODES if label in result.frames]
    if not labels:
        return
    ids = pd.concat({label: result.frames[label]["id"] for label in labels})
    twice = ids.duplicated()
    if not twice.any():
        return
    for label in labels:
        frame, again = result.frames[label], twice[label].to_numpy(bool)
        origin = result.origins[label][again]
        reason = "id is that of a thing of another label"
        result.rejected += [Rejected(o.file, o.place, reason) for o in records(origin)]
        result.frames[label] = frame[~again].reset_index(drop=True)


def _refuse_if_bad(checked: _Checked, max_bad: float) -> None:
    bad = len(checked.rejected)
    if bad and bad * 100 > max_bad * checked.read:
        first = checked.rejected[0]
        raise InputRefused(
            first.file or checked.origin,
            first.place,
            f"{bad} of {checked.read} rows cannot be used, more than {max_bad:g} %; "
            f"this one: {first.reason}",
        )


def _refuse_twice(checked: list[_Checked]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for each in checked:
        key, scope = each.coverage.key, each.coverage.scope
        if key in seen:
            raise InputRefused(each.origin, "", f"scope {scope!r} was read from {seen[key]} too")
        seen[key] = each.origin


def _carry(
    former: Facts | None, checked: list[_Checked], warnings: list[str], max_loss: float
) -> tuple[dict[Element, pd.DataFrame], tuple[Coverage, ...]]:
    """Join what was read now with what other scopes, or partial reads of these, said before."""
    fresh = {c.coverage.key: c for c in checked}
    known = {c.key: c for c in former.coverage} if former else {}
    for key, each in fresh.items():
        if key in known and known[key].taken_at > each.coverage.taken_at:
            newer = iso(known[key].taken_at)
            warnings.append(f"{'/'.join(key)}: replaces facts that were newer ({newer})")
        if former is not None and key in known:
            _doubt(each, former, max_loss)
            each.coverage = _remembered(each.coverage, known[key])
    stated = with_waiting(former.frames) if former else {}
    frames = {e: _join(e, stated.get(e), checked) for e in ELEMENTS}
    coverage = tuple((known | {k: c.coverage for k, c in fresh.items()}).values())
    return frames, coverage


def _doubt(each: _Checked, former: Facts, max_loss: float) -> None:
    """Take a read for a partial one that lacks most of what its scope stated before.

    An export that was cut between two rows looks whole.
    """
    before, gone = 0, 0
    for label in FACT_NODES:
        rows = former.frames[label]
        own = (rows["source"] == each.coverage.source) & (rows["scope"] == each.coverage.scope)
        ids, now = rows["id"][own], each.frames.get(label)
        before += len(ids)
        gone += len(ids) if now is None else int((~ids.isin(now["id"])).sum())
    if each.coverage.complete and before >= FEW and gone * 100 > max_loss * before:
        each.coverage = replace(each.coverage, complete=False)
        each.warnings.append(
            f"{'/'.join(each.coverage.key)}: {gone} of {before} things are not mentioned any "
            f"more, more than {max_loss:g} %: taken as a partial read, and nothing is retired"
        )


def _remembered(now: Coverage, before: Coverage) -> Coverage:
    """Let a scope that was read in part declare what it did before: those facts are still there."""
    if now.complete:
        return now
    return replace(
        now,
        declares=tuple(sorted({*now.declares, *before.declares})),
        usage_window_start=now.usage_window_start or before.usage_window_start,
    )


def _join(element: Element, before: pd.DataFrame | None, checked: list[_Checked]) -> pd.DataFrame:
    parts: list[pd.DataFrame] = []
    rest = before
    for each in checked:
        mine = None
        if rest is not None:
            own = (rest["source"] == each.coverage.source) & (rest["scope"] == each.coverage.scope)
            mine, rest = rest[own], rest[~own]
        now = each.frames.get(element)
        if now is not None:
            parts.append(_stamp(now, mine, each.coverage))
        if mine is not None and not each.coverage.complete:
            unmentioned = ~mine["id"].isin(now["id"]) if now is not None else slice(None)
            parts.append(mine[unmentioned])
    whole = [p for p in [rest, *parts] if p is not None and len(p)]
    if not whole:
        return empty(element)
    if len(whole) == 1:
        return whole[0].reset_index(drop=True)
    return pd.concat(whole, ignore_index=True)


def _stamp(now: pd.DataFrame, before: pd.DataFrame | None, coverage: Coverage) -> pd.DataFrame:
    """Say when each row was first and last seen by this source and scope."""
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


def _waiting_before(former: Facts | None) -> frozenset[tuple[str, str, str]]:
    """Return id, source and scope of what waited already."""
    columns = ["id", "source", "scope"]
    rows = former.frames[WAITING][columns] if former else empty(WAITING)[columns]
    return frozenset(rows.itertuples(index=False, name=None))


def _settle(
    frames: dict[Element, pd.DataFrame],
    checked: list[_Checked],
    warnings: list[str],
    before: frozenset[tuple[str, str, str]],
) -> dict[Element, pd.DataFrame]:
    """Let relationships wait with an end that is not there, or of a label they cannot have."""
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
            _set_aside(frame[bad], reason[bad], relationship, fresh, warnings, before)
    frames[WAITING] = pd.concat(waiting, ignore_index=True)
    return frames


def _labels(frames: dict[Element, pd.DataFrame]) -> tuple[pa.Array, np.ndarray]:
    """Return every id, and the position of its label in `FACT_NODES`.

    Where two sources differ, the label that the schema declares first comes first.
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


def _set_aside(
    rows: pd.DataFrame,
    reason: pd.Series,
    relationship: Relationship,
    fresh: dict[tuple[str, str], _Checked],
    warnings: list[str],
    before: frozenset[tuple[str, str, str]],
) -> None:
    carried = 0
    for row, why in zip(records(rows), reason, strict=True):
        reading = fresh.get((str(row.source), str(row.scope)))
        origins = reading.origins.get(relationship) if reading is not None else None
        if reading is None or origins is None or row.id not in origins.index:
            waited = f"{relationship.name} {row.id}", row.source, row.scope
            carried += waited not in before
            continue
        origin: Any = origins.loc[row.id]
        reading.rejected.append(Rejected(origin["file"], origin["place"], str(why)))
    if carried:
        warnings.append(
            f"{relationship.name}: {carried} carried relationships end at things that are gone"
        )
