"""Removals by name or id, and the estate as if what is removed had never been declared.

A snapshot is never changed. What is left is judged again from its facts, rules included, so a
derived edge falls with the last set of facts that supports it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analytics.findings.evaluation import find_all
from analytics.findings.lifecycle.states import lives
from analytics.posture import Posture
from graph.access import AccessGraph
from graph.element import Element, Node, Relationship
from graph.facts import Facts, LazyFrames, Numbering
from graph.schema import CAN_ACCESS, RELATIONSHIPS
from graph.values import text_array

FINDING = "F-"  # prefix of the id of a finding


class NotRemovable(LookupError):
    """The item exists, but cannot be removed by itself; the text says why."""

    exit_code, code = 2, "not-removable"


@dataclass(frozen=True)
class Removal:
    """One item to remove: nodes by id, relationships by type and id; `taken_as` describes them.

    Relationships that begin or end at a removed node go with it and are not listed.
    """

    item: str
    taken_as: str
    things: tuple[str, ...] = ()
    relationships: tuple[tuple[Relationship, str], ...] = ()


def removals(posture: Posture, items: Sequence[str]) -> list[Removal]:
    """Resolve each of `items` to a removal.

    An item is the id of a node, of a finding, of a relationship or of a grant, or `FROM,TYPE,TO`
    with ids or unique names, or else the unique name of a node.

    Raises
    ------
    UnknownThing, AmbiguousThing, NotRemovable
    """
    return [_removal(posture, item) for item in dict.fromkeys(items)]


def _removal(posture: Posture, item: str) -> Removal:
    graph, item = posture.graph, item.encode(errors="replace").decode()  # it need not be Unicode
    if graph.number(item) >= 0:
        return _thing(graph, graph.number(item), item)
    removal = _finding(posture, item) or _relationship(graph, item) or _between(posture, item)
    return removal or _thing(graph, graph.find(item), item)


def _thing(graph: AccessGraph, number: int, item: str) -> Removal:
    thing = graph.thing(number)
    sentence = f"the {thing['label']} {thing['name']} and every relationship that it has"
    return Removal(item, sentence, things=(thing["id"],))


def _relationship(graph: AccessGraph, item: str) -> Removal | None:
    """Resolve the id of a relationship, or the id of a grant in its source."""
    relationships = [
        (rel, id_)
        for rel in RELATIONSHIPS
        for id_ in _ids(graph, rel, _equal(graph.frames[rel]["id"], item))
    ]
    if not relationships:
        granted = _equal(graph.frames[CAN_ACCESS]["grant_id"], item)
        relationships = [(CAN_ACCESS, id_) for id_ in _ids(graph, CAN_ACCESS, granted)]
    if not relationships:
        return None
    names = ", ".join(sorted({rel.name for rel, _ in relationships}))
    return Removal(
        item, f"{_number(relationships)} of type {names}", relationships=tuple(relationships)
    )


def _between(posture: Posture, item: str) -> Removal | None:
    """Resolve `FROM,TYPE,TO`; an id may hold commas, so the name of the type divides it."""
    graph = posture.graph
    for rel in RELATIONSHIPS:
        start, comma, end = item.partition(f",{rel.name},")
        if not comma:
            continue
        source, target = graph.find(start), graph.find(end)
        sources, targets = graph.ends(rel)
        places = np.flatnonzero((sources == source) & (targets == target))
        relationships = [(rel, id_) for id_ in _ids(graph, rel, places)]
        if not relationships:
            raise NotRemovable(_nothing_between(posture, rel, source, target))
        names = [graph.thing(n)["name"] for n in (source, target)]
        sentence = f"{_number(relationships)} of type {rel.name} from {names[0]} to {names[1]}"
        return Removal(item, sentence, relationships=tuple(relationships))
    return None


def _nothing_between(posture: Posture, rel: Relationship, source: int, target: int) -> str:
    names = [posture.graph.thing(n)["name"] for n in (source, target)]
    sentence = f"no {rel.name} leads from {names[0]} to {names[1]}"
    edges = posture.edges
    derived = (edges.source == source) & (edges.target == target) & (edges.row < 0)
    if rel.name != "CONTROLS" or not derived.any():
        return sentence
    proof = posture.escalated.proof(int(np.flatnonzero(derived)[0]))
    assert proof is not None
    rest = f"remove one of {', '.join(proof.support)}" if proof.support else "remove one of the two"
    return f"{sentence} by itself: rule {proof.rule} derives it; {rest}"


def _finding(posture: Posture, item: str) -> Removal | None:
    """Resolve the id of a finding to the relationships that it points at."""
    if not item.startswith(FINDING):
        return None
    rows = find_all(posture)
    mask = _flag(rows["id"] == item)
    if not mask.any():
        mask = _flag(rows["id"] == lives(posture).called(item))
    rows = rows[mask]
    if rows.empty:
        return None
    row = rows.iloc[0]
    graph, facts = posture.graph, row["closed_by"] or row["evidence"]
    kind = "what keeps it true of" if row["closed_by"] else "the evidence about"
    things = tuple(fact for fact in row["closed_by"] if graph.number(fact) >= 0)
    relationships = located(graph, facts)
    if not relationships and not things:
        raise NotRemovable(f"finding {item} ({row['rule']}) points at nothing that can be removed")
    name = graph.thing(int(row["subject"]))["name"]
    count = _number(relationships) if relationships else "itself, and every relationship it has"
    sentence = f"finding {row['rule']}, {kind} {name}: {count}"
    return Removal(item, sentence, things, tuple(relationships))


def located(graph: AccessGraph, facts: Iterable[str]) -> list[tuple[Relationship, str]]:
    """Return the relationships that have these ids, with their types."""
    wanted = pa.array(sorted(set(facts)), pa.string())
    return [
        (rel, id_)
        for rel in RELATIONSHIPS
        for id_ in _ids(graph, rel, _in(graph.frames[rel]["id"], wanted))
    ]


# -- the estate without them -------------------------------------------------------------------


def without(graph: AccessGraph, gone: Sequence[Removal]) -> AccessGraph:
    """Return a snapshot as if what is `gone` was never declared; unchanged frames are shared."""
    facts = graph.facts
    things = pa.array(sorted({t for r in gone for t in r.things}), pa.string())
    links: dict[Element, list[str]] = {}
    for rel, id_ in (pair for r in gone for pair in r.relationships):
        links.setdefault(rel, []).append(id_)
    keeps: dict[Element, np.ndarray | None] = {}

    def keep(element: Element) -> np.ndarray | None:
        """Return a mask of the rows that stay, None if all do."""
        if element not in keeps:
            keeps[element] = _kept(facts.frames[element], element, things, links.get(element, []))
        return keeps[element]

    def load(element: Element) -> pd.DataFrame:
        frame, rows = facts.frames[element], keep(element)
        return frame if rows is None else frame[rows].reset_index(drop=True)

    def ends(rel: Relationship) -> tuple[np.ndarray, np.ndarray]:
        assert facts.numbering is not None
        (source, target), rows = facts.numbering.ends(rel), keep(rel)
        return (source, target) if rows is None else (source[rows], target[rows])

    numbered = facts.numbering is not None and not len(things)
    numbering = Numbering(facts.numbering.ids, ends) if numbered and facts.numbering else None
    left = Facts(LazyFrames(load), facts.coverage, numbering, facts.identities)
    return AccessGraph(left, graph.as_of, graph.snapshot)


def _kept(
    frame: pd.DataFrame, element: Element, things: pa.Array, links: list[str]
) -> np.ndarray | None:
    gone = np.zeros(len(frame), bool)
    if links:
        gone[_in(frame["id"], pa.array(links, pa.string()))] = True
    if len(things) and isinstance(element, Node):
        gone[_in(frame["id"], things)] = True
    if len(things) and isinstance(element, Relationship):
        gone[_in(frame["source_id"], things)] = True
        gone[_in(frame["target_id"], things)] = True
    return ~gone if gone.any() else None


def _in(column: pd.Series, wanted: pa.Array) -> np.ndarray:
    """Return the rows at which a column of text holds one of `wanted`."""
    mask = pc.is_in(text_array(column), wanted)
    return np.flatnonzero(mask.to_numpy(zero_copy_only=False))


def _equal(column: pd.Series, value: str) -> np.ndarray:
    return np.flatnonzero(_flag(column == value))


def _flag(column: pd.Series) -> np.ndarray:
    return np.asarray(column.fillna(False).to_numpy(bool))


def _ids(graph: AccessGraph, rel: Relationship, places: np.ndarray) -> list[str]:
    return [str(id_) for id_ in graph.frames[rel]["id"].iloc[places]]


def _number(relationships: Sequence[object]) -> str:
    return f"{len(relationships)} relationship{'s' if len(relationships) != 1 else ''}"
