"""Frames of a notebook about several snapshots: those of a store, and what differs between two."""

import pandas as pd

from analytics.answers.diff import diff
from analytics.history import History
from app.notebook.columns import DIFFERENCE, PUBLISHED
from graph.stores import SnapshotInfo, pick


def published(history: History | None, last: SnapshotInfo | None) -> pd.DataFrame:
    """Return a row for each snapshot up to `last`, oldest first; none without a store."""
    infos = history.until(last) if history is not None and last is not None else ()
    rows = [
        (
            info.id,
            info.taken_at,
            info.recorded_at,
            sum(info.nodes.values()),
            sum(info.relationships.values()),
            len(info.coverage),
        )
        for info in infos
    ]
    return pd.DataFrame(rows, columns=list(PUBLISHED)).astype(PUBLISHED)


def different_nodes(history: History, before: str, after: SnapshotInfo) -> pd.DataFrame:
    """Return a row for each node that differs; `before` is an id of a snapshot, or a prefix.

    Raises
    ------
    NoSuchSnapshot
    """
    answer = diff(history, pick(list(history.every), before), after, limit=0)
    tables = {
        "added": answer.added.nodes,
        "removed": answer.removed.nodes,
        "changed": answer.changed.nodes,
        "renamed": answer.renamed,
    }
    parts = [
        pd.DataFrame(
            {
                "change": change,
                **{part: table.of_nodes("thing", part) for part in ("id", "label", "name")},
                "why": table.frame["why"].array,
            }
        )
        for change, table in tables.items()
        if len(table)
    ]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(DIFFERENCE))
    return rows.astype(DIFFERENCE)
