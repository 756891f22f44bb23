"""The parts of a step: where its target is in a graph, and what must change of it.

A relationship of which a property changes may get another id. So what is between two nodes is told
apart by marks: a relationship without the mark of one that was to stay is the target, or has come
in its place.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from analytics.actions import Action
from analytics.ownership.owners import ROLES
from analytics.posture import Posture
from analytics.usage.unused_levels import unused_levels
from graph.access import AccessGraph
from graph.element import Dtype, Element, Relationship
from graph.journal.campaign_steps import CampaignStep, StepPart
from graph.schema import CAN_ACCESS, FACT_NODES, LEVEL_SETS, LEVELS, RELATIONSHIPS
from graph.values import canonical, iso, unordered

MARKED = ("levels", "actions", "role_name", "policy_id", "condition", "ceiling")
TYPES = {relationship.name: relationship for relationship in RELATIONSHIPS}
LABELS = {label.name: label for label in FACT_NODES}


def parts_of(
    posture: Posture, action: Action, relationship: Relationship | None, ids: tuple[str, ...]
) -> tuple[StepPart, ...]:
    """Return the parts of the target of an action, as they are in a posture."""
    graph = posture.graph
    if relationship is None:
        return tuple(
            StepPart(ends=(graph.thing(number),), was=_node_was(posture, action, number))
            for number in (graph.number(id_) for id_ in ids)
        )
    frame, (source, target) = graph.frames[relationship], graph.ends(relationship)
    rows = np.flatnonzero(frame["id"].isin(ids).to_numpy(bool))
    pairs = dict.fromkeys(zip(source[rows].tolist(), target[rows].tolist(), strict=True))
    return tuple(_linked(posture, action, relationship, pair, rows) for pair in pairs)


def _linked(
    posture: Posture,
    action: Action,
    relationship: Relationship,
    pair: tuple[int, int],
    chosen: np.ndarray,
) -> StepPart:
    """Return the part of the relationships between a pair of nodes, of which some are `chosen`."""
    graph = posture.graph
    between = _between(graph, relationship, *pair)
    own, others = np.intersect1d(between, chosen), np.setdiff1d(between, chosen)
    return StepPart(
        ends=tuple(graph.thing(number) for number in pair),
        beside=tuple(sorted({*marks(graph, relationship, others)})),
        was=_link_was(posture, action, relationship, own, others),
    )


def rows_left(
    graph: AccessGraph, step: CampaignStep, part: StepPart, names: Mapping[str, str]
) -> np.ndarray:
    """Return the rows between the ends of a part of a step that are its target, or in its place.

    Those that were to stay, or give no level that was not to stay, are left out.
    """
    relationship = TYPES[str(step.relationship)]
    rows = _between(graph, relationship, *(node(graph, end["id"], names) for end in part.ends))
    if not part.beside or not len(rows):
        return rows
    stays = np.isin(marks(graph, relationship, rows), part.beside)
    if relationship is CAN_ACCESS:
        stays |= (graph.levels[rows].astype(int) & ~_bits(part.was.get("stay", ()))) == 0
    own = graph.frames[relationship]["id"].iloc[rows].isin(step.ids).to_numpy(bool)
    return np.asarray(rows[own | ~stays])


def _bits(levels: Sequence[str]) -> int:
    return sum(1 << LEVELS.index(level) for level in levels)


def node(graph: AccessGraph, id_: str, names: Mapping[str, str]) -> int:
    """Return the number of a node, given an id that it had; -1 if it is not there.

    `names` has the ids of the graph by earlier ones, where these differ.
    """
    name = names.get(id_, id_)
    return graph.number(graph.identities.canonical.get(name, name))


def _between(
    graph: AccessGraph, relationship: Relationship, source: int, target: int
) -> np.ndarray:
    """Return the rows of a type in force from one node to another."""
    sources, targets = graph.ends(relationship)
    mask = (sources == source) & (targets == target) & graph.in_force(relationship)
    return np.flatnonzero(mask & (source >= 0) & (target >= 0))


def marks(graph: AccessGraph, relationship: Relationship, rows: np.ndarray) -> list[str]:
    """Return a mark of each relationship: the same for equal access, whatever its id and dates."""
    frame = graph.frames[relationship].iloc[rows]
    lists = {c.name: c.choices for c in relationship.columns if c.dtype is Dtype.TEXTS}
    columns = [[relationship.name] * len(rows)]
    columns += [
        [unordered(v, lists[name]) if v and name in lists else v for v in given]
        for name in MARKED
        if name in frame
        for given in [frame[name].astype("string").fillna("").tolist()]
    ]
    return [_hashed(list(values)) for values in zip(*columns, strict=True)]


def _hashed(values: list[str]) -> str:
    return hashlib.sha256(canonical(values).encode()).hexdigest()[:16]


def scopes_of(
    graph: AccessGraph, elements: Iterable[Element], ids: Sequence[str]
) -> set[tuple[str, str]]:
    """Return the sources and scopes that state a row of these elements with one of these ids."""
    scopes: set[tuple[str, str]] = set()
    for element in elements:
        frame = graph.facts.frames[element]
        stated = frame[frame["id"].isin(ids)]
        scopes |= set(zip(stated["source"], stated["scope"], strict=True))
    return scopes


# -- facts that an action changes --------------------------------------------------------------


def _link_was(
    posture: Posture,
    action: Action,
    relationship: Relationship,
    rows: np.ndarray,
    others: np.ndarray,
) -> dict[str, object]:
    graph = posture.graph
    if relationship is CAN_ACCESS and action is not Action.SET_EXPIRY:
        every, unused = graph.levels, unused_levels(posture)
        unused = np.where(unused == every, 0, unused)  # all of it would be no narrower grant
        levels = {"levels": every[rows], "unused": unused[rows], "stay": every[others]}
        return {name: LEVEL_SETS[_together(bits)] for name, bits in levels.items()}
    if action is Action.SET_EXPIRY:
        return {"ends": last_end(relationship, graph.frames[relationship].iloc[rows])}
    return {}


def _together(bits: np.ndarray) -> int:
    return int(np.bitwise_or.reduce(bits, initial=0))


def _node_was(posture: Posture, action: Action, number: int) -> dict[str, object]:
    if action is Action.ASSIGN_OWNER:
        lacking = [role for role in ROLES if posture.ownership.missing(role)[number]]
        return {"roles": lacking, "owners": owners(posture, number)}
    return {}


def node_row(graph: AccessGraph, label: Element, number: int) -> pd.DataFrame:
    """Return the row of a node in the frame of its label."""
    frame = graph.frames[label]
    return frame[frame["id"] == str(graph.ids[number])]


def last_end(relationship: Relationship, rows: pd.DataFrame) -> str | None:
    """Return the last instant at which any of the rows ends; None if one of them never does."""
    ends = rows["expires_at" if relationship is CAN_ACCESS else "valid_to"]
    return None if ends.isna().any() or ends.empty else iso(ends.max())


def owners(posture: Posture, number: int) -> list[str]:
    """Return the active people who are stated to own a node, each with the role."""
    owns = posture.ownership.owns
    rows = owns[(owns["thing"] == number) & owns["active"] & (owns["kind"] == "human")]
    ids = posture.graph.things["id"]
    pairs = zip(rows["owner"].tolist(), rows["role"].tolist(), strict=True)
    return sorted({f"{role} {ids.iloc[owner]}" for owner, role in pairs})
