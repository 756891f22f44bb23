"""Delegations of a planned agent that come back to it, by itself or through the snapshot."""

from collections.abc import Iterable

import numpy as np

from graph.access import AccessGraph
from graph.identity.lookup import matching
from graph.rows.planned import Planned
from graph.schema import ACTS_FOR

Loop = tuple[str, list[str]]  # the place of the delegation that closes it, and the names on the way


def loop_of(planned: Planned, graph: AccessGraph) -> Loop | None:
    """Return the first loop among the delegations of an agent; None if there is none.

    The agent acts for some, who may act for others; if one of these is an agent to which it
    delegates, nobody could tell who asked first.
    """
    return _by_name(planned) or _through(planned, graph)


def _by_name(planned: Planned) -> Loop | None:
    """Return a loop that the file itself shows: the agent, or another, on both sides."""
    served = {name.casefold() for name in planned.acts_for}
    for field in ("delegates_to", "acts_for"):
        for number, name in enumerate(getattr(planned, field)):
            place = f"/{field}/{number}"
            if name.casefold() == planned.name.casefold():
                return place, [planned.name, planned.name]
            if field == "delegates_to" and name.casefold() in served:
                return place, [planned.name, name, planned.name]
    return None


def _through(planned: Planned, graph: AccessGraph) -> Loop | None:
    """Return a loop through delegations that the snapshot has."""
    called = {number: place for place, number in _numbers(graph, planned.delegates_to)}
    for _, start in _numbers(graph, planned.acts_for) if called else ():
        path = _path(graph, start, set(called))
        if path:
            names = [str(graph.thing(number)["name"]) for number in path]
            return f"/delegates_to/{called[path[-1]]}", [planned.name, *names, planned.name]
    return None


def _numbers(graph: AccessGraph, names: Iterable[str]) -> list[tuple[int, int]]:
    """Return the places of the names that stand for one node, each with its number."""
    known = [(place, matching(graph, name)) for place, name in enumerate(names)]
    return [(place, numbers[0]) for place, numbers in known if len(numbers) == 1]


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
