"""Pictures over time: what one snapshot has of them, and what came and went since the one before.

A step is new if it was not there before, or its ends were not in the picture; and gone likewise.
A step that is there in both snapshots is neither, though a shorter path may have taken its place.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analytics.answers.edge import Ends, standing, step
from analytics.answers.paths_in import paths_in
from analytics.answers.reach import reach_tree
from analytics.answers.what_if import posture_without
from analytics.past import past
from analytics.posture import Posture
from analytics.weights import UNKNOWN
from app.web.answers.reach import Question, Sieve, shortest_paths
from app.web.drawing.folding import Tree
from app.web.drawing.links import link_of
from app.web.page.snapshots import kept
from app.web.removals import meanings
from app.wording import thing_id
from graph.schema import SENSITIVITIES
from graph.stores import SnapshotInfo

NEW, GONE = "new", "gone"
Drawn = Mapping[str, Any]  # an answer of `reach_tree`
Edges = list[dict[str, Any]]


@dataclass(frozen=True)
class Moment:
    """A picture at one snapshot: its edges, with those that are gone since before.

    `changes` are "new" or "gone" by node, `new` and `gone` count edges. `before` is the snapshot
    compared with, None for the first. `absent`: what the picture is about was not there. `tree` is
    that of a reach.
    """

    info: SnapshotInfo
    before: SnapshotInfo | None
    tree: Tree | None
    edges: Edges
    changes: dict[str, str]
    new: int = 0
    gone: int = 0
    absent: bool = False

    @property
    def nodes(self) -> set[str]:
        """The ids of all nodes at the ends of its edges."""
        return _nodes(self.edges)

    def stating(self, edge: Mapping[str, Any]) -> SnapshotInfo:
        """Return the snapshot that has an edge of the picture."""
        is_gone = edge.get("change") == GONE and self.before is not None
        return self.before if is_gone and self.before is not None else self.info


def moments(posture: Posture) -> list[SnapshotInfo]:
    """List the snapshots that a replay passes, oldest first; the last is the page's own."""
    own = posture.graph.snapshot
    return [*past(posture), *([own] if own is not None else [])]


def pair_at(posture: Posture, snapshot: str) -> tuple[SnapshotInfo, SnapshotInfo | None] | None:
    """Return a snapshot and the one before it; None for an unknown snapshot."""
    infos = moments(posture)
    place = next((at for at, info in enumerate(infos) if info.id == snapshot), None)
    return None if place is None else (infos[place], infos[place - 1] if place else None)


def posture_at(posture: Posture, snapshot: str) -> Posture:
    """Return the posture at one snapshot of the history of a page's own."""
    own, history = posture.graph.snapshot, posture.history
    if history is None or (own is not None and own.id == snapshot):
        return posture
    return history.posture(snapshot)


def without_at(posture: Posture, snapshot: str, removed: tuple[str, ...]) -> Posture:
    """Return the posture at one snapshot without those of some removals that it had."""
    at = posture_at(posture, snapshot)
    had = [item for item, meant in meanings(at, removed).items() if meant.words]
    return posture_without(at, had) if had else at


@kept
def tree_at(
    posture: Posture,
    question: Question,
    steps: tuple[str, ...],
    snapshot: str,
    removed: tuple[str, ...] = (),
) -> dict[str, Any] | None:
    """Return the reach of a node at one snapshot, less removals; None if it was not there."""
    at = without_at(posture, snapshot, removed)
    start = at.graph.number(question.thing)
    if start < 0:
        return None
    return reach_tree(at, start, question.mode, question.hops, frozenset(steps) or None)


@kept
def paths_in_at(
    posture: Posture, thing: str, mode: str, steps: tuple[str, ...], snapshot: str
) -> Edges | None:
    """Return the steps to a node from all that reach it, at one snapshot; None if it was absent."""
    at = posture_at(posture, snapshot)
    number = at.graph.number(thing)
    return None if number < 0 else paths_in(at, number, mode, frozenset(steps) or None)


