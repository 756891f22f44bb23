"""Resources within others: what contains each, and what each contains."""

from typing import Literal

import numpy as np

from graph.access import AccessGraph
from graph.once import once
from graph.schema import RESOURCE

SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


@once
def parent_of(graph: AccessGraph) -> np.ndarray:
    """Return the number of the resource that contains each node (int64); -1 for none.

    What is stated to contain itself, over others too, is in nothing: engines refuse such a loop.
    """
    outer = np.full(len(graph.ids), -1, np.int64)
    frame = graph.frames[RESOURCE]
    inner, named = graph.numbers(frame["id"]), graph.numbers(frame["parent_id"])
    outer[inner] = named
    farther = np.append(outer, -1)
    for _ in range(len(outer).bit_length()):
        farther = farther[farther]
    outer[farther[farther >= 0]] = -1  # only a loop goes on for so long, and ends in itself
    return outer


@once
def _direct(graph: AccessGraph) -> tuple[np.ndarray, np.ndarray]:
    """Return the container and the part of each pair (int64), in the order of the containers."""
    outer = parent_of(graph)
    part = np.flatnonzero(outer >= 0)
    part = part[np.argsort(outer[part], kind="stable")]
    return outer[part], part


def parts_of(graph: AccessGraph, resources: np.ndarray) -> np.ndarray:
    """Return the numbers of all that some resources (numbers) contain, at any depth (int64)."""
    container, part = _direct(graph)
    met = [np.zeros(0, np.int64)]
    while len(resources):
        first, last = (np.searchsorted(container, resources, side) for side in SIDES)
        count = last - first
        place = np.arange(count.sum()) + np.repeat(first - np.cumsum(count) + count, count)
        resources = part[place]
        met.append(resources)
    return np.unique(np.concatenate(met))


def above(graph: AccessGraph, resources: np.ndarray) -> np.ndarray:
    """Return the numbers of resources, with all that contain them."""
    outer, reached = parent_of(graph), np.unique(resources)
    while True:
        more = outer[reached]
        larger = np.union1d(reached, more[more >= 0])
        if len(larger) == len(reached):
            return larger
        reached = larger


def holding(graph: AccessGraph, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return a mask of the ranges of numbers, `low` to before `high`, with a container in them."""
    container, _ = _direct(graph)
    return np.asarray(np.searchsorted(container, low) < np.searchsorted(container, high))
