"""What-if: reach, findings and observed uses before and after a removal."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from analytics.answers.shape import cut, when
from analytics.posture import Posture
from analytics.remediation.removal.before_and_after import after_removal, figures
from analytics.remediation.removal.changed_reach import changed_reach
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.moved_access import MovedAccess, moved_access
from analytics.remediation.removal.what_if import Removal, removals
from graph.frames import records
from graph.schema import LEVELS


def what_if(posture: Posture, items: Sequence[str], limit: int = 0) -> dict[str, Any]:
    """Return what changes if `items` are removed; the snapshot itself stays as it is.

    `reach` is the weighted reach of all identities together, and `debt` what they owe. `identities`
    are those whose own reach changes, the most affected first; `lost` and `gained` are the pairs,
    so that reach before, less what is lost, with what is gained, is reach after. `moved` is access
    without any login left: it stays with the agent that had it, or else the account answers for
    itself. `breaks` are recent uses that would fail. Each list is cut at `limit`, and `counts`
    holds its length.
    """
    gone = removals(posture, items)
    after = after_removal(posture, gone)
    change = changed_reach(posture, after, limit)
    moved, breaks = moved_access(after), ended(posture, after, gone)
    counts = {
        "identities": len(change.identities),
        "lost": change.lost_count,
        "gained": change.gained_count,
        "moved": len(moved),
        "breaks": len(breaks),
    }
    lists = {
        "identities": [
            _identity(posture, row) for row in records(cut(change.identities, limit)[0])
        ],
        "lost": [_pair(posture, row) for row in records(change.lost)],
        "gained": [_pair(posture, row) for row in records(change.gained)],
        "moved": [_moved(posture, after, row) for row in cut(moved, limit)[0]],
        "breaks": [use(posture, row) for row in records(cut(breaks, limit)[0])],
    }
    return {
        "removed": [_removed(r) for r in gone],
        "before": asdict(figures(posture)),
        "after": asdict(figures(after)),
        **lists,
        "counts": counts,
        "left_out": sum(count - len(lists[name]) for name, count in counts.items()),
    }


def posture_without(posture: Posture, items: Sequence[str]) -> Posture:
    """Return the posture without `items`."""
    return after_removal(posture, removals(posture, items))


def _removed(removal: Removal) -> dict[str, Any]:
    return {
        "item": removal.item,
        "taken_as": removal.taken_as,
        "things": list(removal.things),
        "relationships": [{"type": rel.name, "id": id_} for rel, id_ in removal.relationships],
    }


def _identity(posture: Posture, row: Any) -> dict[str, Any]:
    graph = posture.graph
    sides = {
        side: {
            "weighted": float(getattr(row, f"weighted_{side}")),
            "resources": int(getattr(row, f"resources_{side}")),
        }
        for side in ("before", "after")
    }
    return {**graph.thing(graph.number(str(row.id))), **sides, "lost": float(row.lost)}


def _pair(posture: Posture, row: Any) -> dict[str, Any]:
    graph = posture.graph
    ends = {
        name: graph.thing(graph.number(getattr(row, name))) for name in ("identity", "resource")
    }
    return {**ends, "level": row.level}


def _moved(before: Posture, after: Posture, row: MovedAccess) -> dict[str, Any]:
    return {
        "from": before.graph.thing(row.agent),
        "to": after.graph.thing(row.account),
        "answers": after.graph.thing(row.answers),
        "weighted": row.weighted,
        "resources": row.resources,
        "debt": row.debt,
    }


def use(posture: Posture, row: Any) -> dict[str, Any]:
    """Describe an observed use; see `analytics.usage.observed.uses`."""
    thing = posture.graph.thing
    identity, used = thing(int(row.identity)), thing(int(row.thing))
    return {
        "identity": identity,
        "resource": used,
        "level": LEVELS[row.level] if row.level >= 0 else None,
        "last_used_at": when(int(row.at)),
        "through": {
            "from": identity,
            "relationship": row.relationship,
            "to": used,
            "id": row.fact,
        },
    }
