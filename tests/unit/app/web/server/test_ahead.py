"""The head start of the server: what is read within it is there, and nobody waits for longer."""

import threading
from collections.abc import Iterator

import pytest

from app.web.server import ahead

PATIENCE = 30.0


Reading = tuple[threading.Event, threading.Event]  # when it may end, and whether it has


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    """Hold back the end of what is read."""
    may_end, ended = threading.Event(), threading.Event()

    def read() -> None:
        may_end.wait(PATIENCE)
        ended.set()

    monkeypatch.setattr(ahead, "_read", read)
    yield may_end, ended
    may_end.set()
    assert ended.wait(PATIENCE)


def test_what_is_read_at_once_is_there_when_the_server_answers(reading: Reading) -> None:
    may_end, ended = reading
    may_end.set()
    ahead.begin()
    assert ended.is_set()


def test_the_server_answers_though_there_is_more_to_read(
    reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "HEAD_START", 0.05)
    ahead.begin()
    assert not reading[1].is_set()