@kept
def shortest_paths_at(
    posture: Posture,
    ends: tuple[str, str],
    mode: str,
    level: str | None,
    count: int,
    snapshot: str,
) -> list[dict[str, Any]]:
    """Return the shortest paths between two nodes at one snapshot; none where one was absent."""
    at = posture_at(posture, snapshot)
    if any(at.graph.number(end) < 0 for end in ends):
        return []
    return shortest_paths(at, *ends, mode, level, count)


@kept
def standing_at(
    posture: Posture,
    steps: tuple[Ends, ...],
    mode: str,
    snapshot: str,
    removed: tuple[str, ...] = (),
) -> frozenset[Ends]:
    """Return those of some steps that are there at one snapshot, less removals."""
    if not steps:
        return frozenset()
    return standing(without_at(posture, snapshot, removed), steps, mode)


@kept
def step_at(posture: Posture, ends: Ends, snapshot: str) -> dict[str, Any] | None:
    """Return a step with all that is known of it at one snapshot; None if it was not there."""
    return step(posture_at(posture, snapshot), ends)


def replayed(
    posture: Posture,
    question: Question,
    sieve: Sieve,
    snapshot: str,
    paths: tuple[Ends, ...] = (),
    removed: tuple[str, ...] = (),
) -> Moment | None:
    """Return the reach at one snapshot against the one before; None for an unknown snapshot.

    `paths` are steps that are drawn besides, if they are there. What is `removed` is so at both.
    """
    pair = pair_at(posture, snapshot)
    if pair is None:
        return None
    info, before = pair
    asked = replace(question, leaked=False)
    now = tree_at(posture, asked, sieve.steps, info.id, removed)
    then = tree_at(posture, asked, sieve.steps, before.id, removed) if before else None
    if now is None:
        return Moment(info, before, None, [], {}, absent=True)
    steps = {info.id: _ends(now), **({before.id: _ends(then)} if before and then else {})}
    stood: frozenset[Ends] = frozenset()
    stand: frozenset[Ends] = frozenset()
    if before is not None and then is not None:
        both = {str(n["id"]) for n in now["nodes"]} & {str(n["id"]) for n in then["nodes"]}
        kinds = (both, question.mode)
        stood = _still(posture, steps[info.id], steps[before.id], *kinds, before.id, removed)
        stand = _still(posture, steps[before.id], steps[info.id], *kinds, info.id, removed)
    moment = compared(info, before, now, then, sieve, stood, stand)
    longer = tuple(dict.fromkeys(ends for ends in paths if ends not in steps[info.id]))
    return _with_longer(posture, moment, longer, question.mode)


def _with_longer(posture: Posture, moment: Moment, paths: tuple[Ends, ...], mode: str) -> Moment:
    """Add the steps of paths that are longer than those of the tree."""
    info, before = moment.info, moment.before
    stood = standing_at(posture, paths, mode, before.id) if before else frozenset(paths)
    steps = [(ends, step_at(posture, ends, info.id)) for ends in paths]
    added = [e | ({} if ends in stood else {"change": NEW}) for ends, e in steps if e]
    new = sum(ends not in stood for ends, e in steps if e)
    return replace(moment, edges=[*moment.edges, *added], new=moment.new + new)


def _ends(drawn: Drawn) -> frozenset[Ends]:
    return frozenset(link_of(edge).ends for edge in drawn["edges"])


def _still(
    posture: Posture,
    steps: Iterable[Ends],
    besides: Container[Ends],
    nodes: Container[str],
    mode: str,
    snapshot: str,
    removed: tuple[str, ...] = (),
) -> frozenset[Ends]:
    """Return the steps between some nodes that are there at a snapshot, and are not drawn then."""
    asked = sorted(s for s in steps if s not in besides and s[0] in nodes and s[2] in nodes)
    return standing_at(posture, tuple(asked), mode, snapshot, removed)


