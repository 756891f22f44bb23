"""The usage fold: aggregation of events to first use, last use and days in use.

It is written once, as an Ibis expression limited to what DuckDB and Spark do alike: DuckDB runs it
here, streaming and within a memory bound, and `fold` runs unchanged in an existing lake of logs.
Instants are int64 milliseconds since 1970 in UTC: the only form on which both engines agree in
any time zone. Folding parts and merging the results (`merge`) equals folding all at once, so that
each day's log can be folded by itself.
"""

import os
from collections.abc import Sequence
from functools import cache, reduce
from operator import and_
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from graph.instants import DAY
from graph.schema import LEVELS
from graph.usage.by_day import SHIFT
from graph.usage.outcomes import FAILED, SEPARATORS

if TYPE_CHECKING:
    import ibis
    from duckdb import DuckDBPyConnection

KEYS = ("principal", "credential", "resource", "level")
EVENTS = {
    "principal": "string",
    "credential": "string",
    "resource": "string",
    "level": "string",
    "outcome": "string",
    "at_ms": "int64",
}
REQUIRED = ("principal", "resource")
TEXT_EVENTS = {name: "string" for name in EVENTS if name != "at_ms"} | {"at": "string"}
FOLDED = {
    **dict.fromkeys(KEYS, "string"),
    **dict.fromkeys(("first_ms", "last_ms", "tried_ms", "count", "failures"), "int64"),
    "days": "array<int64>",
}
LOG, IN_MEMORY = "log", "in_memory"  # the table that an expression reads, and one in memory
MEMORY = "640MiB"  # DuckDB's bound; it keeps the process under 1 GiB
THREADS = 1  # takes the least memory and processor time; two take a third less time


def fold(events: "ibis.Table") -> "ibis.Table":
    """Aggregate events by principal, credential, resource and access level.

    Parameters
    ----------
    events
        A table with the columns of `EVENTS`; a row without principal, resource or time is left
        out. An outcome fails as `graph.usage.outcomes` has it; null counts as a success.

    Returns
    -------
    ibis.Table
        `KEYS`, then `first_ms` and `last_ms` (of successes; null where none), `tried_ms` (the
        last of any outcome), `count` (successes) and `failures`, all int64; and `days`, a list
        of int64 in any order: days since 1970 in UTC that had successes, each with its count
        in the lower 32 bits.
    """
    known = events.filter(
        events.principal.notnull() & events.resource.notnull() & events.at_ms.notnull()
    )
    word = known.outcome.translate(SEPARATORS, "").lower()
    failed = word.isin(FAILED).fill_null(False)
    known = known.mutate(failed=failed, day=(known.at_ms // DAY).cast("int64"))
    by_day = known.group_by([*KEYS, "day", "failed"]).agg(
        first=known.at_ms.min(), last=known.at_ms.max(), count=known.count()
    )
    went, count = ~by_day.failed, by_day["count"]
    return by_day.group_by(*KEYS).agg(
        first_ms=by_day["first"].min(where=went),
        last_ms=by_day["last"].max(where=went),
        tried_ms=by_day["last"].max(),
        count=_as_int64(count.sum(where=went)),
        failures=_as_int64(count.sum(where=by_day.failed)),
        days=(by_day.day * (1 << SHIFT) + count).collect(where=went),
    )


def _as_int64(total: "ibis.Value") -> "ibis.Value":
    """Return a sum as int64, 0 if null; DuckDB's own type is wider."""
    return total.cast("decimal(18,0)").cast("int64").fill_null(0)


def merge(folded: "ibis.Table") -> "ibis.Table":
    """Merge tables that were folded separately, such as one a day."""
    return folded.group_by(*KEYS).agg(
        first_ms=folded.first_ms.min(),
        last_ms=folded.last_ms.max(),
        tried_ms=folded.tried_ms.max(),
        count=_as_int64(folded["count"].sum()),
        failures=_as_int64(folded.failures.sum()),
        days=folded.days.collect().flatten(),
    )


def fold_table(events: pa.Table) -> pa.Table:
    """Fold events in memory, as `fold_parquet` does."""
    source = f"(SELECT DISTINCT * FROM {IN_MEMORY})"  # noqa: S608 - a constant
    return _in_memory(events, source, _statement("events"))


def fold_parquet(paths: Sequence[Path], memory: str = MEMORY) -> pa.Table:
    """Fold Parquet files of events with DuckDB; see `fold` for the columns.

    Rows that are equal in all columns count once: an id column of events, besides those of
    `EVENTS`, keeps them distinct. Data beyond `memory` is spilled to a temporary folder, which is
    removed.
    """
    source = f"(SELECT DISTINCT * FROM read_parquet({_listed(paths)}))"  # noqa: S608 - quoted
    return _run(source, _statement("events"), memory)


def fold_json(
    paths: Sequence[Path], memory: str = MEMORY, *, packed: bool | None = None
) -> pa.Table:
    """Fold files of JSON lines, plain or gzip, in the native format (`at` is text).

    `packed` is True if they are gzip; None derives it from their names. A line that is no JSON
    object, lacks a name, or has an instant without a zone or a level that is none stops the fold.

    Raises
    ------
    WrongEvents
    """
    import duckdb

    columns = ", ".join(f"\"{name}\": 'VARCHAR'" for name in TEXT_EVENTS)
    pack = {None: "auto_detect", True: "gzip", False: "uncompressed"}[packed]
    how = f"columns={{{columns}}}, format='newline_delimited', compression='{pack}'"
    source = f"read_json({_listed(paths)}, {how})"
    try:
        return _run(source, _statement("lines"), memory)
    except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.IOException) as error:
        raise WrongEvents(_reason(error)) from None


def timed(log: "ibis.Table") -> "ibis.Table":
    """Replace the text `at`, ISO 8601 with a zone, by `at_ms`: milliseconds since 1970 in UTC.

    The result is the same on DuckDB and on Spark, whose session must be in UTC, as Ibis sets it. A
    text without a zone stops the query, and so does an event that does not name who used what, or
    names a level that is none: it is told with its line then, not left out in silence.
    """
    import ibis

    at = log.at
    # "" for null: an engine may leave out rows of null before it looks at their instant
    names = {name: log[name].fill_null("") for name in REQUIRED}
    named = reduce(and_, (name != "" for name in names.values()))
    named &= log.level.fill_null("").isin(("", *LEVELS))
    utc = named & at.endswith("Z") & ~at.endswith("ZZ")  # the fast path
    utc &= ~at.contains("+") & ~at.substr(10).contains("-")
    utc &= ~at.endswith(" Z")
    offset = named & at.re_search(r"\d[+-](?:[01]\d|2[0-3]):?[0-5]\d$")
    # engines also read days of one digit, hours past 23 and years of five: those stop the query
    shaped = (at.substr(4, 1) == "-") & (at.substr(7, 1) == "-") & (at.substr(13, 1) == ":")
    shaped &= at.substr(11, 2) < "24"
    utc, offset = utc & shaped, offset & shaped
    zoned = offset.ifelse(at, "without a zone").cast("timestamp('UTC')").cast("timestamp")
    stamp = utc.ifelse(at.substr(0, at.length() - 1).cast("timestamp"), zoned).truncate("ms")
    since = stamp.delta(ibis.timestamp("1970-01-01"), unit="millisecond")
    names |= {name: log[name].nullif("") for name in ("credential", "level")}
    return log.mutate(at_ms=since, **names).drop("at")


def merge_tables(parts: Sequence[pa.Table]) -> pa.Table:
    """Merge folded tables in memory; see `merge`."""
    if len(parts) == 1:
        return parts[0]
    return _in_memory(pa.concat_tables(parts), IN_MEMORY, _statement("folded"))


@cache
def _statement(form: str) -> str:
    """Return the SQL for DuckDB that folds, or merges, the table `LOG`."""
    import ibis

    if form == "lines":
        expression = fold(timed(ibis.table(TEXT_EVENTS, name=LOG)))
    elif form == "events":
        expression = fold(ibis.table(EVENTS, name=LOG))
    else:
        expression = merge(ibis.table(FOLDED, name=LOG))
    return str(ibis.to_sql(expression, dialect="duckdb"))


@cache
def _database(process: int) -> "DuckDBPyConnection":
    """Open a database in memory, once per process: opening takes longer than small folds.

    A forked process must not use the connection of its parent.
    """
    import duckdb

    return duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY})


