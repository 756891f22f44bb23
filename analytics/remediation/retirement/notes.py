"""Notes on a retirement: what to know before it begins, as sentences."""

from collections.abc import Iterator

import numpy as np

from analytics.posture import Posture
from analytics.remediation.retirement.links import links
from analytics.remediation.retirement.phases import Retirement, named
from analytics.usage.activity import lately
from analytics.usage.sightings import UNUSED_DAYS
from graph.schema import AGENT, ASSUMES, CALLS, RUNS_AS, SPAWNS, USES

KINDS = {
    "grants": "what it may do",
    "credentials": "which keys there are, and whether they are alive",
    "trust": "which trusts name it",
    "usage": "who still uses what it shares",
}


def notes(plan: Retirement) -> list[str]:
    """Return what to know before the plan is carried out; the first is the most important."""
    return list(_notes(plan.posture, plan))


def _notes(posture: Posture, plan: Retirement) -> Iterator[str]:
    active = posture.in_service & lately(posture.graph, posture.activity.node_latest)
    busy = plan.own.tree[active[plan.own.tree]]
    if len(busy):
        yield (
            f"{named(posture, busy)} {_was(busy)} active within the last {UNUSED_DAYS} days: what "
            f"{'it does' if len(busy) == 1 else 'they do'} ends with phase 1."
        )
    yield from _from_outside(posture, plan)
    keys = np.flatnonzero(plan.own.credentials & ~_in_use(posture))
    keys = keys[lately(posture.graph, posture.activity.last_active[keys])]
    if len(keys):
        yield (
            f"{named(posture, keys)} {_was(keys)} used lately, and no source says by what: find "
            "out before phase 3."
        )
    unknown = [words for kind, words in KINDS.items() if kind in posture.graph.undeclared]
    if unknown:
        yield f"No source states {'; or '.join(unknown)}: only what is stated is listed."


def _from_outside(posture: Posture, plan: Retirement) -> Iterator[str]:
    """Yield who else starts, calls, acts as or is made from what is retired."""
    members, outside = plan.own.members, posture.in_service & ~plan.own.ending
    for kind, words in (
        (SPAWNS, "can start it again until phase 4 is done"),
        (CALLS, "may call it, and will have to do without"),
        (ASSUMES, "may act as it, and will have to do without"),
        (RUNS_AS, "may act as it, and will have to do without"),
    ):
        every = links(posture, kind)
        users = np.unique(every.source[members[every.target] & outside[every.source]])
        if len(users):
            yield f"{named(posture, users)} outside of the tree {words}."
    frame = posture.graph.frames[AGENT]
    made, blueprint = (posture.graph.numbers(frame[c].fillna("")) for c in ("id", "blueprint_id"))
    copies = made[(blueprint >= 0) & members[blueprint] & outside[made]]
    if len(copies):
        yield f"{named(posture, copies)} {_was(copies)} made from it, and stays."


def _in_use(posture: Posture) -> np.ndarray:
    """Return a mask of the credentials that some agent is known to use."""
    mask = np.zeros(len(posture.graph.ids), bool)
    mask[links(posture, USES).target] = True
    return mask


def _was(nodes: np.ndarray) -> str:
    return "was" if len(nodes) == 1 else "were"
