"""Stale access: open but unused paths, and the reach that removing them would take away."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.answers.shape import edge_step, grant_step, sentence
from analytics.posture import UNUSED_DAYS, Filter, Posture
from analytics.usage.regained import regained
from analytics.usage.stale_access import StalePath, stale_paths
from graph.schema import LEVELS


def stale(
    posture: Posture,
    days: int = UNUSED_DAYS,
    limit: int = 0,
    about: int | Sequence[int] | None = None,
) -> dict[str, Any]:
    """List the access reached only over edges unused for `days`, the widest identities first.

    `regained` is the weight that all accountable identities together would lose if the stale edges
    were removed, of the weight they have; `over_stale` is the reach over stale edges alone, with
    not one used hop. Access whose use cannot be observed is listed as unobservable, and is part of
    neither; if there is nothing else, both are unknown. `about` filters the identities (numbers).
    `counts` are those of all paths, however few are listed.
    """
    gone = posture.lost(Filter(stale=days))
    doubtful = posture.lost(Filter(stale=days, unobservable=False))
    order = np.lexsort((posture.accountable, -doubtful.weighted, -gone.weighted))
    order = order[doubtful.pairs[order] > 0]
    if about is not None:
        order = order[np.isin(posture.accountable[order], about)]
    paths: list[StalePath] = []
    for place in order:
        if limit and len(paths) >= limit:
            break
        paths += stale_paths(posture, int(posture.accountable[place]), days)
    shown = paths[:limit] if limit else paths
    back = regained(posture, days)
    reached = bool(posture.reach_known[posture.accountable].any()) or not len(posture.accountable)
    known = back.known and reached
    return {
        "paths": [_row(posture, p) for p in shown],
        "regained": {
            "weighted": back.weighted if known else None,
            "of": back.of if reached else None,
            "unobserved": back.unseen,
        },
        "over_stale": _over_stale(posture, days, known),
        "days": days,
        "counts": {
            "paths": int(doubtful.pairs[order].sum()),
            "unobservable": int((doubtful.pairs[order] - gone.pairs[order]).sum()),
        },
        "left_out": int(doubtful.pairs[order].sum()) - len(shown),
    }


def _over_stale(posture: Posture, days: int, known: bool) -> dict[str, Any]:
    """Sum the reach over stale edges alone, and count the identities with any.

    If it is not `known` whether anything is used, a zero becomes None.
    """
    alone = posture.totals(Filter(stale=days, only_stale=True))
    if not known and not alone.pairs.any():
        return {"weighted": None, "identities": None}
    return {
        "weighted": float(alone.weighted.sum()),
        "identities": int(np.count_nonzero(alone.pairs)),
    }


def _row(posture: Posture, path: StalePath) -> dict[str, Any]:
    thing = posture.graph.thing
    steps = [edge_step(posture, e) for e in path.edges]
    steps.append(grant_step(posture, path.grant, 1 << path.level))
    return {
        "identity": thing(path.identity),
        "resource": thing(path.resource),
        "level": LEVELS[path.level],
        "state": path.state,
        "first_stale": steps[path.first_stale] if path.first_stale >= 0 else None,
        "unused_days": path.unused_days,
        "weight": path.weight,
        "steps": steps,
        "sentence": sentence(steps),
    }