def _in_memory(table: pa.Table, source: str, statement: str) -> pa.Table:
    """Run a statement on the table `LOG`, which `source` derives from `IN_MEMORY`."""
    with _database(os.getpid()).cursor() as connection:
        connection.register(IN_MEMORY, table)
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {LOG} AS SELECT * FROM {source}")  # noqa: S608
        result: pa.Table = connection.sql(statement).to_arrow_table()
    return result


def _run(source: str, statement: str, memory: str) -> pa.Table:
    """Run a statement on the table `LOG`, which `source` reads."""
    import duckdb

    with TemporaryDirectory(prefix="trustdebt-fold-") as folder:
        out = Path(folder) / "folded.parquet"
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": THREADS,
            "memory_limit": memory,
            "temp_directory": folder,
        }
        with duckdb.connect(config=config) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute("SET preserve_insertion_order = false")
            view = f"CREATE VIEW {LOG} AS SELECT * FROM {source}"  # noqa: S608 - quoted above
            connection.execute(view)
            connection.execute(f"COPY ({statement}) TO {_quoted(out)} (FORMAT parquet)")
        return pq.read_table(out)


def _listed(paths: Sequence[Path]) -> str:
    return f"[{', '.join(map(_quoted, paths))}]"


def _quoted(path: Path) -> str:
    """Return a path as an SQL string, with its wildcards escaped."""
    text = str(path).replace("'", "''")
    return "'" + "".join(f"[{c}]" if c in "*?[" else c for c in text) + "'"


class WrongEvents(ValueError):
    """A log of events that cannot be read; the message never repeats a value of it."""


def _reason(error: Exception) -> str:
    """Return what DuckDB could not read, without the value that it quotes."""
    name = type(error).__name__
    if "line" in (message := str(error)) and (at := message.partition("line ")[2]):
        digits = "".join(c for c in at.split()[0] if c.isdigit())
        return f"line {digits} is no event" if digits else "a line is no event"
    return "an instant is not ISO 8601 with a zone" if "Conversion" in name else "not JSON lines"
