"""Findings about a series of snapshots, which what two ends have in common has none of."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analytics.answers.compare.differing import ADDED, REMOVED, Differences
from analytics.answers.compare.sides import Sides
from analytics.findings.growth import exposure, granting
from analytics.findings.rules import all_rules
from analytics.posture import Posture
from graph.schema import RELATIONSHIPS


def judged_by_facts(
    sides: Sides, differ: Differences, ends: tuple[pd.DataFrame, pd.DataFrame]
) -> Differences:
    """Return differences of findings; those about a series are judged by what they are about.

    `ends` are the findings of both ends. One is new by coverage if the facts that it names came so,
    and gone by coverage if the sources of grants differ, as a series has the same throughout.
    """
    if sides.common is None:
        return differ
    rules = [rule.id for rule in all_rules().values() if rule.of_series]
    coverage = differ.coverage.copy()
    for change, rows, at in (
        (REMOVED, ends[0], differ.row_before),
        (ADDED, ends[1], differ.row_after),
    ):
        places = np.flatnonzero(differ.change == change)
        places = places[rows["rule"].isin(rules).to_numpy(bool)[at[places]]]
        if len(places):
            listed = rows.iloc[at[places]].reset_index(drop=True)
            coverage[places] = (
                _came_into_sight(sides, listed, *sides.common)
                if change == ADDED
                else granting(sides.before.graph.coverage) != granting(sides.after.graph.coverage)
            )
    return replace(differ, coverage=coverage)


def _came_into_sight(
    sides: Sides, rows: pd.DataFrame, before: Posture, after: Posture
) -> np.ndarray:
    """Return a mask of the new findings of which only what is seen grew.

    It is so where no fact that is named could be shown at both ends, and where none is named, if
    exposure grew, but not of what both ends could show.
    """
    shown = pd.concat([after.graph.frames[element]["id"] for element in RELATIONSHIPS])
    facts = rows["evidence"].explode()
    seen = facts.isin(shown).groupby(level=0).any().to_numpy(bool)
    named = rows["evidence"].str.len().to_numpy() > 0
    place = rows["subject"].to_numpy(np.int64)
    grew = _exposures(sides, sides.after)[place] > _exposures(sides, sides.before)[place]
    grew &= _exposures(sides, after)[place] <= _exposures(sides, before)[place]
    return np.where(named, ~seen, grew)


def _exposures(sides: Sides, posture: Posture) -> np.ndarray:
    """Return the exposure of the node at each place, 0 where it is not judged."""
    by_number = exposure(posture)
    place = sides.places(posture)[by_number.index]
    return np.bincount(place, by_number.to_numpy(), len(sides.things))
