"""Common ground: two snapshots reduced to the facts that the sources of both could declare.

Then every remaining difference is a change in the world. The other differences come from scopes
that were connected or lost, or that began or ceased to declare a kind of fact.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from analytics.changes.differences import ADDED, REMOVED, changes, told_by
from graph.access import AccessGraph
from graph.coverage import FIELD_KINDS, INVENTORY, kind_of_element
from graph.element import Element
from graph.facts import Coverage, Facts
from graph.schema import ELEMENTS, FACT_NODES, RELATIONSHIPS

Said = dict[tuple[str, str], Coverage]


def common_ground(
    before: AccessGraph, after: AccessGraph, renamed: bool = False
) -> tuple[Facts, Facts] | None:
    """Return the facts of both graphs that both could declare; None if those are all.

    `before` uses the ids of `after`; `renamed` is True if it had different ids of its own.
    """
    old, new = ({c.key: c for c in graph.coverage} for graph in (before, after))
    if not renamed and _words(old) == _words(new):
        return None
    found = changes(before, after)
    unseen = {what: _ids(found.rows, what) for what in (ADDED, REMOVED)}
    return (
        _cut(before.facts, _shared(old, new), unseen[REMOVED]),
        _cut(after.facts, _shared(new, old), unseen[ADDED]),
    )


def _words(said: Said) -> dict[tuple[str, str], tuple[frozenset[str], bool]]:
    return {key: (frozenset(c.declares), c.complete) for key, c in said.items()}


def _ids(rows: dict[Element, pd.DataFrame], what: str) -> dict[Element, pd.Series]:
    """Return the ids of each element that were added or removed only by a change of coverage."""
    chosen = {e: (f["what"] == what) & f["coverage"] for e, f in rows.items()}
    return {e: rows[e]["id"][mask] for e, mask in chosen.items()}


def _shared(here: Said, there: Said) -> tuple[tuple[Coverage, ...], Said]:
    """Return the coverage of `here` limited to what both sides declare, and the same unlimited."""
    kept = {
        key: replace(c, declares=tuple(d for d in c.declares if d in there[key].declares))
        for key, c in here.items()
        if key in there
    }
    return tuple(kept.values()), {key: here[key] for key in kept}


def _cut(
    facts: Facts, shared: tuple[tuple[Coverage, ...], Said], unseen: dict[Element, pd.Series]
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
            frame = frame[~told_by(frame, lost | silent)]
            frame = frame[~frame["id"].isin(unseen.get(element, []))]
        frames[element] = _without_fields(frame, muted)
    return replace(Facts.of(_settled(frames), coverage), identities=facts.identities)


def _without_fields(frame: pd.DataFrame, muted: dict[str, set[tuple[str, str]]]) -> pd.DataFrame:
    """Remove the values of fields whose kind a scope does not declare on both sides."""
    for name, kind in FIELD_KINDS.items():
        if name in frame and kind in muted and len(frame):
            hidden = told_by(frame, muted[kind])
            frame = frame.assign(**{name: frame[name].mask(hidden)})
    return frame.reset_index(drop=True)


def _settled(frames: dict[Element, pd.DataFrame]) -> dict[Element, pd.DataFrame]:
    """Remove the relationships with a missing end."""
    ids = pd.Index(np.concatenate([frames[n]["id"].to_numpy(object) for n in FACT_NODES]))
    for relationship in RELATIONSHIPS:
        frame = frames[relationship]
        whole = frame["source_id"].isin(ids) & frame["target_id"].isin(ids)
        frames[relationship] = frame[whole].reset_index(drop=True)
    return frames
