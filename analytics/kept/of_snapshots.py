"""What is kept of each snapshot for questions about a whole history, which read none of them."""

from analytics.history import Unread
from analytics.kept.answers import kept
from graph.identity.match import Identities


@kept
def identities_of(snapshot: Unread) -> Identities:
    """Return which ids are merged in a snapshot."""
    return snapshot.posture.graph.identities
