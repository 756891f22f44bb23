"""A reach over time: what one snapshot has of it, and what came and went since the one before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from analytics.answers.reach import reach_tree
from analytics.past import past
from analytics.posture import Posture
from app.web.answers.reach import Question, Sieve
from app.web.drawing.folding import Tree
from app.web.drawing.links import link_of
from app.web.page.snapshots import kept
from graph.schema import SENSITIVITIES
from graph.stores import SnapshotInfo

NEW, GONE = "new", "gone"
Drawn = Mapping[str, Any]  # an answer of `reach_tree`


@dataclass(frozen=True)
class Moment:
    """A reach at one snapshot: the tree and edges to draw, with those that are gone since before.

    `changes` are "new" or "gone" by node, `new` and `gone` count edges. `before` is the snapshot
    compared with, None for the first. `absent`: the node itself was not there.
    """

    info: SnapshotInfo
    before: SnapshotInfo | None
    tree: Tree | None
    edges: list[dict[str, Any]]
    changes: dict[str, str]
    new: int = 0
    gone: int = 0
    absent: bool = False


def moments(posture: Posture) -> list[SnapshotInfo]:
    """List the snapshots that a replay passes, oldest first; the last is the page's own."""
    own = posture.graph.snapshot
    return [*past(posture), *([own] if own is not None else [])]


@kept
def tree_at(
    posture: Posture, question: Question, steps: tuple[str, ...], snapshot: str
) -> dict[str, Any] | None:
    """Return the reach of a node at one snapshot; None if it was not there."""
    own = posture.graph.snapshot
    is_own = own is not None and own.id == snapshot
    history = posture.history
    if not is_own and history is None:
        return None
    at = posture if is_own or history is None else history.posture(snapshot)
    start = at.graph.number(question.thing)
    if start < 0:
        return None
    return reach_tree(at, start, question.mode, question.hops, frozenset(steps) or None)


def replayed(posture: Posture, question: Question, sieve: Sieve, snapshot: str) -> Moment | None:
    """Return the reach at one snapshot against the one before; None for an unknown snapshot."""
    infos = moments(posture)
    place = next((at for at, info in enumerate(infos) if info.id == snapshot), None)
    if place is None:
        return None
    info, before = infos[place], infos[place - 1] if place else None
    asked = replace(question, leaked=False)
    now = tree_at(posture, asked, sieve.steps, info.id)
    then = tree_at(posture, asked, sieve.steps, before.id) if before else None
    if now is None:
        return Moment(info, before, None, [], {}, absent=True)
    return compared(info, before, now, then, sieve.sensitivities)


def compared(
    info: SnapshotInfo,
    before: SnapshotInfo | None,
    now: Drawn,
    then: Drawn | None,
    sensitivities: tuple[str, ...] = (),
) -> Moment:
    """Lay one reach over the one before; what is gone hangs where it was.

    Against nothing before, nothing is new.
    """
    earlier: Drawn = then if then is not None else now
    nodes = {str(n["id"]): n for n in earlier["nodes"]} | {str(n["id"]): n for n in now["nodes"]}
    ids_now, ids_then = ({str(n["id"]) for n in drawn["nodes"]} for drawn in (now, earlier))
    changes = dict.fromkeys(ids_now - ids_then, NEW) | dict.fromkeys(ids_then - ids_now, GONE)
    by_ends = [{link_of(e).ends: dict(e) for e in drawn["edges"]} for drawn in (now, earlier)]
    new, gone = by_ends[0].keys() - by_ends[1].keys(), by_ends[1].keys() - by_ends[0].keys()
    edges = [e | ({"change": NEW} if ends in new else {}) for ends, e in by_ends[0].items()]
    edges += [e | {"change": GONE} for ends, e in by_ends[1].items() if ends in gone]
    tree = _tree(nodes, changes, sensitivities)
    return Moment(info, before, tree, edges, changes, len(new), len(gone))


def _tree(
    nodes: Mapping[str, Any], changes: Mapping[str, str], sensitivities: tuple[str, ...]
) -> Tree:
    """Build the tree of all nodes, in which what came or went folds apart from what stayed."""
    stated = {i: str(n.get("sensitivity") or "") for i, n in nodes.items()}
    classes = {i: f"{changes.get(i, '')} {stated[i]}".strip() for i in nodes}
    weights = {
        i: 1.0 + SENSITIVITIES.index(s) if s in SENSITIVITIES else 0.0 for i, s in stated.items()
    }
    tree = Tree.of(_rooted(nodes), {i: c for i, c in classes.items() if c}, weights)
    if sensitivities:
        tree = tree.only({i for i, s in stated.items() if s in sensitivities})
    return tree


def _rooted(nodes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the nodes with the steps from the root counted anew, parents before children.

    A parent is of the same snapshot or of the later one, so no circle can be.
    """
    hops: dict[str, int] = {}

    def depth(id_: str) -> int:
        chain = []
        while id_ not in hops and nodes[id_]["parent"] is not None:
            chain.append(id_)
            id_ = str(nodes[id_]["parent"])
        at = hops.setdefault(id_, 0)
        for below in reversed(chain):
            at = hops[below] = at + 1
        return at

    return [dict(node) | {"hops": depth(id_)} for id_, node in nodes.items()]
