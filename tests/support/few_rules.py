"""Judging by a few rules only, or on a few assumptions: the others take time and have no say."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from analytics.assumptions import families
from analytics.findings import rules


@contextmanager
def only_rules(*names: str) -> Iterator[None]:
    """Judge by the rules of these names, and by no other, until it is over."""
    found = [m for m in rules.iter_modules(rules.__path__) if m.name in names]
    assert len(found) == len(names), "no such rule"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules, "iter_modules", lambda _: found)
        rules.all_rules.cache_clear()
        yield
    rules.all_rules.cache_clear()


@contextmanager
def only_families(*names: str) -> Iterator[None]:
    """Judge the assumptions of these families, and of no other, until it is over."""
    found = [m for m in families.iter_modules(families.__path__) if m.name in names]
    assert len(found) == len(names), "no such family"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(families, "iter_modules", lambda _: found)
        families.all_families.cache_clear()
        yield
    families.all_families.cache_clear()
