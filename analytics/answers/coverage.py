"""How much is known: what each source could say, and of what nobody said anything."""

from typing import Any

import pandas as pd

from analytics.escalation import all_escalations
from analytics.posture import Posture
from graph.facts import Coverage


def coverage(posture: Posture) -> dict[str, Any]:
    """Return each source and scope with what it declares, and the kinds that none declares.

    `state` is complete or partial: what a partial read does not mention stays as it was seen
    last. `age_days` says how long before the moment looked at it was read.
    `silent_rules` are the rules of escalation that need such a kind: what they would find is
    unknown.
    """
    graph = posture.graph
    return {
        "sources": [c.record() | _state(c, graph.as_of) for c in graph.coverage],
        "unknown": [f"{kind}: no source declares them" for kind in graph.undeclared],
        "silent_rules": [
            {"rule": rule.id, "because": f"no source declares {' or '.join(missing)}"}
            for rule in all_escalations().values()
            if (missing := [kind for kind in rule.needs if kind not in graph.declared])
        ],
    }


def _state(said: Coverage, as_of: pd.Timestamp) -> dict[str, Any]:
    age = max((as_of - said.taken_at) / pd.Timedelta(days=1), 0.0)
    return {"state": "complete" if said.complete else "partial", "age_days": round(age, 2)}
