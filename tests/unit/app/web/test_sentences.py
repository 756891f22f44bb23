"""Steps in words."""

import pytest

from app.web.sentences import clause

ENDS = {"from": {"id": "a", "name": "exfiller"}, "to": {"id": "b", "name": "account"}}


@pytest.mark.parametrize(
    ("levels", "words"),
    [
        (["read"], "may read"),
        (["read", "admin"], "may read and administer"),
        (["list", "read", "write", "admin"], "is administrator of"),
        ([], "can access"),
    ],
)
def test_levels_are_said_as_a_person_would(levels: list[str], words: str) -> None:
    step = ENDS | {"relationship": "CAN_ACCESS", "levels": levels}
    assert clause(step) == f"**exfiller** {words} **account**"
