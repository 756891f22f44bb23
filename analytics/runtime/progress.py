"""Progress of work: which step of how many it is at, for whoever waits for it.

The listener is a context variable, so that what is worked out need not pass it on.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

FEW, PART = 3, 0.05  # steps that are done, and their part of all, from which the rest is estimated


@dataclass(frozen=True, slots=True)
class Step:
    """A step that work is at: `done` of `count`, in words such as "rules judged"."""

    words: str
    done: int
    count: int


class Progress:
    """The steps that one piece of work is at: of the whole first, then of its parts."""

    steps: tuple[Step, ...] = ()

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}

    def begin(self, words: str) -> None:
        """Note that steps of a kind begin now."""
        self._begun[words] = time.monotonic()

    def left(self) -> float | None:
        """Return the seconds that the rest of the steps of the whole may take, from those done.

        None without enough of them to tell, or with none left.
        """
        if not self.steps:
            return None
        step = self.steps[0]
        enough = step.done >= max(FEW, PART * step.count)
        if not enough or step.done >= step.count or step.words not in self._begun:
            return None
        spent = time.monotonic() - self._begun[step.words]
        return spent / step.done * (step.count - step.done)


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
    ...         print(progress.steps[0].done, progress.steps[0].count)
    0 2
    1 2
    >>> progress.steps
    (Step(words='rules judged', done=2, count=2),)
    """
    for done, thing in enumerate(things):
        tell(words, done, len(things))
        yield thing
    tell(words, len(things), len(things))


def tell(words: str, done: int, count: int) -> None:
    """Tell that `done` steps of `count` are done, if anybody listens; other parts that ended go."""
    listening, step = _listening.get(), Step(words, done, count)
    if listening is not None:
        if not done:
            listening.begin(words)
        going = [s for s in listening.steps if s.words == words or s.done < s.count]
        known = [step if s.words == words else s for s in going]
        listening.steps = tuple(known) if step in known else (*known, step)
