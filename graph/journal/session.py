"""What the journal asks of the database that keeps it: SQLite or PostgreSQL."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

# Tables that both databases are made with; those of entries and kept data have types of each.
TABLES = """
CREATE TABLE failed
  (source TEXT NOT NULL, scope TEXT NOT NULL, at TEXT NOT NULL, file TEXT NOT NULL,
   place TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (source, scope));
CREATE TABLE sealed
  (one INTEGER PRIMARY KEY CHECK (one = 1), key TEXT NOT NULL, mark TEXT NOT NULL);
"""


class Rows(Protocol):
    """The rows of an answer."""

    def fetchone(self) -> Any:
        """Return the next row; None if there is none."""
        ...

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""
        ...


class Session(Protocol):
    """A transaction; `?` stands for a value, and the SQL is what both databases understand."""

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Rows:
        """Run a statement."""
        ...

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> Any:
        """Run a statement once for each row of values."""
        ...


def replacing(table: str, keys: tuple[str, ...], *others: str) -> str:
    """Return the statement that adds a row, or replaces the one of the same keys.

    >>> replacing("tied", ("store",), "number")
    'INSERT INTO tied VALUES (?, ?) ON CONFLICT (store) DO UPDATE SET number = excluded.number'
    """
    places = ", ".join("?" for _ in (*keys, *others))
    changed = ", ".join(f"{name} = excluded.{name}" for name in others)
    return (
        f"INSERT INTO {table} VALUES ({places}) "  # noqa: S608 - names of ours
        f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changed}"
    )
