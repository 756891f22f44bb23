"""Credentials that somebody ended nobody knows when: they may have been live at an instant."""

from dataclasses import replace

import numpy as np

from analytics.posture import assess
from analytics.proving.readings import Reading
from graph.access import AccessGraph
from graph.instants import NEVER, milliseconds
from graph.rows.amended import amended, amendment
from graph.schema import CREDENTIAL


def with_ended_keys(reading: Reading) -> Reading | None:
    """Return a reading of after an instant as if such credentials had been live at the instant.

    None without any. Those that had expired or been deleted by then are none.
    """
    graph = reading.posture.graph
    ids = _ended_undated(graph)
    if not ids:
        return None
    facts = amended(graph.facts, {CREDENTIAL: amendment(CREDENTIAL, ids, status="active")})
    return replace(reading, posture=assess(AccessGraph.of(facts, graph.as_of)))


def _ended_undated(graph: AccessGraph) -> list[str]:
    keys = graph.frames[CREDENTIAL]
    end, numbers = milliseconds(keys["expires_at"]), graph.numbers(keys["id"])
    undated = keys["status_at"].isna() & ((end == NEVER) | (end > graph.now))
    mask = undated.to_numpy(bool) & (graph.ended & ~graph.deleted)[numbers]
    return [str(id_) for id_ in keys["id"][np.asarray(mask & graph.looks_back)]]
