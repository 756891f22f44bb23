"""Snapshots in notebooks: pandas frames, networkx graphs, SQL, and pictures without scripts."""

import warnings
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analytics.answers.assurance import assurance as assurance_answer
from analytics.answers.changes import changes as changes_answer
from analytics.answers.debt import debt as debt_answer
from analytics.answers.evidence import evidence as evidence_answer
from analytics.answers.findings import findings as findings_answer
from analytics.answers.identities import identities as identities_answer
from analytics.answers.orphans import orphans as orphans_answer
from analytics.answers.prove import prove as prove_answer
from analytics.answers.reach import blast_radius as blast_radius_answer
from analytics.answers.reach import reach_tree
from analytics.answers.stale import stale as stale_answer
from analytics.assumptions.model import Model
from analytics.assumptions.model import model as read_model
from analytics.posture import UNUSED_DAYS, Filter, Posture
from analytics.reach.spread import spread
from app.escape import plain
from app.notebook.columns import (
    ASSURED,
    CHANGE,
    FINDING,
    IDENTITY,
    ITEM,
    ORPHAN,
    OWED,
    STALE,
    USE,
    readable,
)
from app.notebook.html import table
from app.notebook.over_time import different_nodes, published
from app.notebook.proof import ProofOfAccess
from app.notebook.reach import BlastRadius
from app.wording import kind, number
from graph.element import Element, Node
from graph.facts import Coverage
from graph.frames import Frames
from graph.stores import NoSuchSnapshot, open_store
from graph.values import instant, iso

if TYPE_CHECKING:
    import networkx as nx


class UnknownFrame(LookupError):
    """A name of no element in the schema; the text lists the names."""


