"""Bounds on the size of inputs, each with its default, in one place.

The environment raises or lowers a bound by its name: `TRUSTDEBT_MAX_ROWS=50000000`. Commands and
uploads obey the same bounds.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass

PREFIX = "TRUSTDEBT_MAX_"
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound: its default and what it limits."""

    usual: int
    limits: str


BOUNDS: Mapping[str, Bound] = {
    "FILE_BYTES": Bound(128 * MIB, "bytes of one document (JSON, YAML, text), decompressed"),
    "EXPORT_BYTES": Bound(GIB, "bytes of all documents of one export together"),
    "FILES": Bound(100_000, "files below one folder"),
    "DEPTH": Bound(100, "brackets within brackets of a document"),
    "GZIP_MEMBERS": Bound(10_000, "parts of one gzip file"),
    "GZIP_RATIO": Bound(200, "times its size that a log of use may take, beyond `FILE_BYTES`"),
    "LOG_BYTES": Bound(64 * GIB, "bytes of one log of use (`usage/`), decompressed"),
    "TABLE_BYTES": Bound(2 * GIB, "bytes of one table (CSV, JSON lines, Parquet)"),
    "EXPANDED_BYTES": Bound(2 * GIB, "bytes that one Parquet table takes once it is read"),
    "PARQUET_FREE_BYTES": Bound(256 * MIB, "bytes that any Parquet table may take, however small"),
    "PARQUET_RATIO": Bound(100, "times its size that a Parquet table may take beyond that"),
    "PARQUET_FOOTER_BYTES": Bound(8 * MIB, "bytes of the footer of a Parquet file"),
    "PARQUET_PAGES": Bound(200_000, "pages of a Parquet file"),
    "LINE_BYTES": Bound(8 * MIB, "bytes of one line of a table"),
    "ROWS": Bound(20_000_000, "rows of one table"),
    "REJECTED": Bound(100_000, "rows of one table, or lines of one log, that cannot be read"),
    "COLUMNS": Bound(1_000, "columns of one table"),
    "TOML_BYTES": Bound(MIB, "bytes of one TOML file"),
    "TOML_DEPTH": Bound(64, "brackets within brackets of a TOML file"),
    "TOML_STEPS": Bound(32, "parts of one dotted key of a TOML file"),
    "TOML_TABLES": Bound(50_000, "brackets and dots of a TOML file, outside its texts"),
}


class WrongBound(ValueError):
    """The environment sets a bound to something other than a whole number above 0."""

    exit_code, code = 2, "wrong-bound"


def bound(name: str) -> int:
    """Return a bound: the value from the environment, else its default.

    >>> bound("COLUMNS")
    1000

    Raises
    ------
    WrongBound
    """
    text = os.environ.get(PREFIX + name)
    if not text:
        return BOUNDS[name].usual
    if not (text.isascii() and text.isdigit() and len(text) < 19 and int(text)):
        raise WrongBound(f"{PREFIX}{name} must be a whole number above 0")
    return int(text)
