"""Leadership figures of one population, each with its denominator or the reason for none."""

from typing import Any

import numpy as np

from analytics.figures.measure import LESS, MORE, Measure, Measured, population
from analytics.figures.measures import all_measures
from analytics.figures.pillars import Part, Pillar, nobody_could, pillars
from analytics.posture import Posture


def kpis(posture: Posture) -> dict[str, Any]:
    """Return the leadership figures and the five pillars.

    A figure that cannot be measured has the value None and a reason: it is not 0. `range` bounds
    the value whatever the unknown turns out to be; `on_target` holds for all of it.
    """
    judged = population(posture)
    model = judged.debt.model
    return {
        "kpis": [_figure(posture, m, m.of(posture)) for m in all_measures().values()],
        "three_that_count": [m.name for m in all_measures().values() if m.three],
        "pillars": [_pillar(p) for p in pillars(posture)],
        "population": {
            "identities": len(judged.identities),
            "accountable": len(judged.debt.identities),
            "not_known": int(np.count_nonzero(~judged.known)),
            "entitlements": len(judged.debt.units),
            "exposure": judged.every_exposure,
        },
        "model": {"id": model.id, "hash": model.hash},
    }


def _figure(posture: Posture, of: Measure, measured: Measured) -> dict[str, Any]:
    met = None if posture.before_data else _on_target(of, measured)
    return {
        "name": of.name,
        "title": of.title,
        "value": measured.value,
        "numerator": measured.numerator,
        "denominator": measured.denominator,
        "unit": of.unit,
        "better": of.better,
        "target": of.target,
        "range": list(measured.range) if measured.range is not None else None,
        "on_target": met,
        "not_measured_because": measured.because,
        "numerator_is": of.numerator,
        "denominator_is": of.denominator,
        "source": of.source,
        "rows": of.rows,
        "three": of.three,
        "references": list(of.references),
        "published": [{"says": p.says, "source": p.source, "year": p.year} for p in of.published],
        "detail": measured.detail,
    }


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
