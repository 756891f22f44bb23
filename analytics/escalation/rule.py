"""What a rule that derives control edges is, and what it concludes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from graph.access import NEVER, AccessGraph


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived control edge, with the facts that support it.

    `source` and `target` are numbers of nodes; `support` are ids of relationships. Without any
    one of them the edge falls. `condition` holds what nobody evaluated, "" where nothing.
    `telemetry`, `last_used` and `since` (milliseconds) are those of the support that was
    unused longest: once that goes as stale, the edge goes with it.
    """

    source: int
    target: int
    rule: str
    support: tuple[str, ...]
    condition: str = ""
    eligible: bool = False
    assumed: bool = False
    telemetry: bool = False
    last_used: int = NEVER
    since: int = NEVER


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """A rule: the kinds of fact it needs (`graph.schema.DECLARABLE`), and what it concludes."""

    id: str
    title: str
    needs: tuple[str, ...]
    references: tuple[str, ...]
    derive: Callable[[AccessGraph], Iterable[Derivation]]
