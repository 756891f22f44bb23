"""The type of a step that is worked out as soon as a snapshot is published."""

from collections.abc import Callable
from dataclasses import dataclass

from analytics.posture import Posture


@dataclass(frozen=True)
class Ahead:
    """Something that is asked first, so that it is answered before anybody asks.

    Steps are done by `order`; `words` name what is worked out, and `work` works it out and keeps
    it. A module of `analytics/answers/` lists its steps as `AHEAD`.
    """

    order: int
    words: str
    work: Callable[[Posture], object]
