"""Judging by a few rules only, or on a few assumptions: the others take time and have no say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pkgutil import iter_modules
from types import ModuleType

import pytest

from analytics.assumptions import families
from analytics.figures.controls import rules_for
from analytics.findings import rules


@contextmanager
def only_rules(*names: str) -> Iterator[None]:
    """Judge by the rules of these names, and by no other, until it is over."""

    def forget() -> None:
        rules.all_rules.cache_clear()
        rules_for.cache_clear()  # which rules speak of a control follows from them

    with _only(rules, forget, *names):
        yield


@contextmanager
def only_families(*names: str) -> Iterator[None]:
    """Judge the assumptions of these families, and of no other, until it is over."""
    with _only(families, families.all_families.cache_clear, *names):
        yield


@contextmanager
def all_families() -> Iterator[None]:
    """Judge the assumptions of all families where only some were chosen, until it is over."""
    with only_families(*(module.name for module in iter_modules(families.__path__))):
        yield


@contextmanager
def only_about(family: str, *names: str) -> Iterator[None]:
    """Judge the assumptions of one family, by the rules of these names."""
    with only_rules(*names), only_families(family):
        yield


@contextmanager
def _only(package: ModuleType, forget: Callable[[], None], *names: str) -> Iterator[None]:
    """Let a package find only those of its modules that have these names."""
    found = [m for m in iter_modules(package.__path__) if m.name in names]
    assert len(found) == len(names), "no such module"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(package, "iter_modules", lambda _: found)
        forget()
        try:
            yield
        finally:
            patch.undo()
            forget()  # also after a test that fails
