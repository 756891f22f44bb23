"""Spans that matter: those in which an agent acts, and those of a use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ingest.rows import Place
from ingest.sources.otel.attributes import Key

T = TypeVar("T")


@dataclass(slots=True)
class Acting:
    """A span in which an agent acts: who, since when, and whether it is made in it."""

    agent: str
    at: int
    created: bool
    place: Place
    name: str


@dataclass(slots=True)
class Call:
    """A use of a tool or a resource: its attributes, its outcome and its own agent, if named.

    `named` is the attribute that names what was used, `inner` the outcomes of the spans within it
    that repeat it.
    """

    at: int
    attributes: dict[str, str]
    named: str
    failed: bool
    agent: str
    place: Place
    repeats: bool = False
    inner: list[bool] = field(default_factory=list)

    @property
    def used(self) -> tuple[str, str]:
        """What was used: the attribute that names it, and the name."""
        return self.named, self.attributes[self.named]


def climb(
    key: Key, known: dict[Key, T], nothing: T, step: Callable[[Key], tuple[Key | None, T]]
) -> T:
    """Return what is found on the way from a span to the spans around it.

    `step` returns the next span to go on from, or None and what was found. `known` keeps the
    answers, so that a deep trace is climbed once; a span that holds itself has `nothing` around it.
    """
    climbed: list[Key] = []
    further: Key | None = key
    answer = nothing
    while further is not None:
        if further in known:
            answer = known[further]
            break
        known[further] = nothing  # until it is known, and for good if the way leads back to it
        climbed.append(further)
        further, answer = step(further)
    known.update(dict.fromkeys(climbed, answer))
    return answer
