"""The headline numbers: who reaches a crown jewel, the best single fix, and the open paths."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.answers.board.scope import Scope
from analytics.answers.choke_points import not_known
from analytics.kept.answers import kept
from analytics.posture import Filter, Posture
from analytics.reach.paths.all_paths import AllPaths, all_paths
from analytics.remediation.choke_points import ChokePoints, choke_points, pairs_of
from analytics.weights import UNKNOWN
from graph.once import once
from graph.schema import RELATIONSHIPS, RESOURCE

MODE = "standing"
VERBS = {place: relationship.verb for place, relationship in enumerate(RELATIONSHIPS)}


@dataclass(frozen=True)
class Headlines:
    """The three numbers.

    `starts` counts the agents (all identities where there is no agent: see `starts_are`),
    `not_known` those of them whose reach is unknown, and `reaching` those that reach a crown jewel.
    `paths` counts the pairs of a start and a crown jewel that it reaches; both are None where the
    reach of no start is known. `best` is the one thing, or the one step, without which most starts
    reach none: `what` (words), `thing` (the node, or None), `frees`, and whether it is `protected`:
    in use, or for emergencies. `unrated` counts the resources that may be crown jewels too, as
    nobody states how sensitive they are.
    """

    starts_are: str
    starts: int
    not_known: int
    reaching: int | None
    paths: int | None
    best: dict[str, Any] | None
    targets: int
    unrated: int

    @property
    def known(self) -> int:
        """The starts of which it is known whether they reach a crown jewel."""
        return self.starts - self.not_known if self.targets else 0


@kept
def headlines(posture: Posture, scope: Scope) -> Headlines:
    """Return the three headline numbers of a scope."""
    points, dark = points_of(posture, scope), not_known(posture, scope.starts, MODE)
    unknown = _all_dark(scope, dark)
    return Headlines(
        starts_are="agents" if scope.agents else "identities",
        starts=len(scope.starts),
        not_known=dark,
        reaching=None if unknown else points.exposed,
        paths=None if unknown else points.pairs,
        best=_best(posture, points),
        targets=len(scope.targets),
        unrated=int((posture.sensitivities["stated"] == UNKNOWN).sum()),
    )


def paths_of(posture: Posture, scope: Scope) -> tuple[int | None, int | None]:
    """Count the starts that reach a target, and the pairs of both; None where no reach is known."""
    if _all_dark(scope, not_known(posture, scope.starts, MODE)):
        return None, None
    of_scope = paths_in_scope(posture, scope)
    return of_scope.starts, pairs_of(of_scope)


def _all_dark(scope: Scope, dark: int) -> bool:
    """Return whether the reach of no start is known; False where there is no start."""
    return 0 < dark == len(scope.starts)


def paths_in_scope(posture: Posture, scope: Scope, moved: bool = True) -> AllPaths:
    """Return the paths of a scope; without `moved`, those that have a login."""
    network = posture.network(Filter(MODE, moved=moved))
    return all_paths(network, scope.starts, scope.targets, posture.graph.has_label(RESOURCE))


def points_of(posture: Posture, scope: Scope) -> ChokePoints:
    """Return the choke points of a scope, computed once for a posture."""
    return _points(posture, scope.starts.tobytes(), scope.targets.tobytes())


@once
def _points(posture: Posture, starts: bytes, targets: bytes) -> ChokePoints:
    first, last = (np.frombuffer(numbers, np.int64) for numbers in (starts, targets))
    return choke_points(posture, first, last, MODE)


def _best(posture: Posture, points: ChokePoints) -> dict[str, Any] | None:
    """Return the thing or step that frees most; of equal ones a step that is not protected."""
    nodes, items = points.exposure.max(initial=0), points.item_exposure.max(initial=0)
    if max(nodes, items) <= 0:
        return None
    if items >= nodes:
        item = best_item(points)
        return {
            "what": item_words(posture, points, item),
            "thing": None,
            "frees": int(points.item_exposure[item]),
            "protected": bool(points.items.protected[item]),
        }
    thing = posture.graph.thing(int(points.nodes[int(np.argmax(points.exposure))]))
    return {"what": thing["name"], "thing": thing, "frees": int(nodes), "protected": None}


def best_item(points: ChokePoints) -> int:
    """Return the item that frees most, of equal ones one that is not protected; -1 for none."""
    return next(iter(best_items(points)), -1)


def best_items(points: ChokePoints) -> list[int]:
    """List the items without which any start reaches no target, the one that frees most first."""
    exposure = points.item_exposure.astype(np.int64)
    order = np.lexsort((-points.item_participation, points.items.protected, -exposure))
    items: list[int] = order[exposure[order] > 0].tolist()
    return items


def item_words(posture: Posture, points: ChokePoints, item: int) -> str:
    """Describe a step by its ends: the access, membership, trust or login from one to the other."""
    items, thing = points.items, posture.graph.thing
    source, target = (int(end[item]) for end in (items.source, items.target))
    verb = VERBS[int(items.relationship[item])]
    return f"{thing(source)['name']} {verb} {thing(target)['name']}"
