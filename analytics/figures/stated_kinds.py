"""The kinds of fact that are present at all, even if no source declares them.

A source that declares a kind could have stated every fact of it, so a missing fact is false.
Without a declaration, present facts are known and missing ones are unknown.
"""

from collections.abc import Callable

from graph.access import AccessGraph
from graph.once import once
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    CREDENTIAL,
    DECISION_RECORD,
    OWNS,
    REVIEW,
    SERVICE_ACCOUNT,
    TRUSTS,
    USE_EVENT,
    USED,
)


def _scope(graph: AccessGraph) -> bool:
    frames = (graph.frames[label] for label in (AGENT, SERVICE_ACCOUNT))
    return any(bool(frame["declared_scope"].notna().any()) for frame in frames)


def _use(graph: AccessGraph) -> bool:
    if len(graph.frames[USED]) or len(graph.frames[USE_EVENT]):
        return True
    frames = (graph.frames[element] for element in (CREDENTIAL, CAN_ACCESS))
    return any(bool(frame["last_used_at"].notna().any()) for frame in frames)


def _reviews(graph: AccessGraph) -> bool:
    return len(graph.frames[REVIEW]) > 0 or bool(
        graph.frames[CAN_ACCESS]["reviewed_at"].notna().any()
    )


STATED: dict[str, Callable[[AccessGraph], bool]] = {
    "grants": lambda graph: len(graph.frames[CAN_ACCESS]) > 0,
    "owners": lambda graph: bool(graph.in_force(OWNS).any()),
    "scope": _scope,
    "usage": _use,
    "reviews": _reviews,
    "credentials": lambda graph: len(graph.frames[CREDENTIAL]) > 0,
    "decisions": lambda graph: len(graph.frames[DECISION_RECORD]) > 0,
    "trust": lambda graph: len(graph.frames[TRUSTS]) > 0,
}


PER_IDENTITY = frozenset({"grants", "owners"})  # known for each identity that has such facts


@once
def stated_kinds(graph: AccessGraph) -> frozenset[str]:
    """Return the kinds of fact that some source declares, or has a fact of."""
    more = (kind for kind, says in STATED.items() if kind not in graph.declared and says(graph))
    return graph.declared | frozenset(more)
