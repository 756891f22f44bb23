"""Page of sources: coverage and age of each, rejected rows, merged ids, and uploads."""

from functools import partial

import pandas as pd
import streamlit as st

from analytics.answers.coverage import failed_now
from analytics.posture import Posture
from app import clock
from app.escape import code, markdown
from app.web.answers import measured
from app.web.page import deltas
from app.web.page.deltas import Row
from app.web.page.frame import OLD, store_uri
from app.web.page.query import Query
from app.web.tables import ROW_HEIGHT, below, table
from app.web.tiles import NEITHER, tile
from app.web.view import View
from app.web.views.sources import same_things, upload_form
from app.wording import counted, day, moment, number, span
from graph.facts import Coverage
from graph.journal.failed_reads import FailedRead
from graph.journal.rejected_rows import RejectedRows, rejected_rows
from graph.schema import DECLARABLE
from graph.seal.sealing import NOT_SEALED, how_sealed

ASSUMED = (
    " Assumed: nothing in the export says when it was taken, so the time of its file, or of the "
    "upload, stands for it; give it by --taken-at."
)


def draw(posture: Posture) -> None:
    """Draw coverage, failed reads, rejected rows, merged ids, and the upload."""
    rejected, failed = _rejected(posture), failed_now(posture)
    draw_tiles = partial(_figures, posture.graph.coverage, rejected, failed)
    deltas.tiles(posture, draw_tiles, measured.sources)
    _seal()
    _coverage(posture, rejected, failed)
    _failed(failed)
    _rejected_rows_of(rejected)
    same_things.draw(posture)
    upload_form.draw(posture)


def _rejected(posture: Posture) -> tuple[RejectedRows, ...]:
    """Return the rejected rows of the reads in this snapshot."""
    info, keys = posture.graph.snapshot, {c.key for c in posture.graph.coverage}
    reads = rejected_rows(info.id, store_uri()) if info else ()
    return tuple(read for read in reads if (read.source, read.scope) in keys)


def _figures(
    coverage: tuple[Coverage, ...],
    rejected: tuple[RejectedRows, ...],
    failed: tuple[FailedRead, ...],
    row: Row,
) -> None:
    now = clock.now()
    partial = sum(not c.complete for c in coverage)
    old = sum(now - c.taken_at > OLD for c in coverage)
    tiles = st.columns(5)
    meaning = "One system, in one scope of it."
    row.tile(tiles[0], "sources", "Sources", number(len(coverage)), None, meaning, NEITHER)
    row.tile(
        tiles[1],
        "partial",
        "Read in part",
        number(partial),
        f"of {number(len(coverage))}",
        "A partial read never deletes: what it did not mention is kept as it was.",
    )
    beside = "since they were read last" if failed else None
    meaning = "What such a scope declared before is shown, as of the day it was read."
    tile(tiles[4], "Could not be read", number(len(failed)), beside, meaning)
    beside = f"of {number(len(coverage))}"
    tile(tiles[2], f"Older than {span(OLD)}", number(old), beside, "Today, by the clock.")
    count, read = sum(a.count for a in rejected), sum(a.read for a in rejected)
    meaning = "Rows of the latest reads that do not fit the schema."
    if not rejected:  # nothing to compare: the reads were not recorded
        tile(tiles[3], "Rows rejected", "not recorded", None, meaning)
        return
    beside = f"of {number(read)}"
    row.tile(tiles[3], "rejected", "Rows rejected", number(count), beside, meaning)


def _seal() -> None:
    seal = how_sealed(store_uri())
    if seal and seal["state"] != NOT_SEALED:
        st.caption(f"The store is {seal['state']}. Its head is {code(seal['head'])}.")


