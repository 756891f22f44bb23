"""Edges and grants in force, as arrays: what reach walks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from graph.schema import LEVELS


@dataclass(frozen=True)
class Edges:
    """Control edges in force, one position in each array for each edge.

    `source` and `target` (int32) are numbers of nodes; `kind` (int8) is a position in
    `graph.schema.CONTROL` and `row` (int32) one in that type's frame, or -1 for an edge that a
    rule concluded. `ceiling` (int8) is a position in `LEVELS`. `last_used` and `since` are
    milliseconds since 1970 (int64, `NEVER` where unknown); `telemetry` says whether a use
    would have been seen.
    """

    source: np.ndarray
    target: np.ndarray
    kind: np.ndarray
    row: np.ndarray
    ceiling: np.ndarray
    eligible: np.ndarray
    conditional: np.ndarray
    derived: np.ndarray
    assumed: np.ndarray
    telemetry: np.ndarray
    last_used: np.ndarray
    since: np.ndarray

    def __len__(self) -> int:
        """Count the edges."""
        return len(self.source)


@dataclass(frozen=True)
class Grants:
    """Terminal grants in force: like `Edges`, but `levels` (uint8) has a bit for each level.

    `last_used` is int64[grants, 4]: the last use of each level.
    """

    holder: np.ndarray
    resource: np.ndarray
    row: np.ndarray
    levels: np.ndarray
    eligible: np.ndarray
    conditional: np.ndarray
    derived: np.ndarray
    assumed: np.ndarray
    telemetry: np.ndarray
    last_used: np.ndarray
    since: np.ndarray

    def __len__(self) -> int:
        """Count the grants."""
        return len(self.holder)


def joined(edges: Edges, more: Edges, at: int | None = None) -> Edges:
    """Put `more` edges behind the first `at` edges (default: behind all)."""
    at = len(edges) if at is None else at
    first, second = vars(edges), vars(more)
    return Edges(
        **{
            name: np.concatenate([first[name][:at], second[name], first[name][at:]])
            for name in first
        }
    )


def flags(column: pd.Series) -> np.ndarray:
    """Return a nullable flag as bool: unknown counts as not set."""
    return np.asarray(column.astype("boolean").fillna(False).to_numpy(bool))


def level_bits(levels: pd.Series) -> np.ndarray:
    """Return lists of levels as bits (uint8): bit 0 is `list`, bit 3 is `admin`.

    >>> level_bits(pd.Series(['["read","admin"]', None], dtype="string"))
    array([10,  0], dtype=uint8)
    """
    bits = np.zeros(len(levels), np.uint8)
    for bit, level in enumerate(LEVELS):
        named = levels.str.contains(f'"{level}"', regex=False).fillna(False)
        bits |= named.to_numpy(bool).astype(np.uint8) << bit
    return bits
