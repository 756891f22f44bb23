"""Bytes in memory of Arrow's own, which no object of Python owns.

Threads of Arrow may let go of what they read after the read has returned. To let go of bytes of
Python they need the interpreter, and one that ends just then aborts the process.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def buffer_of(file: Path) -> pa.Buffer:
    """Read a file.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with pa.OSFile(str(file)) as opened:
        return opened.read_buffer()


def copied(data: bytes) -> pa.Buffer:
    """Copy bytes.

    >>> copied(b"facts").to_pybytes()
    b'facts'
    """
    with pa.BufferOutputStream() as memory:
        memory.write(data)
        return memory.getvalue()


def parquet_of(
    data: pa.Buffer, columns: Sequence[str] | None = None, threads: bool = True
) -> pa.Table:
    """Read the table in the bytes of a Parquet file, or some of its columns.

    `pyarrow.parquet.read_table` takes four times as long for a small one, as it makes a dataset.

    Raises
    ------
    pyarrow.ArrowException, OSError
        If it cannot be read.
    """
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        return file.read(None if columns is None else list(columns), use_threads=threads)
