"""Checks of one reading before it is merged: rows that meet the schema, and no secrets."""

import pandas as pd

from graph.element import Element, Relationship
from graph.facts import Coverage
from graph.frames import FILE, PLACE, conform, records
from graph.schema import FACT_NODES
from ingest.job.merge import Checked
from ingest.job.merge_logs import watched
from ingest.secrets.redaction import redact, redact_text, secretive
from ingest.source import InputRefused, Reading, Rejected, Source


def check(source: Source, reading: Reading, origin: str) -> Checked:
    """Type the rows of a reading, redact secrets, and collect the rejected rows.

    Raises
    ------
    InputRefused
        If the scope itself holds a secret: ids are made from it, and cannot be redacted later.
    """
    if redact_text(reading.scope) != reading.scope:
        raise InputRefused(origin, "", "the scope holds something like a secret")
    coverage = Coverage(
        source.name,
        reading.scope,
        reading.complete,
        reading.taken_at.as_unit("ms"),
        tuple(sorted(reading.declares)),
        reading.usage_window_start.as_unit("ms") if reading.usage_window_start else None,
        owner_roles=tuple(
            sorted((label.name, tuple(roles)) for label, roles in reading.owner_roles.items())
        ),
        taken_at_assumed=reading.taken_at_assumed,
    )
    if reading.complete:
        coverage = watched(coverage, reading.usage_periods)
    result = Checked(coverage, {}, 0, origin, adds_up=source.adds_up, in_full=reading.in_full)
    result.in_rejected, result.changes_only = reading.in_rejected, reading.changes_only
    result.across = source.across
    result.rejected, result.warnings = list(reading.rejected), list(reading.warnings)
    # Rows may refer to nodes that an unreadable file would have declared.
    result.self_contained = source.self_contained and not result.lost
    result.read = reading.also_read + len(reading.rejected) - len(result.lost)
    for element, raw in reading.rows.items():
        _check_element(result, element, raw)
    _one_label_each(result)
    return result


def _check_element(result: Checked, element: Element, raw: pd.DataFrame) -> None:
    provenance = {"source": result.coverage.source, "scope": result.coverage.scope}
    stamped = raw.drop(columns=["first_seen", "last_seen"], errors="ignore").assign(**provenance)
    conformed = conform(stamped, element)
    frame, redacted = redact(conformed.frame, element)
    origin = conformed.origin.set_axis(pd.Index(frame["id"]))
    secret = secretive(frame["id"]).to_numpy(bool)  # an id cannot be redacted: rows refer to it
    result.read += len(raw)
    result.frames[element] = frame[~secret].reset_index(drop=True) if secret.any() else frame
    result.origins[element] = origin[~secret]
    if len(conformed.rejected):
        result.unread[element] = _named(raw, conformed.rejected, element)
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


def _named(raw: pd.DataFrame, rejected: pd.DataFrame, element: Element) -> pd.DataFrame:
    """Return the ids, or the ends of relationships, of rejected rows."""
    keys = ["source_id", "target_id"] if isinstance(element, Relationship) else ["id"]
    places = set(rejected[["file", "place"]].astype(str).itertuples(index=False, name=None))
    origins = raw.reindex(columns=[FILE, PLACE]).astype(str)
    is_rejected = [place in places for place in origins.itertuples(index=False, name=None)]
    return raw[is_rejected].reindex(columns=keys).dropna().astype("string")


def _one_label_each(result: Checked) -> None:
    """Reject rows whose id already has another label within this reading."""
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


def refuse_if_bad(checked: Checked, max_bad: float) -> None:
    """Raise `InputRefused` if more than `max_bad` percent of the rows are rejected.

    A file that cannot be read is no row: it makes the read partial, and does not count here.
    """
    bad = [row for row in checked.rejected if not row.whole_file]
    if bad and len(bad) * 100 > max_bad * checked.read:
        first = bad[0]
        raise InputRefused(
            first.file or checked.origin,
            first.place,
            f"{len(bad)} of {checked.read} rows cannot be used, more than {max_bad:g} %; "
            f"this one: {first.reason}",
        )
