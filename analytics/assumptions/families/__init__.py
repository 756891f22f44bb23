"""The assumptions under which access was given, one family per module, which adds itself.

Each module has `judge`, which returns the verdicts on its assumptions for a `Case`, and `JUDGED`,
the names of these assumptions.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics.assumptions.judgement import Case, Verdict
from analytics.assumptions.model import NUMBER

Judge = Callable[[Case], tuple[Verdict, ...]]


@cache
def all_families() -> tuple[Judge, ...]:
    """List the judges of all families, in the order that the model has their assumptions."""
    modules = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    ordered = sorted(modules, key=lambda module: NUMBER[module.JUDGED[0]])
    return tuple(module.judge for module in ordered)
