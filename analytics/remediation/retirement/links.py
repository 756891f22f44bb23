"""Relationships that are in force, or will be, as arrays of the nodes at their ends."""

from typing import NamedTuple

import numpy as np

from analytics.posture import Posture
from graph.element import Relationship
from graph.instants import NEVER, milliseconds
from graph.once import once


class Links(NamedTuple):
    """Relationships of one type: numbers of their ends (int64) and rows of its frame (int64)."""

    source: np.ndarray
    target: np.ndarray
    row: np.ndarray

    def where(self, mask: np.ndarray) -> "Links":
        """Keep those in a mask."""
        return Links(self.source[mask], self.target[mask], self.row[mask])


@once
def links(posture: Posture, relationship: Relationship) -> Links:
    """Return the relationships of a type that are in force or have yet to begin (cached).

    What begins later would give access to an identity that has ended by then.
    """
    graph = posture.graph
    source, target = (np.asarray(end, np.int64) for end in graph.ends(relationship))
    frame = graph.frames[relationship]
    ends = milliseconds(frame["valid_to"])
    ahead = milliseconds(frame["valid_from"]) > graph.now
    ahead &= (ends == NEVER) | (ends > graph.now)
    row = np.flatnonzero((graph.in_force(relationship) | ahead) & (source >= 0) & (target >= 0))
    return Links(source[row], target[row], row)
