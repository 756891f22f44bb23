"""The verdict on each control of the frameworks: fulfilled, not fulfilled, or not known.

A control is not fulfilled if a rule found something, or a figure misses what is asked of it. It is
fulfilled only if all that is evidence of it was judged for every identity, and nothing falls short.
Otherwise it is not known: what nobody could see is neither in order nor broken.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.figures.controls import Judged, judged_by, measured, measures_for, rules_for
from analytics.figures.frameworks import Control, Framework, named
from analytics.figures.measure import LESS, MORE, SHARE, Measure, Measured, population
from analytics.findings.rule import plural
from analytics.posture import Posture

ESTATE_ONLY = "it is a figure of all identities together, not of one"
NOTHING_SPEAKS = "no rule and no measure is evidence of it"
NO_TARGET = "no target is set for it"
NONE_JUDGED = "no identity could be judged"


@dataclass(frozen=True)
class ByRule:
    """The result of a rule: how many were judged, of how many; the numbers that have a finding."""

    judged: Judged
    count: int
    of: int
    subjects: np.ndarray
    because: str | None

    @property
    def passes(self) -> bool | None:
        """Whether nothing falls short; None if not every identity could be judged."""
        if len(self.subjects):
            return False
        return None if self.because is not None or self.count < self.of else True


@dataclass(frozen=True)
class ByMeasure:
    """The value of a figure, or why it is not evidence."""

    measure: Measure
    value: Measured
    because: str | None

    @property
    def passes(self) -> bool | None:
        """Whether the figure is as asked; None without a value, or if that is not known for sure.

        Asked is the target; of a share without one, all of it, or nothing of it.
        """
        target = self.target
        if self.because is not None or target is None or self.value.value is None:
            return None
        low, high = self.value.range or (self.value.value, self.value.value)
        best, worst = (high, low) if self.measure.better == MORE else (-low, -high)
        asked = target if self.measure.better == MORE else -target
        return False if best < asked else True if worst >= asked else None

    @property
    def target(self) -> float | None:
        """What is asked of the figure, None if nothing is."""
        if self.measure.target is not None or self.measure.unit != SHARE:
            return self.measure.target if self.measure.better in (MORE, LESS) else None
        return {MORE: 1.0, LESS: 0.0}.get(self.measure.better)


@dataclass(frozen=True)
class Verdict:
    """The verdict on a control: whether it is fulfilled, None if that is not known.

    `because` are the reasons why it is not known, or not known in full.
    """

    framework: Framework
    control: Control
    fulfilled: bool | None
    rules: tuple[ByRule, ...]
    measures: tuple[ByMeasure, ...]
    because: tuple[str, ...]


def verdicts(
    posture: Posture, framework: str | None = None, about: int | None = None
) -> list[Verdict]:
    """Return the verdict on each control of all frameworks, or of those that match a name.

    About one identity (a number), only rules are evidence: figures are of all of them together.

    Raises
    ------
    UnknownFramework
    """
    return [
        _verdict(posture, listed, control, about)
        for listed, controls in named(framework)
        for control in controls
    ]


def _verdict(posture: Posture, listed: Framework, control: Control, about: int | None) -> Verdict:
    key = listed.name, control.id
    rules = tuple(
        _by_rule(posture, judged_by(posture)[rule.id], about) for rule in rules_for().get(key, ())
    )
    measures = tuple(
        _by_measure(posture, measure, about) for measure in measures_for().get(key, ())
    )
    passes = [rule.passes for rule in rules] + [measure.passes for measure in measures]
    fulfilled = False if False in passes else True if passes and None not in passes else None
    reasons = tuple(_reasons(rules, measures)) if fulfilled is None else ()
    if not passes:
        reasons = (control.because or NOTHING_SPEAKS,)
    return Verdict(listed, control, fulfilled, rules, measures, reasons)


def _by_rule(posture: Posture, judged: Judged, about: int | None) -> ByRule:
    identities, subjects = judged.identities, judged.subjects
    if about is None:
        every = population(posture).identities
        identities, of = np.intersect1d(identities, every), len(every)
    else:
        identities, subjects, of = identities[identities == about], subjects[subjects == about], 1
    because = judged.because or (None if len(identities) else NONE_JUDGED)
    if len(subjects):
        because = None
    return ByRule(judged, len(identities), of, subjects, because)


def _by_measure(posture: Posture, measure: Measure, about: int | None) -> ByMeasure:
    value = measured(posture)[measure.name]
    return ByMeasure(measure, value, ESTATE_ONLY if about is not None else value.because)


def _reasons(rules: tuple[ByRule, ...], measures: tuple[ByMeasure, ...]) -> Iterator[str]:
    """Yield why each part that does not tell for sure does not."""
    for rule in rules:
        if rule.passes is None:
            of = plural(rule.of, "identity", "identities")
            partly = f"{rule.count} of {of} could be judged"
            yield f"{rule.judged.rule.id}: {rule.because or partly}"
    for measure in measures:
        if measure.passes is None:
            partly = NO_TARGET if measure.target is None else "part of it is not known"
            yield f"{measure.measure.title}: {measure.because or partly}"
