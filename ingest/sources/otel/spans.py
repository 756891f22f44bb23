"""Spans that matter: those in which an agent acts, and those of a use."""

from dataclasses import dataclass, field

from ingest.rows import Place


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
