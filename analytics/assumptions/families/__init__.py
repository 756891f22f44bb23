"""The assumptions under which access was given, one family per module.

Each module has `judge`, which returns the verdicts on its assumptions for a `Case`.
"""

from collections.abc import Callable

from analytics.assumptions.families import (
    credentials,
    environment,
    evidence,
    necessity,
    ownership,
    review,
    scope,
    separation,
    term,
    third_party,
)
from analytics.assumptions.judgement import Case, Verdict

Judge = Callable[[Case], tuple[Verdict, ...]]

FAMILIES: tuple[Judge, ...] = (
    ownership.judge,
    scope.judge,
    necessity.judge,
    term.judge,
    review.judge,
    evidence.judge,
    credentials.judge,
    environment.judge,
    third_party.judge,
    separation.judge,
)
