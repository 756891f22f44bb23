"""The usage fold: from single events to who used what, when first, when last and how often.

It is written once, as an Ibis expression that keeps to what DuckDB and Spark do alike: DuckDB
runs it here, streaming and within a bound of memory, and `fold` runs unchanged where a lake of
logs lives already. Instants are int64 milliseconds since 1970 in UTC: the one form in which both
engines agree whatever their time zone. Folding parts and merging the results (`merge`) equals
folding all at once, so that each day's log can be folded by itself.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import ibis

KEYS = ("principal", "credential", "resource", "level")
EVENTS = {
    "principal": "string",
    "credential": "string",
    "resource": "string",
    "level": "string",
    "outcome": "string",
    "at_ms": "int64",
}
FAILED = ("failure", "failed", "denied", "deny", "error")  # outcomes, in lower case
LOG = "log"  # the table that an expression reads
MEMORY = "640MiB"  # what DuckDB may hold; the process stays under 1 GiB with it
THREADS = 2


def fold(events: "ibis.Table") -> "ibis.Table":
    """Add up events by principal, credential, resource and access level.

    Parameters
    ----------
    events
        A table with the columns of `EVENTS`; a row without principal, resource or time is left
        out. An outcome that is absent counts as a success.

    Returns
    -------
    ibis.Table
        `KEYS`, then `first_ms` and `last_ms` (of successes; null where none), `tried_ms` (the
        last of any outcome), `count` (successes) and `failures`, all int64.
    """
    known = events.filter(
        events.principal.notnull() & events.resource.notnull() & events.at_ms.notnull()
    )
    failed = known.outcome.lower().isin(FAILED).fill_null(False)
    known = known.mutate(failed=failed)
    went = ~known.failed
    return known.group_by(*KEYS).agg(
        first_ms=known.at_ms.min(where=went),
        last_ms=known.at_ms.max(where=went),
        tried_ms=known.at_ms.max(),
        count=known.count(where=went).cast("int64"),
        failures=known.count(where=known.failed).cast("int64"),
    )


def merge(folded: "ibis.Table") -> "ibis.Table":
    """Add up what was folded apart, such as one table a day."""
    total = "decimal(18,0)"  # DuckDB's sum of int64 is wider than int64
    return folded.group_by(*KEYS).agg(
        first_ms=folded.first_ms.min(),
        last_ms=folded.last_ms.max(),
        tried_ms=folded.tried_ms.max(),
        count=folded["count"].sum().cast(total).cast("int64"),
        failures=folded.failures.sum().cast(total).cast("int64"),
    )


def fold_parquet(paths: Sequence[Path], memory: str = MEMORY) -> pa.Table:
    """Fold Parquet files of events with DuckDB; see `fold` for the columns.

    What does not fit into `memory` is spilled to a temporary folder, which is removed.
    """
    import ibis

    return _run(f"read_parquet({_listed(paths)})", fold(ibis.table(EVENTS, name=LOG)), memory)


def fold_json(paths: Sequence[Path], memory: str = MEMORY) -> pa.Table:
    """Fold files of JSON lines, plain or gzip, as the native format has them (`at` is text).

    A line that is no JSON object, or an instant without a zone, stops the fold.

    Raises
    ------
    WrongEvents
    """
    import duckdb
    import ibis

    fields = {name: "string" for name in EVENTS if name != "at_ms"} | {"at": "string"}
    columns = ", ".join(f"\"{name}\": 'VARCHAR'" for name in fields)
    source = f"read_json({_listed(paths)}, columns={{{columns}}}, format='newline_delimited')"
    try:
        return _run(source, fold(timed(ibis.table(fields, name=LOG))), memory)
    except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.IOException) as error:
        raise WrongEvents(_reason(error)) from None


def timed(log: "ibis.Table") -> "ibis.Table":
    """Replace the text `at`, ISO 8601 with a zone, by `at_ms`: milliseconds since 1970 in UTC.

    It comes out alike on DuckDB and on Spark, whose session must be in UTC, as Ibis sets it. A
    text without a zone stops the query.
    """
    import ibis

    zoned = log.at.re_search(r"(Z|[+-]\d\d:?\d\d)$")
    stamp = zoned.ifelse(log.at, "without a zone").cast("timestamp('UTC')")
    plain = stamp.cast("timestamp").truncate("ms")  # both engines count plain time much faster
    since = plain.delta(ibis.timestamp("1970-01-01"), unit="millisecond")
    return log.mutate(at_ms=since).drop("at")


def merge_tables(parts: Sequence[pa.Table]) -> pa.Table:
    """Add up folded tables in memory; see `merge`."""
    import duckdb
    import ibis

    if len(parts) == 1:
        return parts[0]
    whole = pa.concat_tables(parts)
    table = ibis.table(ibis.Schema.from_pyarrow(whole.schema), name=LOG)
    with duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY}) as connection:
        connection.register(LOG, whole)
        found: pa.Table = connection.sql(_sql(merge(table))).to_arrow_table()
    return found


def _run(source: str, expression: "ibis.Table", memory: str) -> pa.Table:
    """Run an expression over the table `LOG`, which is what `source` reads."""
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
            connection.execute(f"COPY ({_sql(expression)}) TO {_quoted(out)} (FORMAT parquet)")
        return pq.read_table(out)


def _sql(expression: "ibis.Table") -> str:
    import ibis

    return str(ibis.to_sql(expression, dialect="duckdb"))


def _listed(paths: Sequence[Path]) -> str:
    return f"[{', '.join(map(_quoted, paths))}]"


def _quoted(path: Path) -> str:
    """Write a path as a text of SQL; its wildcards stand for themselves."""
    said = str(path).replace("'", "''")
    return "'" + "".join(f"[{c}]" if c in "*?[" else c for c in said) + "'"


class WrongEvents(ValueError):
    """A log of events that cannot be read; the text never repeats a value of it."""


def _reason(error: Exception) -> str:
    """Say what DuckDB could not read, without the value that it quotes."""
    name = type(error).__name__
    if "line" in (said := str(error)) and (at := said.partition("line ")[2]):
        digits = "".join(c for c in at.split()[0] if c.isdigit())
        return f"line {digits} is no event" if digits else "a line is no event"
    return "an instant is not ISO 8601 with a zone" if "Conversion" in name else "not JSON lines"
