"""The facts that each rule depends on, and the sources that can declare them.

A rule needs kinds of fact (`needs`), which some source must declare to know completely, and the
facts themselves: a property of the model, such as `Credential.strength`, or rows of a label, type
or table. Without a connected source that can declare these, the rule finds nothing.

The facts of each source are measured by a test, which keeps `stated.toml` up to date.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from graph.access import AccessGraph
from graph.schema import declared as element

ANY = "*"  # a source that hands over whatever somebody writes into it
OR = "|"


@dataclass(frozen=True)
class Stating:
    """The kinds that a source can declare, and the facts that it states."""

    declares: frozenset[str]
    states: frozenset[str]

    def can(self, wanted: str) -> bool:
        """Return whether the source can declare one of several alternatives."""
        return ANY in self.states or any(fact in self.states for fact in wanted.split(OR))


@cache
def sources() -> dict[str, Stating]:
    """Return the facts of each source, by its name."""
    read = tomllib.loads(Path(__file__).with_name("stated.toml").read_text(encoding="utf-8"))
    return {
        name: Stating(frozenset(entry["declares"]), frozenset(entry["states"]))
        for name, entry in read.items()
    }


def who_states(wanted: str) -> list[str]:
    """Return the sources that can declare one of several alternatives."""
    return [name for name, source in sources().items() if source.can(wanted)]


def who_declares(kind: str) -> list[str]:
    """Return the sources that declare a kind of fact."""
    return [name for name, source in sources().items() if kind in source.declares]


def who_sees(needs: Iterable[str], facts: Iterable[str]) -> list[str]:
    """Return the sources that alone declare all that a rule depends on."""
    every = [set(sources()), *(set(who_declares(k)) for k in needs)]
    every += [set(who_states(fact)) for fact in facts]
    return sorted(set.intersection(*every))


def unstated(
    facts: Iterable[str], connected: Iterable[str], graph: AccessGraph | None
) -> list[str]:
    """Return the facts that no connected source can state, and that none has stated.

    A source that is not known here may state anything.
    """
    names = set(connected)
    if names - set(sources()):
        return []
    return [
        fact
        for fact in facts
        if not names & set(who_states(fact)) and (graph is None or not _contains(graph, fact))
    ]


def _contains(graph: AccessGraph, wanted: str) -> bool:
    """Return whether a graph contains one of several alternatives."""
    for fact in wanted.split(OR):
        name, _, column = fact.partition(".")
        frame = graph.frames[element(name)]
        if bool(frame[column].notna().any()) if column else len(frame) > 0:
            return True
    return False
