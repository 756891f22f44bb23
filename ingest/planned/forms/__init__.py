"""The kinds of file that state planned agents, one module each, which adds itself."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from ingest.planned.form import Form


@cache
def all_forms() -> dict[str, Form]:
    """Return all forms by name, in the order in which they are tried."""
    modules = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    forms = sorted((module.FORM for module in modules), key=lambda form: form.order)
    return {form.name: form for form in forms}
