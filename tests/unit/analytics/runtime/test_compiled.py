"""Compiled code that is kept between processes, and what may have changed meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
KERNEL = """
from analytics.runtime.compiled import compiled

@compiled
def total(pair):
    return pair[0] + pair[1]
"""
PAIR = "from typing import NamedTuple\n\nclass {}(NamedTuple):\n    one: int\n    other: int\n"
WITHOUT = """
from numba.core.caching import FunctionCache
from analytics.runtime import compiled
compiled.Cache.load_overload = FunctionCache.load_overload
"""


def _total(folder: Path, name: str, first: str = "") -> subprocess.CompletedProcess[str]:
    """Add two numbers by the kernel, in a process of its own, with a type of this name."""
    (folder / "pairs.py").write_text(PAIR.format(name))
    program = (
        f"{first}\nfrom kernel import total\nfrom pairs import {name}\nprint(total({name}(1, 2)))"
    )
    return subprocess.run(
        [sys.executable, "-B", "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_kept_code_that_names_a_type_which_is_gone_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "kernel.py").write_text(KERNEL)
    assert _total(tmp_path, "Pair").stdout == "3\n"
    assert list((tmp_path / "__pycache__").glob("kernel.total*.nbi"))
    twin = _total(tmp_path, "Couple", WITHOUT)  # without the defence
    assert twin.returncode != 0
    assert "Pair" in twin.stderr
    for _ in range(2):
        assert _total(tmp_path, "Couple").stdout == "3\n"
