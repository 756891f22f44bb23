"""Bytes of files that no object of Python owns."""

import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from graph.files.buffers import buffer_of, copied

READS = """
import sys
from pathlib import Path
import pyarrow as pa, pyarrow.parquet as pq
from graph.files.buffers import buffer_of
for _ in range(6):
    pq.read_table(pa.BufferReader(buffer_of(Path(sys.argv[1]))))
"""
PROCESSES = 8  # with `Path.read_bytes` in place of `buffer_of`, 95 of 550 were aborted


def test_a_process_that_ends_right_after_a_read_is_not_aborted(tmp_path):
    """Threads of Arrow that are still at work need nothing of an interpreter that is gone."""
    columns = {f"c{n}": pa.array([f"{n}/{row}" for row in range(2_000)]) for n in range(12)}
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    read = [sys.executable, "-c", READS, str(tmp_path / "t.parquet")]
    ends = [subprocess.run(read, capture_output=True, text=True) for _ in range(PROCESSES)]
    assert [(end.returncode, end.stderr) for end in ends] == [(0, "")] * PROCESSES


def test_the_bytes_are_those_of_the_file(tmp_path):
    """An empty file, too; one that is not there is an error of the system."""
    for data in (b"", b"facts"):
        (tmp_path / "f").write_bytes(data)
        assert buffer_of(tmp_path / "f").to_pybytes() == data == copied(data).to_pybytes()
    with pytest.raises(FileNotFoundError):
        buffer_of(tmp_path / "none")
