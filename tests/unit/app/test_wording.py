"""The words of the pages name everything that an answer can hold, and nothing else."""

import re
from pathlib import Path

import pytest

from analytics.assumptions.model import ASSUMPTIONS
from analytics.debt.groups import GROUPINGS
from analytics.debt.ledger.lines import KINDS as ENTRIES
from analytics.figures.revocation.speed import KINDS as OVERDUE
from analytics.findings.lifecycle.states import STATES as FINDING_STATES
from analytics.remediation.unknowns import ASSUMED, CONDITIONAL
from analytics.usage.stale_access import STATES as STALE_STATES
from analytics.weights import BANDS
from app import wording
from app.exchange.findings import sarif
from app.web.answers import debt
from app.web.card import ICONS
from app.web.drawing import scene
from app.web.search import picker
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
    assert set(picker.PREFIXES.values()) == set(ICONS) == LABELS - {"Review"}


STRANGE = (  # of a reader's review: what was there in their place said less
    "what could be owed is known",
    "source scope",
    "for want of facts",
    "Change to decision",
    "Blast radius nobody uses",
    "have to be paid back",
    "What each unit rests on",
    "By rules, not stated",
    "separate way",
    "Bounded: only",
    "concluded by a rule",
    "Starts that reach",
    "Best single removal frees",
    "Ways through",
    "No cheaper cut exists",
    "Work it out",
    "Look again",
    "Orphaned with its parent",
    "Used up to the stale step",
    "Answers for it: nobody",
    "makes it bearable",
    "One thing, several ids",
    "everything of {",
)

DOCSTRING = re.compile('""".*?"""', re.DOTALL)


def test_nothing_that_a_reader_could_not_decode_comes_back() -> None:
    root = Path(__file__).parents[3]
    files = [f for part in ("app", "analytics", "ingest") for f in (root / part).rglob("*.py")]
    shown = {f: re.sub(DOCSTRING, "", f.read_text(encoding="utf-8")) for f in files}
    for words in STRANGE:
        assert [f.name for f, text in shown.items() if words in text] == [], words
