"""Choose which nodes of a reach to draw: most as themselves, the rest behind "+N more".

A picture of a thousand nodes is a grey disc, whatever draws it. So leaves of one parent and of
one kind fold into one node that says how many they are, and what does not fit even so is
counted in a last "+N more" beside its siblings. Nothing is dropped without being counted.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

CAP = 150  # nodes drawn by default
HARD_CAP = 300  # nodes drawn at most, however much was unfolded
THRESHOLDS = (24, 12, 8, 5, 3, 2)  # leaves of one kind that fold, tried from the mildest
REST = "*"


@dataclass(frozen=True)
class Tree:
    """A breadth-first tree of everything reached.

    `sizes` counts the nodes at and below each node. `classes` may tell leaves of one label
    apart, such as by sensitivity; `weights` sorts siblings, heaviest first.
    """

    root: str
    nodes: Mapping[str, Mapping[str, Any]]
    children: Mapping[str, Sequence[str]]
    sizes: Mapping[str, int]
    classes: Mapping[str, str]
    weights: Mapping[str, float]

    @classmethod
    def of(
        cls,
        nodes: Iterable[Mapping[str, Any]],
        classes: Mapping[str, str] | None = None,
        weights: Mapping[str, float] | None = None,
    ) -> "Tree":
        """Build the tree from rows `{id, label, name, hops, parent}`; the root has no parent.

        Raises
        ------
        ValueError
            When there is not exactly one root.
        """
        ordered = sorted(nodes, key=lambda node: node["hops"])
        by_id = {str(node["id"]): node for node in ordered}
        roots = [i for i, node in by_id.items() if node["parent"] is None]
        if len(roots) != 1:
            raise ValueError(f"a reach has one start, not {len(roots)}")
        children: dict[str, list[str]] = {}
        sizes = dict.fromkeys(by_id, 1)
        for id_, node in by_id.items():
            if node["parent"] is not None:
                children.setdefault(str(node["parent"]), []).append(id_)
        for id_ in reversed(by_id):
            parent = by_id[id_]["parent"]
            if parent is not None:
                sizes[str(parent)] += sizes[id_]
        return cls(roots[0], by_id, children, sizes, classes or {}, weights or {})

    @property
    def total(self) -> int:
        """The number of nodes in the tree, including its start."""
        return len(self.nodes)

    def only(self, wanted: Set[str]) -> "Tree":
        """Return the part of the tree that leads to these nodes; its root is always there."""
        kept = {self.root}
        for id_ in wanted:
            at: str | None = id_ if id_ in self.nodes else None
            while at is not None and at not in kept:
                kept.add(at)
                parent = self.nodes[at]["parent"]
                at = None if parent is None else str(parent)
        rows = [node for id_, node in self.nodes.items() if id_ in kept]
        return Tree.of(rows, self.classes, self.weights)

    def path_to(self, end: str) -> list[str]:
        """List the ids from the root to `end`; empty if it is not in the tree."""
        path: list[str] = []
        at: str | None = end if end in self.nodes else None
        while at is not None:
            path.append(at)
            parent = self.nodes[at]["parent"]
            at = None if parent is None else str(parent)
        return path[::-1]


@dataclass(frozen=True, slots=True)
class Piece:
    """One drawn node: a single node, or a fold of several.

    `id` is a node's id, or a fold's group. `stands_for` counts the nodes that it hides; 0 for a
    single node.
    """

    id: str
    parent: str | None
    label: str
    name: str
    hops: int
    relationship: str = ""
    stands_for: int = 0
    kind: str = ""


def fold(
    tree: Tree,
    cap: int = CAP,
    unfolded: Set[str] = frozenset(),
    pinned: Set[str] = frozenset(),
    rows: int = CAP,
) -> list[Piece]:
    """Choose at most `cap` pieces, parents before children, that stand for the whole tree.

    Parameters
    ----------
    tree : Tree
        Everything reached.
    cap : int
        The most pieces; `HARD_CAP` if something is unfolded.
    unfolded : set of str
        Groups whose members are drawn one by one.
    pinned : set of str
        Nodes that must be drawn as themselves, such as those on a chosen path.
    rows : int
        The most pieces without children of their own, as far as folding can reach that; what is
        unfolded and pinned comes on top.

    Returns
    -------
    list of Piece
        `sum(p.stands_for or 1 for p in pieces)` equals `tree.total`.
    """
    threshold = _threshold(tree, cap, rows)
    room = HARD_CAP if unfolded else min(HARD_CAP, cap)
    pieces, _ = _pieces(tree, room, threshold, unfolded, pinned)
    if pinned - {p.id for p in pieces}:
        pieces, _ = _pieces(tree, room, threshold, unfolded, pinned, first=pinned)
    return pieces


def members(tree: Tree, pieces: Sequence[Piece], piece: Piece) -> list[str]:
    """List the nodes that one of the drawn pieces stands for, as siblings are sorted.

    What is cut stands for all below it, too.
    """
    drawn = {p.id for p in pieces}
    under = [c for c in tree.children.get(piece.parent or "", ()) if c not in drawn]
    if piece.kind != REST:
        within = [c for c in under if c not in tree.children]
        return _sorted(tree, [c for c in within if _group(tree, piece.parent or "", c) == piece.id])
    ids = _sorted(
        tree,
        [
            c
            for c in under
            if c in tree.children or _group(tree, piece.parent or "", c) not in drawn
        ],
    )
    for id_ in ids:  # grows while it is gone through
        ids.extend(tree.children.get(id_, ()))
    return ids


def _threshold(tree: Tree, cap: int, rows: int) -> int:
    """Return the mildest threshold at which all fits, whatever is unfolded or pinned.

    So opening one fold opens that one, and leaves the others and their places as they are.
    """
    for threshold in THRESHOLDS:
        pieces, cut = _pieces(tree, min(HARD_CAP, cap), threshold, frozenset(), frozenset())
        inner = {p.parent for p in pieces}
        if not cut and sum(p.id not in inner for p in pieces) <= rows:
            return threshold
    return THRESHOLDS[-1]


def _pieces(
    tree: Tree,
    cap: int,
    threshold: int,
    unfolded: Set[str],
    pinned: Set[str],
    first: Set[str] = frozenset(),
) -> tuple[list[Piece], bool]:
    """Return the pieces of a breadth-first walk, and whether any had to be cut.

    Nodes in `first` come before their siblings, so that the others are cut.
    """
    pieces = [_single(tree, tree.root)]
    waiting = deque([tree.root] if tree.root in tree.children else [])
    cut = False
    while waiting:
        parent = waiting.popleft()
        room = cap - len(pieces) - len(waiting)
        wanted = _under(tree, parent, threshold, unfolded, pinned, first)
        taken, left = _fitting(tree, wanted, room)
        pieces.extend(taken)
        waiting.extend(p.id for p in taken if not p.stands_for and p.id in tree.children)
        if left:
            cut = True
            pieces.append(_rest(tree, parent, left))
    return pieces, cut


def _fitting(tree: Tree, wanted: list[Piece], room: int) -> tuple[list[Piece], list[Piece]]:
    """Split pieces by the room for them and for one piece under each that has children."""
    costs = [1 if p.stands_for or p.id not in tree.children else 2 for p in wanted]
    if sum(costs) <= room:
        return wanted, []
    used = 1  # the "+N more" itself
    for at, cost in enumerate(costs):
        if used + cost > room:
            return wanted[:at], wanted[at:]
        used += cost
    return wanted, []


def _under(
    tree: Tree,
    parent: str,
    threshold: int,
    unfolded: Set[str],
    pinned: Set[str],
    first: Set[str],
) -> list[Piece]:
    """List the pieces under `parent`: those that come first, inner nodes, leaves and folds."""
    ahead: list[str] = []
    inner: list[str] = []
    groups: dict[str, list[str]] = {}
    for child in tree.children[parent]:
        if child in first:
            ahead.append(child)
        elif child in tree.children:
            inner.append(child)
        else:
            groups.setdefault(_group(tree, parent, child), []).append(child)
    singles = [_single(tree, c) for c in (*_sorted(tree, ahead), *_sorted(tree, inner))]

    def heaviest(group: str) -> tuple[float, str]:
        return -max(tree.weights.get(c, 0.0) for c in groups[group]), group

    for group in sorted(groups, key=heaviest):
        members = groups[group]
        hidden = [c for c in members if c not in pinned]
        if group in unfolded or len(members) < threshold or len(hidden) < 2:
            singles += [_single(tree, c) for c in _sorted(tree, members)]
        else:
            alone = _sorted(tree, [c for c in members if c in pinned])
            singles += [_single(tree, c) for c in alone]
            singles.append(_folded(tree, parent, group, hidden))
    return singles


def _group(tree: Tree, parent: str, child: str) -> str:
    return f"{parent}|{tree.nodes[child]['label']}|{tree.classes.get(child, '')}"


def _sorted(tree: Tree, ids: list[str]) -> list[str]:
    def rank(id_: str) -> tuple[float, int, str, str]:
        return -tree.weights.get(id_, 0), -tree.sizes[id_], str(tree.nodes[id_]["name"]), id_

    return sorted(ids, key=rank)


def _relationship(node: Mapping[str, Any]) -> str:
    edge = node.get("edge")
    if isinstance(edge, Mapping):
        return str(edge.get("relationship") or "")
    return str(edge or "")


def _single(tree: Tree, id_: str) -> Piece:
    node = tree.nodes[id_]
    parent = None if node["parent"] is None else str(node["parent"])
    return Piece(
        id_,
        parent,
        str(node["label"]),
        str(node["name"]),
        int(node["hops"]),
        _relationship(node),
        kind=tree.classes.get(id_, ""),
    )


def _folded(tree: Tree, parent: str, group: str, members: list[str]) -> Piece:
    node = tree.nodes[members[0]]
    return Piece(
        group,
        parent,
        str(node["label"]),
        "",
        int(node["hops"]),
        _relationship(node),
        len(members),
        tree.classes.get(members[0], ""),
    )


def _rest(tree: Tree, parent: str, left: list[Piece]) -> Piece:
    hidden = sum(p.stands_for or tree.sizes[p.id] for p in left)
    return Piece(
        f"{parent}|{REST}", parent, "", "", left[0].hops, left[0].relationship, hidden, REST
    )
