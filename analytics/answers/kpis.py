"""Leadership figures of one population, each with its denominator or the reason for none."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.table import Table
from analytics.figures.measure import LESS, MORE, Measure, Measured, population
from analytics.figures.measures import all_measures
from analytics.figures.pillars import Part, Pillar, nobody_could, pillars
from analytics.kept.ahead import Ahead
from analytics.kept.answers import kept
from analytics.posture import Posture


@dataclass(frozen=True)
class Kpis:
    """The leadership figures and the five pillars; see `kpis`.

    `kpis` has `name`, `title`, `value`, `numerator`, `denominator`, `unit`, `better`, `target`,
    `range` (a pair), `on_target`, `not_measured_because`, `numerator_is`, `denominator_is`,
    `source`, `rows` (a command), `three`, and the lists `references` and `published`, and `detail`
    (a dict). All its columns are of dtype object: a figure is a whole number or a fraction, and
    None if it is not measured.
    """

    kpis: Table
    three_that_count: list[str]
    pillars: list[dict[str, Any]]
    population: dict[str, Any]
    model: dict[str, str]


@kept
def kpis(posture: Posture) -> Kpis:
    """Return the leadership figures and the five pillars.

    A figure that cannot be measured has the value None and a reason: it is not 0. `range` bounds
    the value whatever the unknown turns out to be; `on_target` holds for all of it.
    """
    judged = population(posture)
    measures = list(all_measures().values())
    model = judged.owed.model
    return Kpis(
        kpis=_figures(posture, measures),
        three_that_count=[measure.name for measure in measures if measure.headline],
        pillars=[_pillar(pillar) for pillar in pillars(posture)],
        population={
            "identities": len(judged.identities),
            "accountable": len(judged.owed.identities),
            "not_known": int(np.count_nonzero(~judged.known)),
            "entitlements": int(judged.owed.count.sum()),
            "exposure": judged.every_exposure,
        },
        model={"id": model.id, "hash": model.hash},
    )


def _figures(posture: Posture, measures: list[Measure]) -> Table:
    values = [measure.of(posture) for measure in measures]
    met = [
        None if posture.before_data else _on_target(measure, value)
        for measure, value in zip(measures, values, strict=True)
    ]
    columns = {
        "name": [measure.name for measure in measures],
        "title": [measure.title for measure in measures],
        "value": [value.value for value in values],
        "numerator": [value.numerator for value in values],
        "denominator": [value.denominator for value in values],
        "unit": [measure.unit for measure in measures],
        "better": [measure.better for measure in measures],
        "target": [measure.target for measure in measures],
        "range": [list(value.range) if value.range is not None else None for value in values],
        "on_target": met,
        "not_measured_because": [value.because for value in values],
        "numerator_is": [measure.numerator for measure in measures],
        "denominator_is": [measure.denominator for measure in measures],
        "source": [measure.source for measure in measures],
        "rows": [measure.rows for measure in measures],
        "three": [measure.headline is not None for measure in measures],
        "references": [list(measure.references) for measure in measures],
        "published": [_published(measure) for measure in measures],
        "detail": [value.detail for value in values],
    }
    return Table(pd.DataFrame(columns, dtype=object), posture.graph.things)


def _published(measure: Measure) -> list[dict[str, Any]]:
    return [{"says": p.says, "source": p.source, "year": p.year} for p in measure.published]


def _on_target(of: Measure, measured: Measured) -> bool | None:
    """Return whether the target is met; None if the unknown could decide it either way."""
    if of.target is None or measured.value is None or of.better not in (MORE, LESS):
        return None
    ends = measured.range or (measured.value, measured.value)
    met = {bool(end >= of.target if of.better == MORE else end <= of.target) for end in ends}
    return met.pop() if len(met) == 1 else None


def _pillar(of: Pillar) -> dict[str, Any]:
    return {
        "name": of.name,
        "title": of.title,
        **_evidence(of),
        "unit": of.unit,
        "parts": [{"name": p.name, "title": p.title, **_evidence(p)} for p in of.parts],
    }


def _evidence(of: Pillar | Part) -> dict[str, Any]:
    because = nobody_could(of)
    return {
        "value": None if because else of.shown / of.of,
        "numerator": of.shown,
        "denominator": of.of,
        "unknown": of.unknown,
        "not_measured_because": because,
    }


AHEAD = (Ahead(130, "all figures", kpis),)
