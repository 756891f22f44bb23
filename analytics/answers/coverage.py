"""How much is known: what each source could say, and of what nobody said anything."""

from typing import Any

from analytics.posture import Posture


def coverage(posture: Posture) -> dict[str, Any]:
    """Return each source and scope with what it declares, and the kinds that none declares."""
    graph = posture.graph
    return {
        "sources": [c.record() for c in graph.coverage],
        "unknown": [f"{kind}: no source declares them" for kind in graph.undeclared],
    }
