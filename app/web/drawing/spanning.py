"""A tree over any edges, for drawing: each node hangs from the first that leads to it."""

from collections import deque
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from app.web.drawing.folding import Tree

ALL = "*"  # the id of a start that stands for several, unless a node has it


def spanning(
    edges: Iterable[Mapping[str, Any]],
    roots: Sequence[str] = (),
    several: str = "",
    *,
    towards: bool = False,
    changes: Mapping[str, str] | None = None,
) -> Tree:
    """Return the breadth-first tree over `edges`, each with `from`, `relationship` and `to`.

    Parameters
    ----------
    edges : iterable of mapping
        At least one; both ends are `{id, label, name}`. `sensitivity` is that of `to`, if given.
    roots : sequence of str
        Where the tree begins; without any, the nodes that no edge leads to, or the first one.
    several : str
        The name of the start that stands before several roots.
    towards : bool
        The edges lead to the root, not from it.
    changes : mapping
        By node: "new" or "gone"; such leaves fold apart from what stayed.
    """
    start, end = ("to", "from") if towards else ("from", "to")
    listed = list(edges)
    nodes: dict[str, dict[str, Any]] = {}
    below: dict[str, list[Mapping[str, Any]]] = {}
    classes: dict[str, str] = {}
    for edge in listed:
        for side in ("from", "to"):
            nodes.setdefault(str(edge[side]["id"]), dict(edge[side]))
        below.setdefault(str(edge[start]["id"]), []).append(edge)
        if edge.get("sensitivity"):
            classes[str(edge["to"]["id"])] = str(edge["sensitivity"])
    for id_, change in (changes or {}).items():
        classes[id_] = f"{change} {classes.get(id_, '')}".strip()
    led_to = {str(edge[end]["id"]) for edge in listed}
    begins = [i for i in roots if i in nodes] or [i for i in nodes if i not in led_to]
    begins = begins or [next(iter(nodes))]
    rows: dict[str, dict[str, Any]] = {}
    before = None
    if len(begins) > 1:
        before = _unused(nodes)
        rows[before] = {"id": before, "label": "", "name": several, "hops": 0, "parent": None}
    waiting = deque((i, before, "", int(before is not None)) for i in begins)
    while waiting or len(rows) - (before is not None) < len(nodes):
        if not waiting:  # what no start leads to, such as a circle of its own
            rest = next(i for i in nodes if i not in rows)
            waiting.append((rest, next(iter(rows)), "", 1))
        id_, parent, relationship, hops = waiting.popleft()
        if id_ in rows:
            continue
        rows[id_] = nodes[id_] | {"hops": hops, "parent": parent, "edge": relationship}
        waiting.extend(
            (str(edge[end]["id"]), id_, str(edge["relationship"]), hops + 1)
            for edge in below.get(id_, ())
        )
    return Tree.of(rows.values(), classes)


def alone(thing: Mapping[str, Any]) -> Tree:
    """Return the tree of one node `{id, label, name}` to which nothing is joined."""
    return Tree.of([{**thing, "hops": 0, "parent": None}])


def _unused(ids: Container[str]) -> str:
    """Return an id for the start of all: `*` is also that of whoever a trust in everyone names."""
    id_ = ALL
    while id_ in ids:
        id_ += ALL
    return id_