def compared(
    info: SnapshotInfo,
    before: SnapshotInfo | None,
    now: Drawn,
    then: Drawn | None,
    sieve: Sieve | None = None,
    stood: Container[Ends] = frozenset(),
    stand: Container[Ends] = frozenset(),
) -> Moment:
    """Lay one reach over the one before; what is gone hangs where it was.

    Against nothing before, nothing is new. `stood` are steps that were there before, and `stand`
    those that are there now, whatever is drawn of either.
    """
    earlier: Drawn = then if then is not None else now
    nodes = {str(n["id"]): n for n in earlier["nodes"]} | {str(n["id"]): n for n in now["nodes"]}
    ids_now, ids_then = ({str(n["id"]) for n in drawn["nodes"]} for drawn in (now, earlier))
    changes = dict.fromkeys(ids_now - ids_then, NEW) | dict.fromkeys(ids_then - ids_now, GONE)
    edges, new, gone = overlay(now["edges"], earlier["edges"], stood, stand)
    tree = _tree(nodes, changes, sieve or Sieve())
    return Moment(info, before, tree, edges, changes, new, gone)


def overlay(
    now: Sequence[Mapping[str, Any]],
    then: Sequence[Mapping[str, Any]],
    stood: Container[Ends] = frozenset(),
    stand: Container[Ends] = frozenset(),
) -> tuple[Edges, int, int]:
    """Lay edges over those before; return them with their `change`, and how many are new and gone.

    `stood` and `stand` are as for `compared`.
    """
    by_ends = [{link_of(e).ends: dict(e) for e in drawn} for drawn in (now, then)]
    new = {e for e in by_ends[0] if e not in by_ends[1] and e not in stood}
    gone = {e for e in by_ends[1] if e not in by_ends[0] and e not in stand}
    edges = [e | ({"change": NEW} if ends in new else {}) for ends, e in by_ends[0].items()]
    edges += [e | {"change": GONE} for ends, e in by_ends[1].items() if ends in gone]
    return edges, len(new), len(gone)


def laid_over(
    posture: Posture,
    snapshot: str,
    edges_at: Callable[[str], Edges | None],
    mode: str | None = None,
    within: bool = False,
) -> Moment | None:
    """Return edges at one snapshot against those before; None for an unknown snapshot.

    `edges_at` returns those at a snapshot (an id), None where what they are about was not there.
    With a `mode`, a step that is there in both snapshots is neither new nor gone; `within`: only if
    both of its ends are drawn in both.
    """
    pair = pair_at(posture, snapshot)
    if pair is None:
        return None
    info, before = pair
    now = edges_at(info.id)
    if now is None:
        return Moment(info, before, None, [], {}, absent=True)
    earlier = now if before is None else edges_at(before.id) or []
    nodes_now, nodes_then = _nodes(now), _nodes(earlier)
    stood: frozenset[Ends] = frozenset()
    stand: frozenset[Ends] = frozenset()
    if mode is not None and before is not None:
        steps = [{link_of(e).ends for e in drawn} for drawn in (now, earlier)]
        nodes = nodes_now & nodes_then if within else nodes_now | nodes_then
        stood = _still(posture, steps[0], steps[1], nodes, mode, before.id)
        stand = _still(posture, steps[1], steps[0], nodes, mode, info.id)
    edges, new, gone = overlay(now, earlier, stood, stand)
    changes = dict.fromkeys(nodes_now - nodes_then, NEW)
    changes |= dict.fromkeys((nodes_then - nodes_now) & _nodes(edges), GONE)
    return Moment(info, before, None, edges, changes, new, gone)


def _nodes(edges: Iterable[Mapping[str, Any]]) -> set[str]:
    return {thing_id(edge[end]) for edge in edges for end in ("from", "to")}


def _tree(nodes: Mapping[str, Any], changes: Mapping[str, str], sieve: Sieve) -> Tree:
    """Build the tree of all nodes, in which what came or went folds apart from what stayed."""
    stated = {i: str(n.get("sensitivity") or "") for i, n in nodes.items()}
    rated = {i: stated[i] or UNKNOWN for i, n in nodes.items() if "sensitivity" in n}
    classes = {i: f"{changes.get(i, '')} {stated[i]}".strip() for i in nodes}
    weights = {
        i: 1.0 + SENSITIVITIES.index(s) if s in SENSITIVITIES else 0.0 for i, s in stated.items()
    }
    tree = Tree.of(_rooted(nodes), {i: c for i, c in classes.items() if c}, weights)
    return sieve.only(tree, rated)


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
