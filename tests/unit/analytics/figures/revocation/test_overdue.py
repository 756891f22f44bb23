"""What should have ended by now, and is there."""

import pytest

from analytics.figures.revocation import speed
from tests.support.estates.small_estates import Estate, ago

SECOND = 1 / 86_400


@pytest.mark.parametrize(("ended", "late"), [(1.0, True), (0.0, True), (-SECOND, False)])
def test_what_expires_now_is_overdue(ended: float, late: bool) -> None:
    estate = Estate().agent("bot", expires_at=ago(ended))
    estate.thing("Credential", "key", expires_at=ago(ended)).link("bot", "USES", "key")
    posture = estate.posture()
    for rows in (speed._credentials(posture), speed._agents(posture)):
        assert len(rows) == late
