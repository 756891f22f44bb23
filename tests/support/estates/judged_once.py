"""Estates that state the same are judged once, however often they are asked about."""

from functools import lru_cache
from typing import Any

from analytics.findings.rules import all_rules
from analytics.posture import Posture
from tests.support.estates.small_estates import Estate


class _Stated:
    """An estate as it is now; equal to another that states the same, judged by the same rules."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        rows = [(element.name, repr(rows)) for element, rows in estate.rows.items()]
        self.key = (repr(rows), estate.coverage, tuple(all_rules()))

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, _Stated) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key[0])


def judged(estate: Estate) -> Posture:
    """Judge an estate as it is now, or return what was judged of one that states the same."""
    return _judged(_Stated(estate))


@lru_cache(maxsize=64)
def _judged(stated: _Stated) -> Posture:
    return stated.estate.posture()
