"""Compiled code that is kept between processes, and what may have changed meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
    return _ran(folder, program)


def _ran(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
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


EAGER = """
from analytics.runtime import compiled
compiled._arrays_without_algebra = lambda: None
"""
ALGEBRA = """
import sys
import numpy as np
from numba import njit
print("scipy.linalg" in sys.modules)
print(njit(lambda one, other: one @ other)(np.ones((1, 2)), np.ones((2, 1)))[0, 0])
"""


@pytest.mark.parametrize(("first", "loaded"), [("", "False"), (EAGER, "True")])
def test_a_kernel_is_called_without_linear_algebra_which_still_works(
    tmp_path: Path, first: str, loaded: str
) -> None:
    """The twin: by itself, numba loads it, and half of numpy with it, with the first kernel."""
    (tmp_path / "kernel.py").write_text(KERNEL)
    program = f"{first}\nfrom kernel import total\nprint(total((1, 2)))\n{ALGEBRA}"
    assert _ran(tmp_path, program).stdout.split() == ["3", loaded, "2.0"]
