"""Idle access that a change removes, looked up by the ids of facts or by the ends of a step."""

import numpy as np
import pandas as pd

from analytics.posture import Posture
from analytics.remediation.closing.change import Change
from analytics.usage.idle_access import (
    ACCESS,
    NONE,
    Idle,
    derived_from,
    grouped,
    idle,
    idle_rows,
)
from graph.element import Relationship
from graph.schema import CAN_ACCESS, CONTROL


class IdleOf:
    """The idle access that a plan may remove.

    A removal is on one credential, or on all relationships of one type between the same two nodes.
    """

    def __init__(self, posture: Posture) -> None:
        self.posture, self._fallen = posture, derived_from(posture)
        self._rows, self._group = grouped(idle_rows(posture))

    def of(self, change: Change) -> Idle | None:
        """Return what a change removes; None if any of it is in use, or may not be removed."""
        if change.relationship is None:
            keys = self.posture.graph.numbers(pd.Series(change.ids, dtype="string"))
            return self.of_key(int(keys[0])) if len(keys) == 1 else None
        rows = self._rows
        alone = rows["credential"].to_numpy() == NONE
        named = alone & rows["fact"].isin(change.ids).to_numpy(bool)
        groups = np.unique(self._group[named])
        if len(groups) != 1 or np.count_nonzero(named) != len(change.ids):
            return None
        chosen = rows[self._group == groups[0]]  # parallel relationships go together
        return idle(chosen, self._fallen) if len(chosen) == len(change.ids) else None

    def of_key(self, key: int) -> Idle | None:
        """Return what goes with a credential (a number); None if any of it is in use."""
        chosen = self._rows[self._rows["credential"] == key]
        return idle(chosen, self._fallen) if len(chosen) else None

    def between(self, relationship: Relationship, source: int, target: int) -> Idle | None:
        """Return the access of one type from one node to another; None if no plan removes it."""
        if relationship is not CAN_ACCESS and relationship not in CONTROL:
            return None
        rows = self._rows
        kind = ACCESS if relationship is CAN_ACCESS else CONTROL.index(relationship)
        mask = (rows["kind"] == kind) & (rows["source"] == source) & (rows["target"] == target)
        chosen = rows[mask & (rows["credential"] == NONE)]
        return idle(chosen, self._fallen) if len(chosen) else None
