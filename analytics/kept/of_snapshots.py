"""What is kept of each snapshot for questions about a whole history."""

from collections.abc import Sequence

from analytics.history import Unread
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.identity.match import Identities
from graph.identity.renamed_ids import RenamedIds, changes_of, names_in
from graph.once import once


@kept
def identities_of(snapshot: Unread) -> Identities:
    """Return which ids are merged in a snapshot, and why."""
    return snapshot.posture.graph.identities


def merged_in(snapshot: Unread) -> Identities:
    """Return which ids are merged in a snapshot, without the reasons."""
    return Identities.named(_canonical(snapshot))


@kept
def _canonical(snapshot: Unread) -> dict[str, str]:
    return dict(snapshot.posture.graph.identities.canonical)


@once
def looks(posture: Posture) -> tuple[Unread, ...]:
    """Return the snapshots up to the instant of a posture, in their order, its own the last."""
    history, now = posture.history, posture.graph
    if history is None or now.snapshot is None:
        return ()
    known = [i for i in history.until(now.snapshot) if i.taken_at <= now.as_of]
    return tuple(Unread(history, info, info.taken_at) for info in known)


@once
def merged_since(posture: Posture) -> tuple[Sequence[Identities], ...]:
    """Return for each of `looks` the merged ids of it and of those after it that differ."""
    return changes_of([merged_in(snapshot) for snapshot in looks(posture)])


@once
def names_since(posture: Posture) -> tuple[dict[str, str], ...]:
    """Return for each of `looks` the ids that a posture has for its ids, where they differ."""
    by_steps: dict[int, dict[str, str]] = {}
    for steps in merged_since(posture):
        if id(steps) not in by_steps:
            by_steps[id(steps)] = names_in(posture.graph, steps)
    return tuple(by_steps[id(steps)] for steps in merged_since(posture))


def renamed(posture: Posture, number: int) -> RenamedIds:
    """Return the graph of the snapshot with a number among `looks`, with the posture's ids."""
    graph, between = _graph(looks(posture)[number]), merged_since(posture)[number]
    return RenamedIds(graph, posture.graph, between)


def _graph(snapshot: Unread) -> AccessGraph:
    """Return the graph of a snapshot, with its ids merged as they were when it was first asked."""
    graph = snapshot.posture.graph
    graph.know(identities_of(snapshot))
    return graph
