"""Common ground: two snapshots reduced to the facts that the sources of both could declare.

Then every remaining difference is a change in the world. The other differences come from scopes
that were connected or lost, or that began or ceased to declare a kind of fact.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from analytics.changes.differences import ADDED, REMOVED, changes, from_scopes
from graph.access import AccessGraph
from graph.coverage import FIELD_KINDS, INVENTORY, kind_of_element
from graph.element import Element
from graph.facts import Coverage, Facts
from graph.schema import ELEMENTS, FACT_NODES, RELATIONSHIPS

Declared = dict[tuple[str, str], Coverage]


def common_ground(
    before: AccessGraph, after: AccessGraph, renamed: bool = False
) -> tuple[Facts, Facts] | None:
    """Return the facts of both graphs that both could declare; None if those are all.

    `before` uses the ids of `after`; `renamed` is True if it had different ids of its own.
    """
    if not renamed and same_declared(before, after):
        return None
    old, new = ({c.key: c for c in graph.coverage} for graph in (before, after))
    differences = changes(before, after)
    unseen = {change: _ids(differences.rows, change) for change in (ADDED, REMOVED)}
    return (
        _cut(before.facts, _shared(old, new), unseen[REMOVED]),
        _cut(after.facts, _shared(new, old), unseen[ADDED]),
    )


def same_declared(before: AccessGraph, after: AccessGraph) -> bool:
    """Return whether the sources of both graphs declare the same, and as completely."""
    return _declarations(before) == _declarations(after)


def _declarations(graph: AccessGraph) -> dict[tuple[str, str], tuple[frozenset[str], bool]]:
    return {c.key: (frozenset(c.declares), c.complete) for c in graph.coverage}


def _ids(rows: dict[Element, pd.DataFrame], change: str) -> dict[Element, pd.Series]:
    """Return the ids of each element that were added or removed only by a change of coverage."""
    chosen = {e: (f["what"] == change) & f["coverage"] for e, f in rows.items()}
    return {e: rows[e]["id"][mask] for e, mask in chosen.items()}


def _shared(own: Declared, opposite: Declared) -> tuple[tuple[Coverage, ...], Declared]:
    """Return the coverage of `own` limited to what both sides declare, and the same unlimited."""
    kept = {
        key: replace(c, declares=tuple(d for d in c.declares if d in opposite[key].declares))
        for key, c in own.items()
        if key in opposite
    }
    return tuple(kept.values()), {key: own[key] for key in kept}


def _cut(
    facts: Facts, shared: tuple[tuple[Coverage, ...], Declared], unseen: dict[Element, pd.Series]
) -> Facts:
    coverage, full = shared
    muted: dict[str, set[tuple[str, str]]] = {}
    for c in coverage:
        for kind in set(full[c.key].declares) - set(c.declares):
            muted.setdefault(kind, set()).add(c.key)
    lost = {c.key for c in facts.coverage} - full.keys()
    frames = {}
    for element in ELEMENTS:
        frame = facts.frames[element]
        if len(frame):
            stated = kind_of_element(element)
            silent = muted.get(stated, set()) if stated and stated != INVENTORY else set()
            frame = frame[~from_scopes(frame, lost | silent)]
            frame = frame[~frame["id"].isin(unseen.get(element, []))]
        frames[element] = _without_fields(frame, muted)
    return replace(Facts.of(settled(frames), coverage), identities=facts.identities)


def _without_fields(frame: pd.DataFrame, muted: dict[str, set[tuple[str, str]]]) -> pd.DataFrame:
    """Remove the values of fields whose kind a scope does not declare on both sides."""
    for name, kind in FIELD_KINDS.items():
        if name in frame and kind in muted and len(frame):
            hidden = from_scopes(frame, muted[kind])
            frame = frame.assign(**{name: frame[name].mask(hidden)})
    return frame.reset_index(drop=True)


def settled(frames: dict[Element, pd.DataFrame]) -> dict[Element, pd.DataFrame]:
    """Remove the relationships with a missing end."""
    ids = pd.Index(np.concatenate([frames[n]["id"].to_numpy(object) for n in FACT_NODES]))
    for relationship in RELATIONSHIPS:
        frame = frames[relationship]
        complete = frame["source_id"].isin(ids) & frame["target_id"].isin(ids)
        frames[relationship] = frame[complete].reset_index(drop=True)
    return frames
