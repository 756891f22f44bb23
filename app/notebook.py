"""A snapshot in a notebook: pandas frames, networkx graphs, SQL, and pictures without script."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analytics import answers
from analytics.posture import UNUSED_DAYS, Filter, Posture
from analytics.reach.spread import spread
from graph.element import Element
from graph.frames import Frames

if TYPE_CHECKING:
    import networkx as nx


class Snapshot:
    """One snapshot, judged as of one moment.

    `posture` holds everything that the analytics can say; the methods return it as frames.
    """

    def __init__(self, posture: Posture) -> None:
        self.posture = posture

    def __repr__(self) -> str:
        """Name the snapshot, its moment and its size."""
        graph = self.posture.graph
        name = graph.snapshot.id if graph.snapshot else "unpublished"
        return f"<Snapshot {name} as of {graph.as_of.isoformat()}: {len(graph.ids):,} things>"

    def identities(self) -> pd.DataFrame:
        """Return the identities that somebody must answer for, widest reach first.

        Columns: `id`, `label`, `name`, `kind`, `business_owner`, `technical_owner`,
        `owner_state`, `resources` and `weighted` (the blast radius; larger is worse),
        `last_active_at`.
        """
        rows = answers.identities(self.posture)["identities"]
        return pd.DataFrame(
            [
                {
                    "id": r["id"],
                    "label": r["label"],
                    "name": r["name"],
                    "kind": r["kind"],
                    "business_owner": _id(r["owners"]["business"]),
                    "technical_owner": _id(r["owners"]["technical"]),
                    "owner_state": r["owners"]["state"],
                    "resources": r["blast_radius"]["resources"],
                    "weighted": r["blast_radius"]["weighted"],
                    "last_active_at": r["last_active_at"],
                }
                for r in rows
            ]
        )

    def findings(self) -> pd.DataFrame:
        """Return every finding, worst first.

        Columns: `id`, `rule`, `severity`, `subject`, `object` (ids), `sentence`, `since`,
        `accountable` (id), `remediation`.
        """
        rows = answers.findings(self.posture)["findings"]
        columns = ("id", "rule", "severity", "sentence", "since", "remediation")
        return pd.DataFrame(
            [
                {c: r[c] for c in columns}
                | {c: _id(r[c]) for c in ("subject", "object", "accountable")}
                for r in rows
            ]
        )

    def stale(self, days: int = UNUSED_DAYS, limit: int = 0) -> pd.DataFrame:
        """Return access that is open but was not used for `days`, the widest identities first.

        Columns: `identity`, `resource` (ids), `level`, `state`, `unused_days`, `weight`,
        `sentence`.
        """
        rows = answers.stale(self.posture, days, limit)["paths"]
        columns = ("level", "state", "unused_days", "weight", "sentence")
        return pd.DataFrame(
            [
                {c: r[c] for c in columns} | {c: r[c]["id"] for c in ("identity", "resource")}
                for r in rows
            ]
        )

    def orphans(self) -> pd.DataFrame:
        """Return the identities nobody answers for: `identity`, `role`, `rule`, `since`."""
        rows = answers.orphans(self.posture)["orphaned"]
        return pd.DataFrame(
            [
                {"identity": r["identity"]["id"]} | {c: r[c] for c in ("role", "rule", "since")}
                for r in rows
            ]
        )

    def blast_radius(self, thing: str, **options: Any) -> "BlastRadius":
        """Return what a thing reaches; it shows itself as a picture and a table."""
        start = self.posture.graph.find(thing)
        found = answers.blast_radius(self.posture, start, **options)
        tree = answers.reach_tree(self.posture, start, **options)
        return BlastRadius(found, tree)

    def to_pandas(self) -> Frames:
        """Return the frames of the snapshot: one row a thing, one frame a label or type."""
        return self.posture.graph.frames

    def frame(self, name: str) -> pd.DataFrame:
        """Return the frame of one label, relationship type or table, by its name."""
        elements: dict[str, Element] = {e.name: e for e in self.posture.graph.frames}
        return self.posture.graph.frames[elements[name]]

    def to_networkx(self, around: str | None = None, hops: int = 2) -> "nx.MultiDiGraph":
        """Return the graph, or what lies within `hops` control steps of the thing `around`."""
        graph = self.posture.graph
        if around is None:
            return graph.to_networkx()
        found = spread(self.posture.network(Filter()), graph.find(around), hops)
        near = np.unique(np.flatnonzero(found.hops >= 0) >> 2)
        resources = found.reached()["resource"].to_numpy()
        return graph.to_networkx(np.union1d(near, resources))

    def sql(self, query: str) -> pd.DataFrame:
        """Run one SELECT over the frames, each a table by its name; nothing can be written."""
        from app.sql import select

        return select(self.posture.graph, query)


@dataclass(frozen=True)
class BlastRadius:
    """What one thing reaches: `answer` is as the command line prints it."""

    answer: dict[str, Any]
    tree: dict[str, Any]

    @cached_property
    def resources(self) -> pd.DataFrame:
        """The resources reached: `id`, `sensitivity`, `levels`, `hops`, `weight`, `derived`."""
        columns = ("id", "sensitivity", "levels", "hops", "weight", "derived")
        rows = [{c: r[c] for c in columns} for r in self.answer["resources"]]
        return pd.DataFrame(rows, columns=list(columns))

    @property
    def weighted(self) -> float:
        """The weight of what is reached; larger is worse."""
        return float(self.answer["weighted"])

    def _repr_html_(self) -> str:
        from app.picture import picture

        return picture(self.tree)


def _id(thing: dict[str, str] | None) -> str | None:
    return thing["id"] if thing else None
