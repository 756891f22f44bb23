"""The formats of records, one module each: adding a module here adds the format."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from graph.receipts.format import Format


@cache
def all_formats() -> dict[str, Format]:
    """Return all formats by name, in the order in which they are tried."""
    modules = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    formats = sorted((module.FORMAT for module in modules), key=lambda each: each.order)
    return {each.name: each for each in formats}
