"""The checks of the gate, one module each, which adds itself."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics.remediation.gate.check import Check


@cache
def all_checks() -> dict[str, Check]:
    """Return all checks by name, in their order."""
    modules = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    checks = sorted((module.CHECK for module in modules), key=lambda check: check.order)
    return {check.name: check for check in checks}
