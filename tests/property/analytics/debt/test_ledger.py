"""The books on random histories: the account is exact, and nothing but the facts decides it."""

import json
import subprocess
import sys
from collections import defaultdict
from fractions import Fraction
from functools import cache
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.debt.forecast import forecast
from analytics.debt.ledger.entries import Ledger
from analytics.history import History
from analytics.posture import Posture
from graph.facts import Facts
from tests.support.estates.small_estates import AS_OF, Estate, ago, together
from tests.support.histories.random_histories import random_states
from tests.support.histories.small_history import books, history_of
from tests.support.printed import debt as debt_answer
from tests.support.search import some

ROOT = Path(__file__).parents[4]
SEEDS = some(range(4), 2)
SUMS = ("opening", "new", "retired", "accrued", "rescored", "closing")


@cache
def drawn(seed: int) -> tuple[History, Ledger]:
    """Draw a history and keep its books, once for all checks."""
    history = history_of(*random_states(seed))
    return history, books(history)


@cache
def ends(seed: int) -> list[Posture]:
    """Judge each state of a drawn history, once for all checks."""
    history, _ = drawn(seed)
    return [history.posture(info.id) for info in history.infos]


@cache
def owed(posture: Posture) -> dict[tuple[str, ...], tuple[float, float]]:
    """List what is owed by key, from the answer that people see: principal and debt."""
    items: dict[tuple[str, ...], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for row in debt_answer(posture, items=True)["items"]:
        if row["debt"]:
            key = (row["identity"]["id"], row["assumption"], row["grant"], row["level"])
            items[(*key, row["object"])][0] += row["principal"]
            items[(*key, row["object"])][1] += row["debt"]
    return {key: (p, d) for key, (p, d) in items.items()}


def by_hand(then: Posture, now: Posture) -> dict[str, Fraction]:
    """Work the account out by its definition, with fractions."""
    old, new = owed(then), owed(now)
    sums = dict.fromkeys(
        ("opening", "new", "retired", "accrued", "rescored", "closing"), Fraction()
    )
    for key, (principal, debt) in old.items():
        sums["opening"] += Fraction(debt)
        if key not in new:
            sums["retired"] += Fraction(debt)
        else:
            after, due = map(Fraction, new[key])
            before = Fraction(principal)
            sums["accrued"] += before * (due / after - Fraction(debt) / before)
            sums["rescored"] += (after - before) * (due / after)
    for key, (_, debt) in new.items():
        sums["closing"] += Fraction(debt)
        sums["new"] += Fraction(debt) if key not in old else 0
    return sums


def exact(figures: dict[str, float]) -> bool:
    """Say whether the account closes to the last bit, in whatever order it is added up."""
    parts = [figures["opening"], figures["new"], -figures["retired"]]
    parts += [figures["accrued"], figures["rescored"]]
    return {sum(order) for order in permutations(parts)} == {figures["closing"]}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_account_is_exact_and_as_defined(seed):
    _, done = drawn(seed)
    for step, (then, now) in zip(done.steps, pairwise(ends(seed)), strict=True):
        assert exact(step.figures), step.figures
        for name, value in by_hand(then, now).items():
            assert step.figures[name] == pytest.approx(float(value), rel=1e-12, abs=1e-9), name
    assert exact(done.figures)
    for name, value in by_hand(ends(seed)[0], ends(seed)[-1]).items():
        assert done.figures[name] == pytest.approx(float(value), rel=1e-12, abs=1e-9), name
    for one, other in pairwise(done.steps):
        assert one.figures["closing"] == pytest.approx(other.figures["opening"], rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_entries_make_up_what_is_new_and_retired(seed):
    _, done = drawn(seed)
    for step in done.steps:
        mine = [e for e in done.entries if e.recorded == step.end]
        assert {e.kind for e in mine} <= {"accrue", "seen", "repay", "unseen"}
        sums = {
            "new": sum(e.amount for e in mine if e.amount > 0),
            "retired": -sum(e.amount for e in mine if e.amount < 0),
            "new_by_coverage": sum(e.amount for e in mine if e.kind == "seen"),
            "retired_by_coverage": -sum(e.amount for e in mine if e.kind == "unseen"),
        }
        for name, value in sums.items():
            assert step.figures[name] == pytest.approx(value, abs=1e-9), name
    assert all(e.cause for e in done.entries)
    assert len({e.id for e in done.entries}) == len(done.entries)


@pytest.mark.parametrize("seed", SEEDS)
def test_debt_goes_for_a_reason_or_is_said_to_be_out_of_sight(seed):
    """While a source declares less, what it showed is never called repaid."""
    _, done = drawn(seed)
    for (then, now), step in zip(pairwise(ends(seed)), done.steps, strict=True):
        blind = {u for u, (_, d) in owed(then).items() if u not in owed(now)}
        unknown = {
            (r["identity"]["id"], r["assumption"], r["grant"], r["level"], r["object"])
            for r in debt_answer(now, items=True)["items"]
            if r["degree"] is None
        }
        hidden = sum(owed(then)[u][1] for u in blind & unknown)
        assert step.figures["retired_by_coverage"] >= hidden * (1 - 1e-12)


def shown(done: Ledger) -> list[Any]:
    return [
        dict(done.figures),
        [
            (e.id, e.kind, str(e.at), e.amount, e.cause, e.facts, e.item and e.item.identity)
            for e in done.entries
        ],
    ]


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_the_order_of_rows_means_nothing(seed):
    states = [together(*state) for state in random_states(seed)]
    rng = np.random.default_rng(seed)

    def shuffled(facts: Facts) -> Facts:
        frames = {e: f.iloc[rng.permutation(len(f))] for e, f in facts.frames.items()}
        return Facts.of(frames, facts.coverage[::-1])

    straight = shown(drawn(seed)[1])
    assert straight == shown(books(history_of(*map(shuffled, states))))
    assert straight[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_later_snapshot_only_adds_entries(seed):
    before, after = books(history_of(*random_states(seed, 2))), drawn(seed)[1]
    kept = [e for e in after.entries if e.recorded.info.sequence <= 2]
    assert [(e.id, e.amount, e.cause) for e in kept] == [
        (e.id, e.amount, e.cause) for e in before.entries
    ]


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_waiting_never_lowers_debt_and_the_forecast_is_that_day(seed):
    history = history_of(*random_states(seed, 2))
    last = history.infos[-1].id
    posture = history.posture(last)
    today = sum(d for _, d in owed(posture).values())
    for ahead in forecast(posture):
        later = history.posture(
            history.infos[-1].id, posture.graph.as_of + pd.Timedelta(days=ahead.days)
        )
        assert ahead.debt == pytest.approx(sum(d for _, d in owed(later).values()), abs=1e-9)
        assert ahead.debt >= today * (1 - 1e-12)
        parts = today + ahead.interest + ahead.opening - ahead.ending
        assert ahead.debt == pytest.approx(parts, abs=1e-9)


ZONED = """
import json, sys
sys.path.insert(0, sys.argv[1])
from tests.property.analytics.debt.test_ledger import shown
from tests.support.histories.random_histories import random_states
from tests.support.histories.small_history import books, history_of
print(json.dumps(shown(books(history_of(*random_states(int(sys.argv[2])))))))
"""


def test_the_zone_of_the_machine_means_nothing():
    """Chatham is three quarters of an hour off and changes its clocks within the history."""
    seed = SEEDS[-1]
    command = [sys.executable, "-c", ZONED, str(ROOT), str(seed)]
    done = subprocess.run(
        command,
        env={"TZ": "Pacific/Chatham", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    entries = json.loads(done.stdout)
    assert entries == json.loads(json.dumps(shown(drawn(seed)[1])))
    assert entries[1]


def test_a_clock_that_runs_ahead_moves_nothing_of_another_class():
    """Uses and approvals stamped minutes after the snapshot are taken for now."""

    def state(ahead: pd.Timedelta) -> Estate:
        stamp = (AS_OF + ahead).isoformat()
        e = Estate().agent("bot", created_at=ago(300)).resource("crm", "internal")
        return e.can(
            "bot",
            "read",
            "crm",
            granted_at=ago(200),
            last_used_at={"read": stamp},
            telemetry="true",
        )

    figures = [
        books(history_of(state(pd.Timedelta(ahead)), Estate(AS_OF + pd.Timedelta(days=1)))).figures
        for ahead in ("-1min", "0min", "5min", "1day", "365days")
    ]
    assert all(f["opening"] == figures[0]["opening"] for f in figures)
