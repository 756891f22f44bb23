"""Delegations of a planned agent that come back to it, by itself or through the snapshot."""

from collections.abc import Iterable

import numpy as np

from graph.access import AccessGraph
from graph.identity.lookup import matching
from graph.planned import Planned
from graph.schema import ACTS_FOR


def loop_of(planned: Planned, graph: AccessGraph) -> tuple[str, list[str]] | None:
    """Return the place of a delegation that comes back to the agent, and the names on the way.

    The agent acts for some, who may act for others; if one of these is an agent to which it
    delegates, nobody could tell who asked first. None if there is no such loop.
    """
    own = planned.name.casefold()
    for field in ("delegates_to", "acts_for"):
        for place, name in enumerate(getattr(planned, field)):
            if name.casefold() == own:
                return f"/{field}/{place}", [planned.name, planned.name]
    called = dict(_numbers(graph, planned.delegates_to))
    for name in set(map(str.casefold, planned.acts_for)) & set(
        map(str.casefold, planned.delegates_to)
    ):
        place = [each.casefold() for each in planned.delegates_to].index(name)
        return f"/delegates_to/{place}", [planned.name, planned.delegates_to[place], planned.name]
    for _, start in _numbers(graph, planned.acts_for):
        path = _path(graph, start, set(called.values()))
        if path:
            name = next(name for name, number in called.items() if number == path[-1])
            place = planned.delegates_to.index(name)
            names = [str(graph.thing(number)["name"]) for number in path]
            return f"/delegates_to/{place}", [planned.name, *names, planned.name]
    return None


def _numbers(graph: AccessGraph, names: Iterable[str]) -> list[tuple[str, int]]:
    """Return the names that stand for one node, with its number."""
    known = [(name, matching(graph, name)) for name in names]
    return [(name, numbers[0]) for name, numbers in known if len(numbers) == 1]


def _path(graph: AccessGraph, start: int, ends: set[int]) -> list[int]:
    """Return the nodes from `start` to one of `ends`, each acting for the next; [] without any."""
    source, target = graph.ends(ACTS_FOR)
    kept = graph.in_force(ACTS_FOR)
    source, target = source[kept], target[kept]
    before: dict[int, int | None] = {start: None}
    front = [start]
    while front:
        node = front.pop()
        if node in ends:
            path: list[int] = []
            step: int | None = node
            while step is not None:
                path.append(step)
                step = before[step]
            return path[::-1]
        for following in target[np.flatnonzero(source == node)].tolist():
            if following not in before:
                before[following] = node
                front.append(following)
    return []
