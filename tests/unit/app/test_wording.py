"""The words of the pages name everything that an answer can hold, and nothing else."""

import pytest

from analytics.assumptions.model import ASSUMPTIONS
from analytics.debt.groups import GROUPINGS
from analytics.debt.ledger.entries import KINDS as ENTRIES
from analytics.figures.measures import all_measures
from analytics.figures.revocation_speed import KINDS as OVERDUE
from analytics.findings.lifecycle.states import STATES as FINDING_STATES
from analytics.findings.rules import all_rules
from analytics.remediation.unknowns import ASSUMED, CONDITIONAL
from analytics.usage.stale_access import STATES as STALE_STATES
from analytics.weights import BANDS
from app import wording
from app.exchange.findings import sarif
from app.web import picker
from app.web.answers import debt
from app.web.drawing import scene
from app.web.views import ownership, posture
from app.web.views.blast_radius import foothold
from app.web.views.posture import leadership
from graph.schema import FACT_NODES, LEVELS

BAND_NAMES = {name for _, name in BANDS}
LABELS = {label.name for label in FACT_NODES}
WORDS = {
    "overdue": (leadership.KINDS, OVERDUE),
    "questions": (foothold.KINDS, (CONDITIONAL, ASSUMED)),
    "labels": (wording.KINDS, LABELS),
    "levels": (wording.LEVEL_VERBS, LEVELS),
    "stale access": (wording.STALE_STATES, STALE_STATES),
    "severities": (wording.MARKS, BAND_NAMES),
    "states of findings": (wording.STATES, FINDING_STATES),
    "assumptions": (debt.WORDS, ASSUMPTIONS),
    "groupings": (debt.BY, GROUPINGS),
    "shapes": (scene.SHAPES, {label.symbol for label in FACT_NODES}),
    "sarif": (sarif.LEVELS, BAND_NAMES),
    "sarif scores": (sarif.SECURITY, BAND_NAMES),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_are_those_of_the_registry(name):
    words, registry = WORDS[name]
    assert set(words) == set(registry)


def test_words_for_parts_of_a_registry():
    assert set(debt.ENTRY_WORDS) >= set(ENTRIES)
    assert set(ownership.RULES) <= {rule.id for rule in all_rules().values()}
    assert set(posture.SHORT) <= set(all_measures())
    assert set(picker.PREFIXES.values()) == LABELS - {"Review"}
