"""What the pages draw of trust debt adds up, and every unit has its edges."""

import math
from collections.abc import Iterator

import pandas as pd
import pytest
import streamlit as st

from analytics.answers.kpis import kpis
from analytics.figures.measures import all_measures
from app.web.answers.board import trend
from app.web.answers.debt import BY, books, entries, groups, item, items, members
from app.web.drawing.charts.debt import RATIO, RETIRED, burn_down, moves, ratio_trend
from app.web.drawing.treemap import tiles_of
from app.web.page.snapshots import forget
from app.web.views import all_views
from app.web.views.posture.leadership import figure_words, kpi_rows, rows_behind, rows_page
from tests.support.drawn import lines, parts
from tests.support.estates.small_estates import AS_OF, Estate, ago
from tests.support.estates.three_teams import three_teams
from tests.support.histories.small_history import history_of
from tests.support.printed import debt as debt_answer


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Keep no answer for the next test."""
    st.cache_resource.clear()
    forget()
    yield
    st.cache_resource.clear()
    forget()


def estate() -> Estate:
    """Two agents of two owners, one behind a key that expired."""
    return (
        Estate()
        .person("ann", "bob")
        .agent("pay", "mail", created_at=ago(200))
        .account("svc-pay", "svc-mail")
        .thing("Credential", "key", type="access_key", expires_at=ago(20), created_at=ago(100))
        .owned("pay", "ann", "ann")
        .owned("mail", "bob", "bob")
        .link("pay", "USES", "key")
        .link("key", "AUTHENTICATES_AS", "svc-pay")
        .link("mail", "RUNS_AS", "svc-mail")
        .resource("ledger", "restricted")
        .resource("inbox", "internal")
        .can("svc-pay", "read write", "ledger", granted_at=ago(150))
        .can("svc-mail", "read", "inbox", granted_at=ago(150), expires_at=ago(-10))
    )


def period(number: int, **sums: float) -> dict[str, object]:
    balance = ("opening", "new", "retired", "accrued", "rescored", "closing")
    every = dict.fromkeys((*balance, "coverage_new", "coverage_retired"), 0.0)
    ends = {"since_at": f"2026-0{number}-01", "until_at": f"2026-0{number + 1}-01"}
    return {key: pd.Timestamp(at, tz="UTC") for key, at in ends.items()} | every | sums


def test_items_and_groups_add_up_to_the_debt() -> None:
    posture = estate().posture()
    owed = debt_answer(posture)
    assert owed["debt"] > 0
    broken, unclear = items(posture), items(posture, broken=False)
    assert math.isclose(broken["debt"].sum(), owed["debt"])
    assert math.isclose(unclear["debt"].sum(), owed["unverified"])
    for by in ("identity", "owner", "team", "provider", "environment", "assumption"):
        whole = groups(posture, by).set_index("key")["debt"]
        assert math.isclose(whole.sum(), owed["debt"]), by
        mine = broken.groupby(by)["debt"].sum()
        assert mine.index.isin(whole.index).all(), by
        for key, debt in mine.items():
            assert math.isclose(debt, whole[key]), (by, key)


def test_an_item_behind_an_expired_key_shows_the_way_and_says_so() -> None:
    posture = estate().posture()
    rows = items(posture)
    one = item(posture, int(rows.loc[rows["identity"] == "pay", "item"].iloc[0]))
    ways = [(s["from"]["id"], s["relationship"], s["to"]["id"]) for s in one["behind"]]
    assert ways == [("pay", "USES", "key"), ("key", "AUTHENTICATES_AS", "svc-pay")]
    assert [thing["id"] for thing in one["ended"]] == ["key"]
    other = item(posture, int(rows.loc[rows["identity"] == "mail", "item"].iloc[0]))
    assert [s["to"]["id"] for s in other["behind"]] == ["svc-mail"]
    assert other["ended"] == []
    assert other["granted"]["id"] == other["grant"]


@pytest.mark.parametrize("by", BY)
def test_tiles_and_the_identities_within_add_up_to_the_debt(by: str) -> None:
    posture = estate().posture()
    owed = debt_answer(posture)["debt"]
    assert sum(tile.debt for tile in tiles_of(groups(posture, by), by)) == pytest.approx(owed)
    if by == "assumption":
        return
    within = members(posture).groupby(by)["debt"].sum()
    assert within.to_dict() == pytest.approx(groups(posture, by).set_index("key")["debt"].to_dict())


def test_burn_down_keeps_change_and_coverage_apart() -> None:
    first = period(1, opening=10.0, new=8.0, retired=3.0, closing=15.0, coverage_new=6.0)
    second = period(2, opening=15.0, retired=5.0, closing=10.0, coverage_retired=5.0)
    periods = pd.DataFrame([first, second])
    moved = {words: (amounts, hatched) for words, (amounts, _, hatched) in moves(periods).items()}
    assert moved["New"] == ([2.0, 0.0], False)
    assert moved["New, by coverage"] == ([6.0, 0.0], True)
    assert moved["Retired"] == ([-3.0, 0.0], False)
    assert moved["Retired, by coverage"] == ([0.0, -5.0], True)
    chart = burn_down(periods)
    tips = {bar.title: "repeating" in bar.style["background"] for bar in parts(chart, "b", "bar")}
    assert tips == {
        "New, 1 Feb 2026: 2": False,
        "New, by coverage, 1 Feb 2026: 6": True,
        "Retired, 1 Feb 2026: -3": False,
        "Retired, by coverage, 1 Mar 2026: -5": True,
    }
    balance = [dot.title for dot in parts(chart, "b", "dot")]
    assert balance == ["1 Jan 2026: 10", "1 Feb 2026: 15", "1 Mar 2026: 10"]
    assert parts(burn_down(periods.head(0)), "b") == []


def test_each_period_has_its_own_entries_also_after_the_last_snapshot() -> None:
    """The owner leaves on day 20, between the last snapshot of day 10 and the page of day 30."""

    def state(at: int) -> Estate:
        e = Estate(at=AS_OF + pd.Timedelta(days=at)).agent("bot", created_at=ago(10))
        e.person("ann", left=ago(-20)).owned("bot", "ann", "ann").resource("crm", "internal")
        return e.can("bot", "read", "crm", granted_at=ago(10))

    history = history_of(state(0), state(10))
    posture = history.posture(history.infos[-1].id, AS_OF + pd.Timedelta(days=30))
    kept = books(posture)
    assert kept is not None
    steps = kept.periods.readable()
    ends = zip(steps["since_snapshot"], steps["until_snapshot"], strict=True)
    assert [len(entries(posture, *of)[0]) for of in ends] == [0, 2]


def test_the_trend_has_a_point_for_each_snapshot_up_to_the_one_shown() -> None:
    later = estate()
    later.can("svc-mail", "admin", "ledger", granted_at=ago(-20))
    later.at = later.at + pd.Timedelta(days=30)
    history = history_of(estate(), later)
    first, second = (history.posture(info.id) for info in history.infos)
    assert trend(first)["debt"].tolist() == [debt_answer(first)["debt"]]
    rows = trend(second)
    assert rows["debt"].tolist() == [debt_answer(p)["debt"] for p in (first, second)]
    assert (rows["ratio"] <= rows["high"]).all()
    chart = ratio_trend(rows, 0.05)
    assert [figure.text for figure in parts(chart, "span", "figure")] == [
        f"{ratio:.1%}" for ratio in rows["ratio"]
    ]
    drawn = dict(lines(chart))
    assert len(drawn[RATIO]) == len(drawn[RETIRED]) == 2
    assert len({height for _, height in drawn[RETIRED]}) == 1


def test_no_line_is_drawn_to_what_is_not_rated() -> None:
    at = pd.date_range("2026-05-01", periods=3, freq="MS", tz="UTC")
    rows = pd.DataFrame({"at": at, "ratio": 0.1, "high": 0.4, "grade": ["B", "NR", "B"]})
    drawn = lines(ratio_trend(rows, 0.05))
    assert [len(points) for colour, points in drawn if colour == RATIO] == [1, 1]
    assert ("#8a94a3", [(16.667, 0.0), (50.0, 0.0), (83.333, 0.0)]) in drawn


def test_where_no_ratio_is_known_the_target_is_drawn_alone() -> None:
    at = pd.date_range("2026-05-01", periods=2, freq="MS", tz="UTC")
    rows = pd.DataFrame({"at": at, "ratio": math.nan, "high": math.nan, "grade": "NR"})
    assert [colour for colour, _ in lines(ratio_trend(rows, 0.05))] == [RETIRED]


@pytest.mark.parametrize("measure", all_measures().values(), ids=lambda measure: measure.name)
def test_every_figure_leads_to_its_rows(measure: object) -> None:
    """By a page that exists, or in a table below it."""
    found = rows_page(measure.rows)  # type: ignore[attr-defined]
    if found is None:
        assert rows_behind(estate().posture(), measure.name) is not None  # type: ignore[attr-defined]
    else:
        assert found[0] in all_views()


def test_what_is_not_measured_is_not_zero() -> None:
    posture = Estate(declares=["grants"]).agent("a").resource("r").can("a", "read", "r").posture()
    rows = kpi_rows(kpis(posture).kpis.frame).set_index("Figure")
    lost = rows.loc["Unused exposure"]
    assert lost["Value"] == "not measured"
    assert "no source declares usage" in lost["Not measured, because"]
    assert figure_words(0.0, "share") == "0.0%"


def test_a_team_that_is_not_rated_shows_between_which_ends_its_ratio_lies() -> None:
    """Of grey 4.35% is owed for certain, and no more than 56.59%: neither is its ratio."""
    rows = groups(three_teams(), "team")
    assert dict(zip(rows["name"], rows["ratio"], strict=True)) == {
        "red": "31.5%",
        "grey": "4% to 57%",
        "blue": "not known",
    }
