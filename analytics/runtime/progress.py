"""Progress of work: which step of how many it is at, for whoever waits for it.

The listener is a context variable, so that what is worked out need not pass it on.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Step:
    """A step that work is at: `done` of `count`, in words such as "rules judged"."""

    words: str
    done: int
    count: int


class Progress:
    """The latest step of one piece of work; None until it names any."""

    step: Step | None = None


_listening: ContextVar[Progress | None] = ContextVar("listening", default=None)


@contextmanager
def followed(progress: Progress) -> Iterator[None]:
    """Keep in `progress` the steps of what is done in the block."""
    token = _listening.set(progress)
    try:
        yield
    finally:
        _listening.reset(token)


def steps(words: str, things: Collection[T]) -> Iterator[T]:
    """Yield things one by one, and tell how many of them are done.

    Examples
    --------
    >>> progress = Progress()
    >>> with followed(progress):
    ...     for rule in steps("rules judged", ["a", "b"]):
    ...         print(progress.step.done, progress.step.count)
    0 2
    1 2
    >>> progress.step
    Step(words='rules judged', done=2, count=2)
    """
    for done, thing in enumerate(things):
        tell(words, done, len(things))
        yield thing
    tell(words, len(things), len(things))


def tell(words: str, done: int, count: int) -> None:
    """Tell that `done` steps of `count` are done, if anybody listens."""
    listening = _listening.get()
    if listening is not None:
        listening.step = Step(words, done, count)
