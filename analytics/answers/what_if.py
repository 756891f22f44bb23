"""What if: reach, findings and observed uses before and after something is removed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import cut, when
from analytics.debt.items import debt_of
from analytics.debt.totals import total
from analytics.findings import find_all
from analytics.observed import ended
from analytics.posture import Filter, Posture, assess
from analytics.reach.closure import Totals
from analytics.reach.removal import Remaining
from analytics.what_if import Removal, one_edge, removals, without
from graph.frames import records
from graph.schema import LEVELS


def what_if(posture: Posture, items: Sequence[str], limit: int = 0) -> dict[str, Any]:
    """Answer what changes when `items` are removed; the snapshot itself stays as it is.

    `reach` is the weighted blast radius of all accountable identities together; `identities`
    are those whose own changes, the most affected first. `debt` is what all of them owe.
    `breaks` are uses seen of late that would fail.
    """
    gone = removals(posture, items)
    after = _without(posture, gone)
    rows = _identities(posture, after, gone)
    shown, left_out = cut(rows, limit)
    return {
        "removed": [_removed(r) for r in gone],
        "before": _figures(posture, float(posture.totals().weighted.sum())),
        "after": _figures(after, float(rows.attrs["reach"])),
        "identities": [_identity(posture, after, row) for row in records(shown)],
        "breaks": [_use(posture, row) for row in records(ended(posture, after, gone))],
        "left_out": left_out,
    }


def posture_without(posture: Posture, items: Sequence[str]) -> Posture:
    """Judge the snapshot as if `items` were not in it."""
    return _without(posture, removals(posture, items))


def _without(posture: Posture, gone: list[Removal]) -> Posture:
    """Judge what is left; the last such judgement is kept, as it is often asked about again."""
    kept: dict[tuple[Removal, ...], Posture] = posture.once(__name__, dict)
    after = kept.get(tuple(gone)) or assess(without(posture.graph, gone), posture)
    kept.clear()
    kept[tuple(gone)] = after
    return after


def _figures(posture: Posture, reach: float) -> dict[str, Any]:
    owed = total(debt_of(posture)).debt
    return {"reach": reach, "debt": owed, "findings": len(find_all(posture))}


def _removed(removal: Removal) -> dict[str, Any]:
    return {
        "item": removal.item,
        "taken_as": removal.taken_as,
        "things": list(removal.things),
        "relationships": [{"type": rel.name, "id": one} for rel, one in removal.relationships],
    }


def _identities(before: Posture, after: Posture, gone: Sequence[Removal]) -> pd.DataFrame:
    """Return the identities that reach something else after the removal.

    `attrs["reach"]` is what all accountable identities reach together afterwards. One that
    was not accountable before, or is not any longer, has nothing on that side.
    """
    now = _totals(before, before.totals())
    then = _totals(after, _after(before, after, gone))
    both = now.add_suffix("_before").join(then.add_suffix("_after"), how="outer").fillna(0)
    for name in ("pairs_before", "pairs_after", "resources_before", "resources_after"):
        both[name] = both[name].astype(int)
    changed = both[both["pairs_before"] != both["pairs_after"]].copy()
    changed["lost"] = changed["weighted_before"] - changed["weighted_after"]
    changed = changed.rename_axis("identity").reset_index()
    changed = changed.sort_values(["lost", "identity"], ascending=[False, True], kind="stable")
    changed.attrs["reach"] = then["weighted"].sum()
    return changed


def _totals(posture: Posture, whole: Totals) -> pd.DataFrame:
    ids = posture.graph.ids.take(posture.accountable).to_numpy(zero_copy_only=False)
    figures = {"resources": whole.resources, "pairs": whole.pairs, "weighted": whole.weighted}
    return pd.DataFrame(figures, index=pd.Index(ids, dtype=object))


def _after(before: Posture, after: Posture, gone: Sequence[Removal]) -> Totals:
    """Count what is reached afterwards: only where it can change if one edge goes, else anew."""
    edge = one_edge(before, gone)
    if edge is None or not np.array_equal(before.accountable, after.accountable):
        return after.totals()
    remaining = Remaining(before.network(Filter()), before.accountable, before.totals())
    remaining.remove(*edge)
    return remaining.totals


def _identity(before: Posture, after: Posture, row: Any) -> dict[str, Any]:
    graph = before.graph
    sides = {
        side: {
            "weighted": float(getattr(row, f"weighted_{side}")),
            "resources": int(getattr(row, f"resources_{side}")),
        }
        for side in ("before", "after")
    }
    return {**graph.thing(graph.number(str(row.identity))), **sides, "lost": float(row.lost)}


def _use(posture: Posture, row: Any) -> dict[str, Any]:
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
