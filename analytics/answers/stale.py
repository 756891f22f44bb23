"""Stale access: open but unused paths, and the reach that removing them would take away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analytics.answers.shape import edge_step, grant_step, sentence
from analytics.answers.table import Kind, Table, objects
from analytics.kept.answers import kept
from analytics.posture import UNUSED_DAYS, Filter, Posture
from analytics.usage.regained import regained
from analytics.usage.stale_access import StalePath, stale_paths


@dataclass(frozen=True)
class Stale:
    """The stale paths, and what removing their stale edges would take away; see `stale`.

    `paths` has `identity` and `resource` (nodes), `level`, `state`, `first_stale` (a step, or
    null), `unused_days`, `weight`, `steps` and `sentence`.
    """

    paths: Table
    regained: dict[str, float | None]
    over_stale: dict[str, float | int | None]
    days: int
    counts: dict[str, int]
    left_out: int


KINDS = {"identity": Kind.NODE, "resource": Kind.NODE, "level": Kind.LEVEL}


@kept
def stale(
    posture: Posture,
    days: int = UNUSED_DAYS,
    limit: int = 0,
    about: int | Sequence[int] | None = None,
) -> Stale:
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
    count = int(doubtful.pairs[order].sum())
    return Stale(
        paths=_table(posture, shown),
        regained={
            "weighted": back.weighted if known else None,
            "of": back.of if reached else None,
            "unobserved": back.unseen,
        },
        over_stale=_over_stale(posture, days, known),
        days=days,
        counts={
            "paths": count,
            "unobservable": int((doubtful.pairs[order] - gone.pairs[order]).sum()),
        },
        left_out=count - len(shown),
    )


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


def _table(posture: Posture, paths: Sequence[StalePath]) -> Table:
    steps = [_steps(posture, path) for path in paths]
    first = [
        each[path.first_stale] if path.first_stale >= 0 else None
        for path, each in zip(paths, steps, strict=True)
    ]
    unused = [path.unused_days for path in paths]  # whole days stay whole in JSON
    columns = {
        "identity": np.array([path.identity for path in paths], np.int32),
        "resource": np.array([path.resource for path in paths], np.int32),
        "level": np.array([path.level for path in paths], np.int8),
        "state": pd.array([path.state for path in paths], dtype="string"),
        "first_stale": objects(first),
        "unused_days": objects(unused),
        "weight": pd.array([path.weight for path in paths], dtype="Float64"),
        "steps": objects(steps),
        "sentence": pd.array([sentence(each) for each in steps], dtype="string"),
    }
    return Table(pd.DataFrame(columns), posture.graph.things, KINDS)


def _steps(posture: Posture, path: StalePath) -> list[dict[str, Any]]:
    steps = [edge_step(posture, edge) for edge in path.edges]
    return [*steps, grant_step(posture, path.grant, 1 << path.level)]
