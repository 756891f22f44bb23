"""Observed uses: which identity was lately seen using which node."""

import numpy as np
import pandas as pd

from analytics.gathered import stacked
from analytics.posture import Posture
from analytics.reach.kernels.removal import NODE
from analytics.usage.activity import lately
from analytics.usage.actors import actors
from analytics.usage.sightings import ACTING
from graph.element import Element
from graph.once import once
from graph.schema import CAN_ACCESS, CONTROL, ELEMENTS, LEVELS, TOOL, USE_EVENT, USED

COLUMNS = ("identity", "thing", "level", "at", "report", "relationship", "fact", "own", "implied")


@once
def uses(posture: Posture) -> pd.DataFrame:
    """Return every use within the last `UNUSED_DAYS` days (cached).

    Returns
    -------
    DataFrame
        `identity` and `thing` (numbers of nodes), `level` (a position in `LEVELS`, -1 if unknown,
        or as in `analytics.reach.kernels.removal.holds`), `at` (milliseconds), `report` (the row in
        the activity of the fact that reports it), and the `relationship` (name of its type, or
        label) and `fact` (id) that show it. `own`: that is the used edge or grant itself, from the
        side of its source. `implied`: the fact that reports it names another identity or step.
    """
    parts = [_of_grants(posture), _of_edges(posture), *_of_facts(posture)]
    rows = stacked(parts)
    placed = (rows["identity"] >= 0) & (rows["thing"] >= 0)
    return rows[placed].reset_index(drop=True)


def _frame(*columns: object, own: bool = False, implied: bool = False) -> pd.DataFrame:
    return pd.DataFrame(dict(zip(COLUMNS, (*columns, own, implied), strict=True)))


def _of_grants(posture: Posture) -> pd.DataFrame:
    """Return the uses of grants by their holders, and by the only identity behind a holder."""
    grants, used = posture.grants, posture.grants.last_used
    given = grants.levels[:, None] >> np.arange(len(LEVELS)) & 1 == 1
    seen = given & (grants.row >= 0)[:, None] & lately(posture.graph, used)
    level, index = np.nonzero(seen.T)
    fact = posture.graph.frames[CAN_ACCESS]["id"].to_numpy(object)[grants.row[index]]
    report = posture.activity.grant[grants.row[index], level]
    rows = _frame(
        grants.holder[index],
        grants.resource[index],
        level,
        used[index, level],
        report,
        CAN_ACCESS.name,
        fact,
        own=True,
    )
    stated = posture.activity.uses["grant"].to_numpy()[report] == grants.row[index]
    rows = rows.assign(implied=~stated)
    return pd.concat([rows, _implied(posture, rows)], ignore_index=True)


def _implied(posture: Posture, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the uses again for the only identity that can have acted, where it is another."""
    identity = rows["identity"].to_numpy(np.int64)
    acted = actors(posture).of(identity)
    other = acted != identity
    if not other.any():
        return rows[:0]
    return pd.DataFrame(rows[other]).assign(identity=acted[other], own=False, implied=True)


def _of_edges(posture: Posture) -> pd.DataFrame:
    """Return the uses of control edges; the used node is the target of the edge."""
    edges = posture.edges
    index = np.flatnonzero((edges.row >= 0) & lately(posture.graph, edges.last_used))
    index = index[np.argsort(edges.kind[index], kind="stable")]
    kinds, fact = edges.kind[index], np.empty(len(index), object)
    for kind in np.unique(kinds):
        ids = posture.graph.frames[CONTROL[kind]]["id"].to_numpy(object)
        fact[kinds == kind] = ids[edges.row[index[kinds == kind]]]
    shown_by = pd.array([CONTROL[kind].name for kind in kinds.tolist()], dtype="str")
    level = NODE - edges.ceiling[index].astype(np.int64)
    step = posture.activity.steps.first[kinds] + edges.row[index]
    report = posture.activity.step[step]
    ends = edges.source[index], edges.target[index]
    rows = _frame(*ends, level, edges.last_used[index], report, shown_by, fact, own=True)
    return rows.assign(implied=posture.activity.uses["step"].to_numpy()[report] != step)


def _of_facts(posture: Posture) -> list[pd.DataFrame]:
    """Return the uses in logs, and of accounts, also for the only identity that can act as them."""
    recent = posture.activity.uses
    recent = recent[~recent["later"] & lately(posture.graph, recent["at"].to_numpy())]
    remains = (recent["row"] >= 0) & (recent["principal"] >= 0)  # after a removal
    recent = recent[remains]
    if recent.empty:
        return []
    parts = []
    for element in (USED, USE_EVENT):
        rows = recent[recent["element"] == ELEMENTS.index(element)]
        if rows.empty:
            continue
        named = _named(posture, element, rows, rows["principal"])
        by_key = rows[rows["key"] >= 0]
        acted = actors(posture).of(rows["principal"].to_numpy(), rows["key"].to_numpy())
        other = rows.assign(acted=acted)[acted != rows["principal"].to_numpy()]
        parts += [named, _named(posture, element, by_key, by_key["key"])]
        parts.append(_named(posture, element, other, other["acted"], implied=True))
    for label in ACTING:
        rows = recent[recent["element"] == ELEMENTS.index(label)]
        if rows.empty:
            continue
        acted = actors(posture).of(rows["principal"].to_numpy())
        rows = rows.assign(target=rows["principal"], acted=acted)
        rows = rows[rows["acted"] != rows["target"]]
        named = _named(posture, label, rows, rows["acted"], implied=True)
        parts.append(named.assign(level=NODE))
    return parts


def _named(
    posture: Posture,
    element: Element,
    rows: pd.DataFrame,
    identity: pd.Series,
    implied: bool = False,
) -> pd.DataFrame:
    """Return the facts of one element as uses by `identity`; a call of a tool is its use."""
    target = rows["target"].to_numpy()
    level = np.where(posture.graph.has_label(TOOL)[target], NODE, rows["level"].to_numpy())
    fact = posture.graph.frames[element]["id"].to_numpy(object)[rows["row"].to_numpy()]
    frame = _frame(
        identity.to_numpy(np.int64),
        target,
        level,
        rows["at"].to_numpy(),
        rows.index.to_numpy(),
        element.name,
        fact,
        implied=implied,
    )
    latest = frame.sort_values("at", ascending=False, kind="stable")
    return latest.drop_duplicates(["identity", "thing", "level"])