def _coverage(
    posture: Posture, rejected: tuple[RejectedRows, ...], failed: tuple[FailedRead, ...]
) -> None:
    st.header("Coverage", anchor=False)
    by_key = {(read.source, read.scope): read for read in rejected}
    lost = {read.key: read for read in failed}
    now, rows = clock.now(), []
    # Scopes that need a new read come first.
    for c in sorted(
        posture.graph.coverage,
        key=lambda c: (c.key not in lost, now - c.taken_at <= OLD and c.complete),
    ):
        read, age = by_key.get(c.key), max(now - c.taken_at, pd.Timedelta(0))
        rows.append(
            {
                "Source": c.source,
                "Scope": c.scope,
                "Age": f"▲ {span(age)}" if age > OLD else span(age),
                "Read": _state(c, lost.get(c.key)),
                "Taken": _taken(c),
                "Rejected": f"{number(read.count)} of {number(read.read)}"
                if read
                else "not recorded",
                "States": ", ".join(c.declares) or "nothing",
                "Uses watched": _watched(c),
                "Cannot state": ", ".join(d for d in DECLARABLE if d not in c.declares) or "-",
            }
        )
    frame = pd.DataFrame(rows)
    alt = "Each source and scope, with when it was read and what it states."
    wide = {"Age": st.column_config.TextColumn(width=110)}
    table(frame, "sources", alt, wide, height=25 * ROW_HEIGHT)
    below(
        "A missing fact of a kind that a source states is a defect; of any other kind it is "
        "unknown." + (ASSUMED if any(c.taken_at_assumed for c in posture.graph.coverage) else ""),
        frame,
        "sources.csv",
    )


def _taken(coverage: Coverage) -> str:
    """Format when a scope was taken, marked if only the time of a file says so."""
    taken = moment(coverage.taken_at)
    return f"▲ {taken}, assumed" if coverage.taken_at_assumed else taken


def _state(coverage: Coverage, failed: FailedRead | None) -> str:
    words = "complete" if coverage.complete else "● in part"
    return f"▲ failed on {day(failed.at)}; before: {words}" if failed else words


def _failed(failed: tuple[FailedRead, ...]) -> None:
    """Draw the last failed reads, with the reason of each."""
    if not failed:
        return
    st.header("Could not be read", anchor=False)
    rows = [
        {
            "Source": read.source,
            "Scope": read.scope or "not known",
            "Tried": moment(read.at),
            "File": read.file,
            "Place": read.place,
            "Reason": read.reason,
        }
        for read in failed
    ]
    frame = pd.DataFrame(rows)
    table(frame, "failed", "Reads that failed, with the reason of each.")
    words = "What these scopes declared before is shown; what changed in them since is not known."
    below(words, frame, "failed.csv")


def _watched(coverage: Coverage) -> str:
    """Format the periods in which uses were observed; between them use is unknown."""
    start = coverage.usage_window_start
    window = ((start, coverage.taken_at),) if start is not None else ()
    spans = coverage.usage_periods or window
    return "; ".join(f"{day(first)} to {day(last)}" for first, last in spans) or "-"


def _rejected_rows_of(rejected: tuple[RejectedRows, ...]) -> None:
    st.header("Rejected rows", anchor=False)
    rows = [
        {"Source": a.source, "Scope": a.scope, "File": file, "Place": place, "Reason": reason}
        for a in rejected
        for file, place, reason in a.rows
    ]
    warned = [(a, warning) for a in rejected for warning in a.warnings]
    if not rows:
        st.markdown("No row of the recorded reads was rejected.")
    else:
        frame = pd.DataFrame(rows)
        total = sum(a.count for a in rejected)
        table(frame, "rejected", "Rows that were rejected, with the reason of each.", height=400)
        left = total - len(rows)
        more = f" {number(left)} more are not listed." if left else ""
        below(f"{counted(total, 'row')} could not be used.{more}", frame, "rejected.csv")
    if warned:
        with st.expander(f"{counted(len(warned), 'remark')} of the readers"):
            for read, warning in warned[:200]:
                st.markdown(f"{code(f'{read.source}/{read.scope}')} {markdown(warning, 500)}")
            if len(warned) > 200:
                st.caption(f"Showing the first 200 of {number(len(warned))}.")


def _empty() -> None:
    """Draw the upload while nothing has been published yet."""
    st.markdown("Nothing has been read yet. Upload the first export here.")
    upload_form.draw(None)


def query(_: Posture) -> Query:
    """Return the question behind what was merged; with `--json` it has the coverage too."""
    return Query(("collisions", "--json"), "facts_by_source")


VIEW = View(
    "sources",
    "Sources",
    ":material/database:",
    "Sources",
    70,
    draw,
    _empty,
    query=query,
    answers={
        "Where do the facts come from, and how old are they?": {},
    },
)
