"""The leadership figures, one module each. Adding a module here adds the figure."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics.figures.measure import Measure


@cache
def all_measures() -> dict[str, Measure]:
    """List the measures by name, in display order."""
    modules = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    measures = sorted((m.MEASURE for m in modules), key=lambda m: m.order)
    return {m.name: m for m in measures}
