"""Export formats of a snapshot, one module each: adding a module here adds the format."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from graph.access import AccessGraph

Write = Callable[[AccessGraph, Path], int]


@cache
def all_exports() -> dict[str, Write]:
    """Return by name the functions that write a graph to a path and return the row count."""
    modules = {m.name: import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)}
    return {name: module.write for name, module in modules.items()}