class Snapshot:
    """One snapshot, judged at one instant.

    `posture` holds the results of the analytics; the methods return them as frames.
    """

    def __init__(self, posture: Posture, store: str | None = None) -> None:
        self.posture, self.store = posture, store

    def __repr__(self) -> str:
        """Return the id of the snapshot, its instant and its size."""
        graph = self.posture.graph
        name = graph.snapshot.id if graph.snapshot else "unpublished"
        return f"<Snapshot {name} as of {graph.as_of.isoformat()}: {len(graph.ids):,} things>"

    def _repr_html_(self) -> str:
        graph = self.posture.graph
        rows = [
            ("snapshot", graph.snapshot.id if graph.snapshot else "unpublished"),
            ("judged as of", iso(graph.as_of)),
        ]
        rows += [
            (kind(element.name, len(frame)), number(len(frame)))
            for element, frame in graph.frames.items()
            if isinstance(element, Node) and len(frame)
        ]
        rows += [(f"{c.source} {c.scope}", _covers(c)) for c in graph.facts.coverage]
        return table(rows)

    def snapshots(self) -> pd.DataFrame:
        """Return the snapshots of the store up to this one, oldest first.

        Columns: `id`, `taken_at` (the instant of its facts), `recorded_at`, the numbers of `nodes`,
        `relationships` and `sources`.
        """
        return published(self.posture.history, self.posture.graph.snapshot)

    def diff(self, before: str) -> pd.DataFrame:
        """Return the nodes that differ from an earlier snapshot, `before` (an id or a prefix).

        Columns: `change` (added, removed, changed or renamed), `id`, `label`, `name`, `why`
        (changed, or only coverage: a source began or ceased to tell of it).

        Raises
        ------
        NoSuchSnapshot
        """
        history, own = self.posture.history, self.posture.graph.snapshot
        if history is None or own is None:
            raise NoSuchSnapshot("a snapshot that no store holds has none before it")
        return different_nodes(history, before, own)

    def identities(self) -> pd.DataFrame:
        """Return the accountable identities, widest reach first.

        Columns: `id`, `label`, `name`, `kind`, `business_owner` and `technical_owner` (ids),
        `owner_state`, `resources` and `weighted` (the blast radius; larger is worse),
        `last_active_at`.
        """
        return readable(
            identities_answer(self.posture).identities,
            IDENTITY,
            owners_business="business_owner",
            owners_technical="technical_owner",
            owners_state="owner_state",
            blast_radius_resources="resources",
            blast_radius_weighted="weighted",
        )

    def findings(self) -> pd.DataFrame:
        """Return all unresolved findings, worst first.

        Columns: `id`, `rule`, `severity`, `subject` and `object` (ids), `sentence`, `since`,
        `state` (open, accepted, reopened or stale_evidence), `first_seen`, `accountable` (id),
        `accountability` (that person, or that there is nobody, in a sentence), `remediation`.
        """
        return readable(findings_answer(self.posture).findings, FINDING)

    def changes(self) -> pd.DataFrame:
        """Return what to change to close the findings that nobody accepted, most severe first.

        Columns: `id`, `action`, `sentence`, `findings` (ids) and their `count`, `remaining` (those
        that it does not close by itself), `identities` (a count), `severity`, `debt`, `decides`
        (the id of a person), `closes` (whether it closes all of them).
        """
        return readable(changes_answer(self.posture).changes, CHANGE)

    def stale(self, days: int = UNUSED_DAYS, limit: int = 0) -> pd.DataFrame:
        """Return access that is open but was not used for `days`, the widest identities first.

        Columns: `identity` and `resource` (ids), `level`, `state`, `unused_days`, `weight`,
        `sentence`.
        """
        return readable(stale_answer(self.posture, days, limit).paths, STALE)

    def debt(self, by: str = "assumption", model: Path | None = None) -> pd.DataFrame:
        """Return trust debt by assumption, identity, owner, team, provider or environment.

        Columns: `key`, `debt`, `principal` and `interest_per_day` (trust points; larger is
        worse), `max_debt`, `tdr` (debt by the most that could be owed), `unverified`, `grade`.
        They add up to the whole. `model` is a file with other weights than those of TD-1.
        """
        return readable(debt_answer(self.posture, by, model=_model(model)).groups, OWED)

    def debt_items(self, model: Path | None = None) -> pd.DataFrame:
        """Return the items of trust debt, the costliest first, then those that are unknown.

        Columns: `identity` (an id), `assumption`, `state` (broken or unknown), `resource` (an id),
        `level`, `grant`, `object`, `exposure`, `degree`, `since`, `cycles`, `principal`, `debt`,
        `unverified`, `why`.
        """
        items = debt_answer(self.posture, items=True, model=_model(model)).items
        assert items is not None, "items were asked for"
        return readable(items, ITEM)

    def orphans(self) -> pd.DataFrame:
        """Return the identities without an owner: `identity` (id), `role`, `rule`, `since`."""
        return readable(orphans_answer(self.posture).orphaned, ORPHAN)

    def uses(self) -> pd.DataFrame:
        """Return each use with the decision that explains it, the latest first.

        Columns: `id`, `at`, `identity` and `resource` (ids), `level`, `count`, `state`, `reason`,
        `decision` (an id).
        """
        return readable(evidence_answer(self.posture).uses, USE)

    def assurance(self) -> pd.DataFrame:
        """Return how much is proven of each identity, those with least proven first.

        Columns: `id`, `name`, the numbers of claims that are `proven`, `not_proven` and `unknown`,
        `evaluation_age_days`.
        """
        return readable(assurance_answer(self.posture).statements, ASSURED)

    def prove(
        self,
        thing: str,
        at: str | pd.Timestamp,
        resource: str | None = None,
        level: str | None = None,
        use: str | None = None,
    ) -> ProofOfAccess:
        """Return what is proven of an access at an instant; a notebook shows it as a table.

        Parameters
        ----------
        thing : str
            An id, or a unique name or e-mail.
        at : str or Timestamp
            With a zone. Without a resource, that of the recorded use.
        use : str, optional
            Which of several uses at once: its id, correlation id, credential or principal.

        Raises
        ------
        UnknownThing, AmbiguousThing, NothingToProve, WrongValue
        """
        return ProofOfAccess(prove_answer(self.posture, thing, instant(at), resource, level, use))

    def blast_radius(
        self,
        thing: str,
        mode: str = "standing",
        max_hops: int | None = None,
        leaked: bool = False,
    ) -> BlastRadius:
        """Return the reach of a node; a notebook shows it as a picture and a table.

        Parameters
        ----------
        thing : str
            An id, or a unique name or e-mail.
        mode : "standing" or "potential"
            Potential includes what must be activated first.
        max_hops : int, optional
            Bounds the number of control steps.
        leaked : bool
            Whether to treat a credential as leaked.

        Raises
        ------
        UnknownThing, AmbiguousThing
        """
        asked = (self.posture, self.posture.graph.find(thing), mode, max_hops)
        return BlastRadius(blast_radius_answer(*asked, leaked), reach_tree(*asked))

    def to_pandas(self) -> Frames:
        """Return the frames of the snapshot, one for each label or type."""
        return self.posture.graph.frames

    def frame(self, name: str) -> pd.DataFrame:
        """Return the frame of one label, relationship type or table, by its name.

        Raises
        ------
        UnknownFrame
            If nothing in the schema is called that.
        """
        elements: dict[str, Element] = {e.name: e for e in self.posture.graph.frames}
        if name not in elements:
            raise UnknownFrame(f"no frame is called {name!r}; there are {', '.join(elements)}")
        return self.posture.graph.frames[elements[name]]

    def to_networkx(self, around: str | None = None, hops: int = 2) -> "nx.MultiDiGraph":
        """Return the graph, or the part within `hops` control steps of the node `around`."""
        graph = self.posture.graph
        if around is None:
            return graph.to_networkx()
        reach = spread(self.posture.network(Filter()), graph.find(around), hops)
        near = np.unique(np.flatnonzero(reach.hops >= 0) >> 2)
        resources = reach.reached()["resource"].to_numpy()
        return graph.to_networkx(np.union1d(near, resources))

    def sql(self, query: str) -> pd.DataFrame:
        """Run one SELECT over the frames, each a table by its name; writes are impossible."""
        from app.sql import select

        return select(self.posture.graph, query)

    def cypher(self, query: str, **values: object) -> pd.DataFrame:
        """Run a Cypher query on the database of the snapshot; writes are impossible.

        A database holds several snapshots: `$run` is the number of this one, and each node and
        relationship is of the runs from its `first_run` to its `last_run`. Labels and types have a
        prefix, as in `match (a:TrustdebtAgent)-[g:TRUSTDEBT_CAN_ACCESS]->(b)
        where g.first_run <= $run <= g.last_run return a.id, b.id`. It warns of names that nothing
        has, which find nothing.

        Raises
        ------
        QueryRefused
            The store is not a Neo4j database, or the server refuses the query.
        StoreError
        """
        from app.cypher import ask, doubt

        with closing(open_store(self.store)) as opened:
            answer = ask(opened, self.posture.graph, query, values)
        for of, name in answer.missed:
            warnings.warn(doubt(of, plain(name)), stacklevel=2)
        return answer.rows


def _model(path: Path | None) -> Model | None:
    return None if path is None else read_model(path)


def _covers(scope: Coverage) -> str:
    """Return when a source was read, how far, and of what it could have told."""
    extent = "complete" if scope.complete else "in part"
    return f"{iso(scope.taken_at)}, {extent}: {', '.join(scope.declares)}"
