"""Growth of exposure in a comparison: judged by the grants that came, not by what else is seen."""

import pandas as pd
import pytest

from analytics.answers.compare import Sides, sides_of
from analytics.answers.compare import findings as findings_of
from analytics.debt.ledger.moments import Moment
from tests.support.estates.small_estates import AS_OF, Estate
from tests.support.few_rules import only_rules
from tests.support.histories.small_history import history_of

LAST = 12
FEW, MANY = [2] * 6, [9] * 6


def bot(nth: int, grants: int, sensitivity: str | None = "internal") -> Estate:
    """Return an agent with so many grants, in a month."""
    e = Estate(AS_OF - pd.Timedelta(days=30 * (LAST - nth))).agent("bot", kind="workload")
    for number in range(grants):
        e.resource(f"r{number}", sensitivity).can("bot", "read", f"r{number}")
    return e


def people() -> Estate:
    """Return a source that states no grants."""
    return Estate(AS_OF - pd.Timedelta(days=900), ("owners",), scope="hr").person("ann")


def classes() -> Estate:
    """Return a source that states only how sensitive resources are."""
    e = Estate(AS_OF - pd.Timedelta(days=900), ("inventory",), scope="cmdb")
    for number in range(9):
        e.resource(f"r{number}", "restricted")
    return e


def granting() -> Estate:
    """Return a second source of grants."""
    e = Estate(AS_OF - pd.Timedelta(days=900), ("grants",), scope="more").agent("other")
    return e.resource("wiki", "internal").can("other", "read", "wiki")


def compared(
    grants: list[int], more: Estate, since: int, first: int = 2, **facts: str | None
) -> Sides:
    """Compare a month with the last, where one more source is there `since` a month."""
    states = [
        [bot(nth, count, **facts), *([more] if nth >= since else [])]
        for nth, count in enumerate(grants)
    ]
    infos = (history := history_of(*states)).infos
    return sides_of(history, *(Moment(info, info.taken_at) for info in (infos[first], infos[-1])))


def growth(sides: Sides) -> list[tuple[str, str]]:
    with only_rules("exposure_growth"):
        rows = findings_of(sides).rows.readable()
    return list(zip(rows["change"], rows["why"], strict=True))


@pytest.mark.parametrize("since", [4, 8, 11])
def test_growth_by_grants_is_a_change_whatever_other_source_was_connected(since: int) -> None:
    assert growth(compared([*FEW, *MANY], people(), since)) == [("new", "changed")]


def test_growth_too_late_to_name_its_grants_is_a_change_too() -> None:
    assert growth(compared([2] * 9 + [9] * 3, people(), 11)) == [("new", "changed")]


def test_growth_that_only_a_new_source_shows_is_coverage() -> None:
    """The grants stay the same; that what they open is restricted was not known."""
    assert growth(compared([9] * 12, classes(), 6, sensitivity=None)) == [("new", "coverage")]


def test_growth_that_is_seen_no_more_as_a_source_of_grants_came_is_coverage() -> None:
    grants = [*FEW, *MANY, 9]
    assert growth(compared(grants, granting(), 12, first=11)) == [("gone", "coverage")]


def test_growth_that_was_taken_back_is_gone_by_a_change() -> None:
    grants = [*FEW, *MANY, *[2] * 6]
    assert growth(compared(grants, people(), 16, first=11)) == [("gone", "changed")]
