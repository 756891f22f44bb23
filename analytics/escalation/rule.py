"""What a rule that derives control edges is, and what it concludes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from graph.access import AccessGraph


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived control edge, with the facts that support it.

    `source` and `target` are numbers of nodes; `support` are ids of relationships. Without any
    one of them the edge falls. `condition` holds what nobody evaluated, "" where nothing.
    """

    source: int
    target: int
    rule: str
    support: tuple[str, ...]
    condition: str = ""
    eligible: bool = False
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class EscalationRule:
    """A rule: the kinds of fact it needs (`graph.schema.DECLARABLE`), and what it concludes."""

    id: str
    title: str
    needs: tuple[str, ...]
    references: tuple[str, ...]
    derive: Callable[[AccessGraph], Iterable[Derivation]]
