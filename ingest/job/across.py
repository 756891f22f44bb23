"""Relationships that follow only from facts of several scopes of a source together.

They belong to no reading: they are dropped and derived anew whenever a scope of their source is
read, so that neither the order of the readings nor what is carried forward matters.
"""

from collections.abc import Iterable

import pandas as pd

from graph.element import Element
from graph.facts import Coverage
from graph.frames import conform
from graph.schema import RELATIONSHIPS
from ingest.job.merge import Checked, Frames
from ingest.source import ACROSS


def with_links_across(
    frames: Frames, coverage: Iterable[Coverage], checked: Iterable[Checked]
) -> Frames:
    """Return the frames with the relationships across the scopes of the sources just read."""
    joined = dict(frames)
    for source, across in {c.coverage.source: c.across for c in checked}.items():
        if across is None:
            continue
        earlier: dict[Element, pd.DataFrame] = {}
        for relationship in RELATIONSHIPS:
            rows = joined[relationship]
            made = rows["id"].str.startswith(ACROSS) & (rows["source"] == source)
            if made.any():
                earlier[relationship] = rows[made]
                joined[relationship] = rows[~made].reset_index(drop=True)
        read_at = {c.scope: c.taken_at for c in coverage if c.source == source}
        for element, raw in across(joined, read_at).items():
            added = _since(conform(raw, element).frame, earlier.get(element))
            parts = [part for part in (joined[element], added) if len(part)]
            joined[element] = pd.concat(parts, ignore_index=True)
    return joined


def _since(rows: pd.DataFrame, earlier: pd.DataFrame | None) -> pd.DataFrame:
    """Keep the instant at which a relationship that was there before was first seen."""
    if earlier is None:
        return rows
    known = rows["id"].map(earlier.drop_duplicates("id").set_index("id")["first_seen"])
    first = known.where(known < rows["first_seen"], rows["first_seen"])
    return rows.assign(first_seen=first.astype(rows["first_seen"].dtype))
