"""Acceptances on random estates: against the plain count, and what must hold of any of them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from analytics.answers.what_if import posture_without
from analytics.debt import debt_of
from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.about import what_it_is_about
from analytics.posture import Posture
from graph.journal.journal import Journal
from graph.schema import CAN_ACCESS
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
    """Choose findings of a posture to accept, each over a span of time."""
    ids = sorted(find_all(posture)["id"])
    assume(ids)
    names = [(ids[n % len(ids)], span) for n, span in picks]
    return [(name, what_it_is_about(posture, name), *span) for name, span in names]


def judged(estate: Estate, journal: Journal) -> Posture:
    posture = estate.quick()
    posture.journal = journal
    return posture


@FEW
@given(estates(), CHOSEN)
def test_every_item_is_that_of_the_definition(estate, picks):
    about = chosen(estate.quick(), picks)
    reference = AcceptingReference(estate)
    now = reference.now
    said = [
        AcceptedFinding(*parts[:3], parts[3:], now - since, now - until)
        for _, parts, since, until in about
    ]
    with accepting(about) as journal:
        posture = judged(estate, journal)
        found = listed(posture)
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
    about = chosen(estate.quick(), picks)
    halves = []
    for name, parts, since, until in about:
        middle = round(since + (until - since) * share, 3)
        halves += [(name, parts, middle, until), (name, parts, since, middle)]
    amounts = []
    for said in (about, halves):
        with accepting([s for s in said if s[2] >= 0]) as journal:
            amounts.append(debt_of(judged(estate, journal)).debt)
    assert amounts[0] == pytest.approx(amounts[1], nan_ok=True)


@FEW
@given(estates(), CHOSEN, st.lists(st.integers(0, 10_000), min_size=1, max_size=3))
def test_accepting_never_adds_debt_and_removing_never_does(estate, picks, gone):
    plain = estate.quick()
    with accepting(chosen(plain, picks)) as journal:
        posture = judged(estate, journal)
        debt = debt_of(posture)
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
    with accepting(chosen(estate.quick(), picks)) as journal:
        after = posture_without(judged(estate, journal), wanted)
        assert debt_of(after).debt.sum() == pytest.approx(debt_of(judged(left, journal)).debt.sum())
