"""Answers of many commands about one store."""

from functools import cache

import pytest

from analytics import history


@pytest.fixture
def opened_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read each store once for all commands, and take nothing that is kept beside it."""
    monkeypatch.setenv("TRUSTDEBT_KEPT_ANSWERS", "off")
    monkeypatch.setattr(history, "open_posture", cache(history.open_posture))
