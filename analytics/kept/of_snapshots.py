"""What is kept of each snapshot for questions about a whole history."""

from collections.abc import Sequence
from dataclasses import dataclass

from analytics.history import Unread
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.identity.match import Identities
from graph.identity.renamed_ids import RenamedIds, changes_of, names_in_each
from graph.once import once
from graph.stores import last_of_each_instant


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
    """Return the snapshots up to the instant of a posture, in their order, its own the last.

    Of several with the same instant, the last one published counts.
    """
    history, now = posture.history, posture.graph
    if history is None or now.snapshot is None:
        return ()
    known = [i for i in history.until(now.snapshot) if i.taken_at <= now.as_of]
    return tuple(Unread(history, info, info.taken_at) for info in last_of_each_instant(known))


@once
def merged_since(posture: Posture) -> tuple[Sequence[Identities], ...]:
    """Return for each of `looks` the merged ids of it and of those after it that differ."""
    return changes_of([merged_in(snapshot) for snapshot in looks(posture)])


@once
def names_since(posture: Posture) -> tuple[dict[str, str], ...]:
    """Return for each of `looks` the ids that a posture has for its ids, where they differ."""
    return names_in_each(posture.graph, merged_since(posture))


def renamed(posture: Posture, number: int) -> RenamedIds:
    """Return the graph of the snapshot with a number among `looks`, with the posture's ids."""
    graph, between = _graph(looks(posture)[number]), merged_since(posture)[number]
    return RenamedIds(graph, posture.graph, between)


@dataclass(frozen=True)
class Following:
    """A snapshot and the one before it, both not read yet."""

    before: Unread
    snapshot: Unread

    @property
    def ends(self) -> tuple[Unread, Unread]:
        """What an answer about the step from one to the other depends on."""
        return self.before, self.snapshot

    @property
    def postures(self) -> tuple[Posture, ...]:
        """What is judged for it."""
        return tuple(end.posture for end in self.ends)


def following(posture: Posture, number: int) -> Following | None:
    """Return the step to the snapshot with a number among `looks`.

    None for the first, and where a posture has other ids for what that snapshot shows than for what
    the one before does: then what stayed as it was may have another id all the same.
    """
    if not number or merged_since(posture)[number] is not merged_since(posture)[number - 1]:
        return None
    return Following(*looks(posture)[number - 1 : number + 1])


def _graph(snapshot: Unread) -> AccessGraph:
    """Return the graph of a snapshot, with its ids merged as they were when it was first asked."""
    graph = snapshot.posture.graph
    graph.know(identities_of(snapshot))
    return graph
