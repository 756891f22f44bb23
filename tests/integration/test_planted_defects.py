"""Whatever the generator plants is found, and nothing else: precision and recall are 1."""

from functools import cache

import pandas as pd
import pytest

from analytics.assumptions.model import ASSUMPTIONS
from analytics.findings.evaluation import find_all
from analytics.findings.rules import all_rules
from analytics.posture import Posture, assess
from graph.access import AccessGraph
from graph.facts import Facts
from ingest.generator import Generated, generate
from tests.support.estates.accuracy import Accuracy, accuracy, assessed
from tests.support.printed import debt
from tests.support.search import some

AGENTS, SEEDS = 110, some(range(4), 2)  # `make bench` counts ten seeds
PLANTED = 44  # rules at least; SCP-04 takes a longer history: test_planted_growth.py


@cache
def made(seed: int) -> Generated:
    """Generate an estate once for all tests of it."""
    return generate(AGENTS, seed)


@cache
def judged(seed: int) -> Posture:
    """Judge an estate once for all tests of it."""
    return assessed(made(seed))


@pytest.fixture(scope="module")
def counted() -> dict[int, list[Accuracy]]:
    return {seed: accuracy(made(seed), judged(seed)) for seed in SEEDS}


@cache
def planted() -> set[str]:
    """Return the rules for which some estate holds a defect."""
    return {defect["rule"] for seed in SEEDS for defect in made(seed).labels["defects"]}


@pytest.mark.parametrize("seed", SEEDS)
def test_every_planted_defect_is_found_and_no_other(counted, seed):
    rows = [a for a in counted[seed] if a.rule in planted()]
    off = [a for a in rows if a.missed or a.invented]
    assert not off, [(a.rule, a.missed[:3], a.invented[:3]) for a in off]
    assert all(a.precision == a.recall == 1 for a in rows)


def test_each_is_found_since_the_day_it_began(counted):
    late = [(seed, a.rule, a.dates) for seed, rows in counted.items() for a in rows if a.dates]
    assert not late


def test_no_rule_loses_its_planted_defect(counted):
    assert len(planted()) >= PLANTED
    assert planted() <= {rule.id for rule in all_rules().values()}
    assert planted() == {a.rule for rows in counted.values() for a in rows if a.planted}


@pytest.mark.parametrize("rule", sorted(rule.id for rule in all_rules().values()))
def test_a_rule_is_planted_somewhere(rule):
    if rule not in planted():
        pytest.skip(f"NO DEFECT PLANTED FOR {rule} in a short history: ingest/generator/labels.py")


def test_every_assumption_of_the_debt_model_is_broken_somewhere():
    """A new assumption asks for a planted defect, as a new rule does."""
    broken = set()
    for seed in SEEDS:
        groups = debt(judged(seed), by="assumption")["groups"]
        broken |= {group["key"] for group in groups if group["debt"] > 0}
    assert broken == set(ASSUMPTIONS)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_what_only_looks_like_a_defect_is_none(seed):
    found = find_all(judged(seed))
    ids = judged(seed).graph.ids.to_pylist()
    for rule, near in made(seed).labels["near_misses"].items():
        assert near, rule
        rows = found[found["rule"] == rule]
        named = {ids[n] for n in rows["subject"]} | {ids[n] for n in rows["object"] if n >= 0}
        both = zip(rows["subject"], rows["object"], strict=True)
        named |= {f"{ids[one]} {ids[other]}" for one, other in both if other >= 0}
        assert named.isdisjoint(near), rule


def test_a_rule_that_finds_too_little_or_too_much_shows(counted, monkeypatch):
    """The count would notice: without half of what it finds a rule has a recall of a half."""
    from tests.support.estates import accuracy as module

    whole = module._found
    monkeypatch.setattr(
        module,
        "_found",
        lambda posture: {
            rule: dict(
                [*list(keys.items())[::2], *([(("nobody",), "")] if rule == "SCP-01" else [])]
            )
            for rule, keys in whole(posture).items()
        },
    )
    rows = {a.rule: a for a in accuracy(made(0), judged(0))}
    assert rows["OWN-01"].recall < 0.6
    assert rows["SCP-01"].precision < 1
    assert rows["SCP-01"].invented == (("nobody",),)


def test_findings_do_not_depend_on_the_order_of_rows():
    posture = judged(2)
    facts = posture.graph.facts
    frames = {
        element: frame.sample(frac=1, random_state=7).reset_index(drop=True)
        for element, frame in facts.frames.items()
    }
    moved = assess(AccessGraph.of(Facts.of(frames, facts.coverage)))
    pd.testing.assert_frame_equal(find_all(posture), find_all(moved))
