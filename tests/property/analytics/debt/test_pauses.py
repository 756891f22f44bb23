"""Acceptances on random estates: against the plain count, and what must hold of any of them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from analytics.answers.what_if import posture_without
from analytics.debt import debt_of
from analytics.debt.pauses import _together
from analytics.findings.evaluation import find_all
from analytics.posture import Posture
from graph.journal.journal import Journal
from graph.schema import CAN_ACCESS
from graph.values import UNIT_SEPARATOR
from tests.property.analytics.debt.test_debt import copied, listed
from tests.property.analytics.debt.test_debt_of_removals import items
from tests.support.estates.debt_estates import estates
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.printed import debt as debt_answer
from tests.support.references.acceptance import AcceptedFinding, AcceptingReference, owed

SLACK = 1 + 1e-9
DAYS = st.sampled_from([0, 1, 15, 60, 130])
SPAN = st.tuples(DAYS, st.sampled_from([1, 20, 45, 200])).map(lambda s: (s[0], s[0] - s[1]))
CHOSEN = st.lists(st.tuples(st.integers(0, 10_000), SPAN), min_size=1, max_size=12)
FEW = settings(max_examples=18, deadline=None, suppress_health_check=list(HealthCheck))
MORE = settings(FEW, max_examples=120)


def before(days: float) -> pd.Timestamp:
    return AS_OF - pd.Timedelta(days=days)


@contextmanager
def accepting(about: list[tuple[str, tuple[str, ...], float, float]]) -> Iterator[Journal]:
    """Keep a journal of acceptances: a finding, what it is about, from and to so long ago."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal.sqlite")
        for finding, parts, since, until in about:
            journal.accept(finding, before(until), "ann", "x", before(since), about=parts)
        yield journal


def chosen(posture: Posture, picks: list) -> list[tuple[str, tuple[str, ...], float, float]]:
    """Choose findings of a posture to accept, each over a span of time.

    It may be given a journal after that: no decision has been asked for yet.
    """
    found, ids = find_all(posture).set_index("id"), posture.graph.ids
    names = sorted(found.index)
    assume(names)
    about = {}
    for name in (names[n % len(names)] for n, _ in picks):
        row = found.loc[name]
        ends = [ids[row[end]].as_py() if row[end] >= 0 else "" for end in ("subject", "object")]
        about[name] = row["rule"], *ends, *(row["key"].split(UNIT_SEPARATOR) if row["key"] else ())
    spans = [(names[n % len(names)], span) for n, span in picks]
    return [(name, about[name], *span) for name, span in spans]


def judged(estate: Estate, journal: Journal) -> Posture:
    return knowing(estate.quick(), journal)


def knowing(posture: Posture, journal: Journal) -> Posture:
    posture.journal = journal
    return posture


@MORE
@given(estates(), CHOSEN)
def test_every_item_is_that_of_the_definition(estate, picks):
    posture = estate.quick()
    about = chosen(posture, picks)
    reference = AcceptingReference(estate)
    now = reference.now
    said = [
        AcceptedFinding(*parts[:3], parts[3:], now - since, now - until)
        for _, parts, since, until in about
    ]
    with accepting(about) as journal:
        found = listed(knowing(posture, journal))
        rows = debt_answer(posture, items=True)["items"]
    everything = [i for i in reference.items() if i.degree is None or i.degree]
    assume({i.key for i in everything} == set(found))  # which items there are is tested elsewhere
    accepted = set()
    for item in everything:
        if item.degree:
            mine = [one for one in said if reference.concerns(one, item)]
            amount = owed(item, now, [(one.since, one.until) for one in mine])
            assert found[item.key][3] == pytest.approx(amount), item
            if any(one.since <= now < one.until for one in mine):
                accepted.add(item.key)
    names = ("assumption", "grant", "level", "object")
    shown = {(r["identity"]["id"], *(r[n] for n in names)) for r in rows if r["accepted"]}
    assert shown == accepted


@FEW
@given(estates(), CHOSEN, st.floats(0.1, 0.9))
def test_an_acceptance_in_two_that_meet_is_one(estate, picks, share):
    first, second = estate.quick(), estate.quick()
    about = chosen(first, picks)
    halves = []
    for name, parts, since, until in about:
        middle = round(since + (until - since) * share, 3)
        halves += [(name, parts, middle, until), (name, parts, since, middle)]
    amounts = []
    for posture, said in ((first, about), (second, halves)):
        with accepting([s for s in said if s[2] >= 0]) as journal:
            amounts.append(debt_of(knowing(posture, journal)).debt)
    assert amounts[0] == pytest.approx(amounts[1], nan_ok=True)


@FEW
@given(estates(), CHOSEN, st.lists(st.integers(0, 10_000), min_size=1, max_size=3))
def test_accepting_never_adds_debt_and_removing_never_does(estate, picks, gone):
    plain, posture = estate.quick(), estate.quick()
    with accepting(chosen(posture, picks)) as journal:
        debt = debt_of(knowing(posture, journal))
        assert (debt.rows.debt <= debt_of(plain).rows.debt * SLACK + 1e-9).all()
        assert (debt.rows.debt >= debt.rows.principal / SLACK).all()
        choices = items(estate)
        wanted = list(dict.fromkeys(choices[n % len(choices)] for n in gone))
        after = posture_without(posture, wanted)
        assert debt_of(after).debt.sum() <= debt.debt.sum() * SLACK + 1e-9, wanted


@FEW
@given(estates(), CHOSEN, st.lists(st.integers(0, 10_000), min_size=1, max_size=3))
def test_what_if_is_the_world_without_it_with_the_same_acceptances(estate, picks, gone):
    rows = estate.rows.get(CAN_ACCESS, [])
    assume(rows)
    wanted = sorted({rows[n % len(rows)]["id"] for n in gone})
    left = copied(estate)
    left.rows[CAN_ACCESS] = [row for row in rows if row["id"] not in wanted]
    posture = estate.quick()
    with accepting(chosen(posture, picks)) as journal:
        after = posture_without(knowing(posture, journal), wanted)
        assert debt_of(after).debt.sum() == pytest.approx(debt_of(judged(left, journal)).debt.sum())


SPANS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 30)), max_size=8)


@settings(max_examples=300, deadline=None)
@given(SPANS)
@example([(0, 0, 30), (0, 2, 4), (0, 8, 12)])  # two of them within the first
def test_each_moment_of_overlapping_spans_counts_once(spans):
    place, begun, over = np.array(spans, np.int64).reshape(-1, 3).T
    moments = {(at, moment) for at, first, end in spans for moment in range(first, end)}
    counted = [sum(at == each for at, _ in moments) for each in range(3)]
    assert _together(place, begun, over, 3).tolist() == counted
