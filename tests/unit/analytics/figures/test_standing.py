"""Standing access: what lasts for more than a day, and needs no activation."""

import pytest

from analytics.assumptions.entitlements import blocks
from analytics.assumptions.model import model
from analytics.figures.standing import standing
from tests.support.estates.small_estates import Estate, ago


@pytest.mark.parametrize(
    ("days", "stands"), [(None, True), (1, False), (1.001, True), (0.5, False)]
)
def test_access_of_up_to_a_day_is_not_standing(days: float | None, stands: bool) -> None:
    estate = Estate().agent("bot").resource("x", "restricted")
    until = {} if days is None else {"expires_at": ago(0.25 - days)}
    estate.can("bot", "write", "x", granted_at=ago(0.25), **until)
    posture = estate.posture()
    (units,) = blocks(posture, model())
    assert standing(posture, units).tolist() == [stands]
