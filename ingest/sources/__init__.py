"""The source systems, one module each. Adding a module here adds the source."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ingest.source import Source


@cache
def all_sources() -> dict[str, Source]:
    """List the sources by name, in alphabetical order."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    return {m.SOURCE.name: m.SOURCE for m in modules}
