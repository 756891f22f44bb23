"""What is kept of each snapshot for questions about a whole history."""

from analytics.history import History, Unread
from analytics.kept.answers import kept
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.identity.match import Identities
from graph.identity.renamed_ids import RenamedIds
from graph.stores import SnapshotInfo


@kept
def identities_of(snapshot: Unread) -> Identities:
    """Return which ids are merged in a snapshot."""
    return snapshot.posture.graph.identities


def renamed_graphs(posture: Posture) -> list[RenamedIds]:
    """Return the graphs of the snapshots up to a posture's, each with the ids that it uses.

    They are in the order of their instants, the posture's own last; it is the only one without a
    store.
    """
    history, now = posture.history, posture.graph
    if history is None or now.snapshot is None:
        return [RenamedIds(now, now)]
    known = [i for i in history.until(now.snapshot) if i.taken_at <= now.as_of]
    graphs = [_graph(history, info) for info in known]
    identities = [graph.identities for graph in graphs]
    return [RenamedIds(graph, now, identities[at + 1 :]) for at, graph in enumerate(graphs)]


def _graph(history: History, info: SnapshotInfo) -> AccessGraph:
    """Return the graph of a snapshot, with its ids merged as they were when it was first asked."""
    graph = history.posture(info.id).graph
    graph.know(identities_of(Unread(history, info, info.taken_at)))
    return graph
