"""Reconciliation of actions, decisions and entitlements: one module for each kind of comparison.

A module with `CHECKS` here adds its checks.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from analytics.findings.reconciliation.check import Check


@cache
def all_checks() -> dict[str, Check]:
    """List the checks by name, in the order in which they are reported."""
    modules = (import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__))
    checks = [check for module in modules for check in getattr(module, "CHECKS", ())]
    return {check.name: check for check in sorted(checks, key=lambda check: check.order)}
