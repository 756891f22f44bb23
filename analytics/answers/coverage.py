"""How much is known: what each source could say, and of what nobody said anything."""

from typing import Any

from analytics.escalation import all_escalations
from analytics.posture import Posture


def coverage(posture: Posture) -> dict[str, Any]:
    """Return each source and scope with what it declares, and the kinds that none declares.

    `silent_rules` are the rules of escalation that need such a kind: what they would find is
    unknown.
    """
    graph = posture.graph
    return {
        "sources": [c.record() for c in graph.coverage],
        "unknown": [f"{kind}: no source declares them" for kind in graph.undeclared],
        "silent_rules": [
            {"rule": rule.id, "because": f"no source declares {' or '.join(missing)}"}
            for rule in all_escalations().values()
            if (missing := [kind for kind in rule.needs if kind not in graph.declared])
        ],
    }
