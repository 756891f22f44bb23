"""What-if: reach, findings and observed uses before and after removals and new grants."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut
from analytics.answers.table import Kind, Table, instants
from analytics.posture import Posture
from analytics.remediation.removal.additions import Additions, granted
from analytics.remediation.removal.before_and_after import changed, figures
from analytics.remediation.removal.changed_reach import changed_reach
from analytics.remediation.removal.ended_uses import ended
from analytics.remediation.removal.moved_access import MovedAccess, moved_access
from analytics.remediation.removal.what_if import Removal, removals
from graph.schema import CAN_ACCESS
from graph.values import strict_json

SIDES = ("before", "after")
PAIR = {"identity": Kind.NODE, "resource": Kind.NODE}
MOVED = dict.fromkeys(("from", "to", "answers"), Kind.NODE)
USE = PAIR | {"level": Kind.LEVEL, "through.from": Kind.NODE, "through.to": Kind.NODE}


@dataclass(frozen=True)
class WhatIf:
    """What removals and new grants change; see `what_if`.

    `identities` has, after the node `identity` itself, `weighted` and `resources` of `before` and
    `after`, and `lost`. `lost` and `gained` have `identity`, `resource` (nodes) and `level`.
    `moved` has `from`, `to`, `answers` (nodes), `weighted`, `resources` and `debt`. `breaks` has
    the columns of `uses`.
    """

    removed: list[dict[str, Any]]
    granted: list[dict[str, Any]]
    before: dict[str, Any]
    after: dict[str, Any]
    identities: Table
    lost: Table
    gained: Table
    moved: Table
    breaks: Table
    counts: dict[str, int]
    left_out: int


def what_if(
    posture: Posture, items: Sequence[str], limit: int = 0, grants: Sequence[str] = ()
) -> WhatIf:
    """Return what changes if `items` are removed and `grants` added; the snapshot stays as it is.

    `reach` is the weighted reach of all identities together, and `debt` what they owe. `identities`
    are those whose own reach changes, the most affected first; `lost` and `gained` are the pairs,
    so that reach before, less what is lost, with what is gained, is reach after. `moved` is access
    without any login left: it stays with the agent that had it, or else the account answers for
    itself. `breaks` are recent uses that would fail. Each list is cut at `limit`, and `counts`
    holds its length.
    """
    gone = removals(posture, items)
    added = granted(posture, grants) if grants else None
    after = changed(posture, gone, added)
    larger = changed(posture, (), added) if added else None
    change = changed_reach(posture, after, limit, larger)
    moved, breaks = moved_access(after) if gone else [], ended(posture, after, gone)
    base = larger or posture  # has the nodes of both sides
    counts = {
        "identities": len(change.identities),
        "lost": change.lost_count,
        "gained": change.gained_count,
        "moved": len(moved),
        "breaks": len(breaks),
    }
    lists = {
        "identities": _identities(base, cut(change.identities, limit)[0]),
        "lost": _pairs(base, change.lost),
        "gained": _pairs(base, change.gained),
        "moved": _moved(base, after, cut(moved, limit)[0]),
        "breaks": uses(posture, cut(breaks, limit)[0]),
    }
    return WhatIf(
        removed=[_removed(removal) for removal in gone],
        granted=_granted(added),
        before=asdict(figures(posture)),
        after=asdict(figures(after)),
        **lists,
        counts=counts,
        left_out=sum(count - len(lists[name]) for name, count in counts.items()),
    )


def posture_without(posture: Posture, items: Sequence[str]) -> Posture:
    """Return the posture without `items`."""
    return changed(posture, removals(posture, items))


def _removed(removal: Removal) -> dict[str, Any]:
    return {
        "item": removal.item,
        "taken_as": removal.taken_as,
        "things": list(removal.things),
        "relationships": [{"type": rel.name, "id": id_} for rel, id_ in removal.relationships],
    }


def _granted(added: Additions | None) -> list[dict[str, Any]]:
    """Describe the new grants."""
    if added is None:
        return []
    return [
        {
            "from": str(row.source_id),
            "levels": strict_json(str(row.levels)),
            "to": str(row.target_id),
        }
        for row in added.rows[CAN_ACCESS].itertuples()
    ]


def _identities(posture: Posture, rows: pd.DataFrame) -> Table:
    columns: dict[str, Any] = {"identity": posture.graph.numbers(rows["id"])}
    for side in SIDES:
        columns[f"{side}.weighted"] = rows[f"weighted_{side}"].to_numpy(float)
        columns[f"{side}.resources"] = rows[f"resources_{side}"].to_numpy(np.int64)
    columns["lost"] = rows["lost"].to_numpy(float)
    return Table(pd.DataFrame(columns), posture.graph.things, {"identity": Kind.ITSELF})


def _pairs(posture: Posture, rows: pd.DataFrame) -> Table:
    columns = {name: posture.graph.numbers(rows[name]) for name in PAIR}
    frame = pd.DataFrame(columns | {"level": rows["level"].array})
    return Table(frame, posture.graph.things, PAIR)


def _moved(before: Posture, after: Posture, moved: Sequence[MovedAccess]) -> Table:
    """Describe moved access by the nodes of `before`: a removal adds none.

    Reach and debt that no source could declare are null.
    """

    def earlier(numbers: list[int]) -> np.ndarray:
        return before.graph.numbers(after.graph.things["id"].iloc[numbers])

    accounts, judged = ([getattr(a, n) for a in moved] for n in ("account", "answers"))
    known = pd.Series(after.reach_known[np.array(accounts, np.int64)], dtype=bool)
    owing = pd.Series(after.entitlements_known[np.array(judged, np.int64)], dtype=bool)
    columns = {
        "from": np.array([access.agent for access in moved], np.int64),
        "to": earlier(accounts),
        "answers": earlier(judged),
        "weighted": pd.Series([a.weighted for a in moved], dtype="Float64").where(known),
        "resources": pd.Series([a.resources for a in moved], dtype="Int64").where(known),
        "debt": pd.Series([a.debt for a in moved], dtype="Float64").where(owing),
    }
    return Table(pd.DataFrame(columns), before.graph.things, MOVED)


def uses(posture: Posture, rows: pd.DataFrame) -> Table:
    """Describe observed uses, in their order; see `analytics.usage.observed.uses`.

    Returns
    -------
    Table
        `identity`, `resource` (nodes), `level` (or none), `last_used_at` and `through`: `from` and
        `to` (nodes), `relationship` and `id` of the edge in use.
    """
    identities, things = rows["identity"].to_numpy(np.int64), rows["thing"].to_numpy(np.int64)
    columns = {
        "identity": identities,
        "resource": things,
        "level": rows["level"].clip(lower=-1).to_numpy(np.int64),
        "last_used_at": instants(rows["at"]).array,
        "through.from": identities,
        "through.relationship": rows["relationship"].array,
        "through.to": things,
        "through.id": rows["fact"].array,
    }
    return Table(pd.DataFrame(columns), posture.graph.things, USE)
