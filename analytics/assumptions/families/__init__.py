"""The assumptions under which access was given, one family per module, which adds itself.

Each module has `judge`, which returns the verdicts on its assumptions for a `Case`, and `JUDGED`,
the names of these assumptions. It may say which verdicts are alike, so that they are judged once:

* `BY_IDENTITY = True`: a verdict is the same for all entitlements of an identity, or
* `alike(posture, model)`, which returns an int64 for each accountable identity: identities with the
  same number have the same verdict for the same grant, level and standing; each with `ALONE` is
  judged by itself.
"""

import sys
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import numpy as np

from analytics.assumptions.judgement import Case, Verdict
from analytics.assumptions.model import NUMBER, Model
from analytics.posture import Posture

Judge = Callable[[Case], tuple[Verdict, ...]]
Alike = Callable[[Posture, Model], np.ndarray]


@cache
def all_families() -> tuple[Judge, ...]:
    """List the judges of all families, in the order that the model has their assumptions."""
    modules = [import_module(f"{__name__}.{m.name}") for m in iter_modules(__path__)]
    ordered = sorted(modules, key=lambda module: NUMBER[module.JUDGED[0]])
    return tuple(module.judge for module in ordered)


def by_identity(judge: Judge) -> bool:
    """Return whether a verdict of a family is the same for all entitlements of an identity."""
    return getattr(sys.modules[judge.__module__], "BY_IDENTITY", False)


def alike_by(judge: Judge) -> Alike | None:
    """Return the function by which a family says whose verdicts are alike, if it has one."""
    return getattr(sys.modules[judge.__module__], "alike", None)
