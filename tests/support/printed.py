"""Answers to questions as JSON, as the command line prints them and as its contract has them.

`from tests.support.printed import plan` gives the answer of that name, of whatever module.
"""

from collections.abc import Callable
from functools import cache, wraps
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import analytics.answers
from analytics.answers.table import as_json


def __getattr__(name: str) -> Any:
    return _printed(name)


@cache
def _printed(name: str) -> Callable[..., Any]:
    modules = iter_modules(analytics.answers.__path__, "analytics.answers.")
    # Its own module first: another may have a function of that name.
    for module in sorted(modules, key=lambda module: not module.name.endswith(f".{name}")):
        answer = getattr(import_module(module.name), name, None)
        if callable(answer) and getattr(answer, "__module__", None) == module.name:
            return _as_json(answer)
    raise AttributeError(name)


def _as_json(answer: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(answer)
    def printed(*given: Any, **named: Any) -> Any:
        return as_json(answer(*given, **named))

    return printed
