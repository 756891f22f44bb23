"""Bytes in memory of Arrow's own, which no object of Python owns.

Threads of Arrow may let go of what they read after the read has returned. To let go of bytes of
Python they need the interpreter, and one that ends just then aborts the process.
"""

from pathlib import Path

import pyarrow as pa


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
