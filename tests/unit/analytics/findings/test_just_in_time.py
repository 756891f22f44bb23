"""Whether just-in-time access fits a grant, by the figures of its use."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analytics.debt.owed import debt_of
from analytics.findings.just_in_time import fit
from analytics.posture import assess
from graph.access import AccessGraph
from graph.facts import Facts
from graph.schema import USE_EVENT
from graph.usage.by_day import write
from tests.support.estates.small_estates import Estate, ago
from tests.support.few_rules import only_families


@pytest.fixture(autouse=True, scope="module")
def _few_families() -> Iterator[None]:
    """Judge one family of assumptions: how a grant is used does not depend on any."""
    with only_families("review"):
        yield


def fitted(e: Estate, window: float | None = None):
    """Judge the one entitlement of an estate whose source saw use since `window` days ago."""
    facts = e.facts()
    if window is not None:
        start = pd.Timestamp(ago(window))
        seen = tuple(replace(c, usage_window_start=start) for c in facts.coverage)
        facts = Facts.of(dict(facts.frames), seen)
    posture = assess(AccessGraph.of(facts))
    units = debt_of(posture).units
    assert len(units) == 1
    return fit(posture, units.identity, units.grant, units.level, units.exposure)


def bot(provider="aws", purpose="close", sensitivity="restricted", levels="write", **more):
    e = Estate().agent("bot", kind="workload", provider=provider, purpose=purpose)
    return e.resource("x", sensitivity).can("bot", levels, "x", **{"granted_at": ago(400), **more})


def used_on(e: Estate, *days: float, who="bot", **more) -> Estate:
    for nth, at in enumerate(days):
        row = {"level": "write", "outcome": "success", **more}
        e.add(USE_EVENT, id=f"e{nth}-{who}", at=ago(at), principal=who, resource="x", **row)
    return e


@pytest.mark.parametrize(
    ("days", "duty"),
    [
        ([], 0),
        ([0.5], 1 / 90),
        ([0.2, 0.4, 0.6], 1 / 90),  # one day
        ([0.5, 1.5, 2.5], 3 / 90),
        ([0.5, 91], 1 / 90),  # too long ago
        (list(np.arange(90) + 0.5), 1),
    ],
)
def test_duty_is_the_share_of_days_with_use(days, duty):
    assert fitted(used_on(bot(), *days)).duty == pytest.approx([duty])


def test_a_log_that_was_added_up_tells_the_days_of_use():
    """Two hundred uses on ten days are ten days, not two."""
    days = {int(pd.Timestamp(ago(n)).timestamp()) // 86_400: 20 for n in range(5, 15)}
    e = bot().link("bot", "USED", "x", level="write", first_at=ago(14), last_at=ago(5),
                   count=200, by_day=write(days))  # fmt: skip
    assert fitted(e).duty == pytest.approx([10 / 90])


def test_use_is_seen_in_events_summaries_and_last_uses():
    e = bot(last_used_at={"write": ago(3.5)}).link("bot", "USED", "x", first_at=ago(9.5))
    assert fitted(used_on(e, 1.5, 3.4)).duty == pytest.approx([3 / 90])
    assert fitted(used_on(bot(), 1.5, outcome="denied")).duty == [0]
    assert fitted(used_on(bot().agent("cat"), 1.5, who="cat")).duty == [0]


def test_the_window_is_what_was_watched():
    assert fitted(used_on(bot(), 0.5), window=10).duty == pytest.approx([1 / 10])
    assert fitted(used_on(bot(granted_at=ago(4)), 0.5), window=10).duty == pytest.approx([1 / 4])
    assert fitted(used_on(bot(granted_at=ago(0)), 0)).days == [1]


@pytest.mark.parametrize(
    ("facts", "score", "fits"),
    [
        ({}, 100, True),
        ({"provider": "github"}, 50, False),
        ({"provider": "somewhere"}, 50, False),
        ({"purpose": None}, 50, False),
        ({"purpose": None, "task_id": "T-1"}, 100, True),
        ({"provider": None, "purpose": None}, 25, False),
        ({"sensitivity": "internal"}, 100, True),  # to write weighs enough
        ({"sensitivity": "internal", "levels": "read"}, 100, False),
        ({"sensitivity": "confidential", "levels": "read"}, 100, True),
    ],
)
def test_score_and_fit(facts, score, fits):
    got = fitted(bot(**facts))
    assert (got.score.tolist(), got.fits.tolist()) == ([score], [fits])


def test_it_fits_up_to_a_fifth_of_the_days():
    for count, fits in ((18, True), (19, False)):
        got = fitted(used_on(bot(), *(np.arange(count) + 0.5)))
        assert got.fits.tolist() == [fits]
        assert got.score == pytest.approx([100 * (1 - count / 90)])


def test_what_it_saves_is_exposure_times_idle_days():
    got = fitted(used_on(bot(), *(np.arange(9) + 0.5)))
    assert got.saved == pytest.approx([90 * 81])  # 30 * 3 on 81 of 90 days


def test_without_telemetry_nothing_is_known():
    got = fitted(bot(telemetry="false"))
    assert np.isnan([got.duty[0], got.score[0], got.saved[0]]).all()
    assert not got.fits[0]
    assert "unknown" in got.advice(0)


def test_advice():
    daily = fitted(used_on(bot(), *(np.arange(80) + 0.5)))
    assert "narrow it instead" in daily.advice(0)
    often = fitted(used_on(bot(), *(np.arange(40) + 0.5)))
    assert often.advice(0).endswith("it is used often")
    assert fitted(bot()).advice(0) == "just-in-time access fits (100 of 100)"
