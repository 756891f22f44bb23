"""The access graph: a read-only view of a snapshot at one instant, as frames and as arrays."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from graph.coverage import DECIDED, JOURNAL
from graph.edges import Edges as Edges
from graph.edges import Grants as Grants
from graph.edges import flags as flags
from graph.edges import seen, stated_edges, stated_grants
from graph.element import Element, Node, Relationship, When
from graph.facts import ORIGIN, Coverage, Facts, LazyFrames
from graph.identity.lookup import AmbiguousThing as AmbiguousThing
from graph.identity.lookup import UnknownThing as UnknownThing
from graph.identity.lookup import find
from graph.identity.match import Identities, Pair
from graph.identity.merge_claims import living_nodes, resolve
from graph.identity.replace_ids import merged_by, under, unify
from graph.instants import NEVER, millisecond, milliseconds
from graph.once import once
from graph.rows.as_of import as_of as rows_as_of
from graph.rows.as_of import in_force, made
from graph.schema import (
    CAN_ACCESS,
    COVERS,
    CREDENTIAL,
    CREDENTIAL_ENDED,
    DECLARABLE,
    FACT_NODES,
    LEVELS,
    RELATIONSHIPS,
    USED,
)
from graph.stores import SnapshotInfo
from graph.usage.of_grants import level_instants, summed_use
from graph.values import among, choice_bits, places_in, sorted_by, text_array

if TYPE_CHECKING:
    import networkx as nx

DELETABLE = tuple(
    node
    for node in FACT_NODES
    if node is not CREDENTIAL  # of these, deletion is one of several ends: see `AccessGraph.live`
    and any(p.name == "status" and "deleted" in p.choices for p in node.properties)
)


class AccessGraph:
    """A snapshot of the graph at one instant, `as_of`.

    Nodes have numbers: positions in `ids`, which are sorted. Everything is computed at first
    access, and cached.
    """

    def __init__(
        self,
        facts: Facts,
        as_of: pd.Timestamp,
        snapshot: SnapshotInfo | None = None,
        apart: tuple[Pair, ...] = (),
    ) -> None:
        self._stated, self._apart = facts, apart
        self.as_of, self.snapshot = as_of, snapshot
        self.frames = LazyFrames(self._resolved)

    @classmethod
    def of(
        cls,
        facts: Facts,
        as_of: pd.Timestamp | None = None,
        snapshot: SnapshotInfo | None = None,
        apart: tuple[Pair, ...] = (),
    ) -> "AccessGraph":
        """Build the graph of `facts` as of an instant; by default the latest of their coverage.

        `apart` are pairs of ids that people keep apart: the first of each stays unmerged.
        """
        return cls(facts, facts.taken_at if as_of is None else as_of, snapshot, apart)

    def under(self, names: Mapping[str, str]) -> "AccessGraph":
        """Build the graph of the same facts with the ids of `names` replaced."""
        return AccessGraph(under(self._stated, names), self.as_of, self.snapshot)

    @cached_property
    def facts(self) -> Facts:
        """The rows of every source and scope, with canonical ids."""
        return unify(self._stated, self._apart)

    def know(self, identities: Identities) -> None:
        """Take over the merged ids that were found in these facts before, unless they are known."""
        if "facts" not in vars(self):
            vars(self)["facts"] = merged_by(self._stated, identities)

    @cached_property
    def identities(self) -> Identities:
        """The merged ids, with the reasons, and the collisions."""
        identities = self.facts.identities
        assert identities is not None
        return identities

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """The coverage of each source and scope."""
        return self._stated.coverage

    @cached_property
    def declared(self) -> frozenset[str]:
        """The kinds of fact that at least one source declares, or a person decided."""
        by_people = {kind for kind in DECIDED if self._decisions(kind).any()}
        return frozenset(by_people.union(*(c.declares for c in self.coverage)))

    def decided(self, kind: str) -> np.ndarray:
        """Return the mask of the nodes on which a person decided facts of `kind` by now (bool).

        A review of one grant concerns that grant alone, and not its identity.
        """
        known, rows = np.zeros(len(self.ids), bool), self._decisions(kind)
        if rows.any():
            relationship = DECIDED[kind]
            if relationship is COVERS:
                rows = rows & self.frames[COVERS]["grant_id"].isna().to_numpy(bool)
            known[self.ends(relationship)[1][rows]] = True
        return known

    def _decisions(self, kind: str) -> np.ndarray:
        """Return the mask of the rows for facts of `kind` that are decisions in force (bool)."""
        if kind not in DECIDED:
            return np.zeros(0, bool)
        rows = (self.frames[DECIDED[kind]]["source"] == JOURNAL).to_numpy(bool)
        return rows & self.in_force(DECIDED[kind]) if rows.any() else rows

    @cached_property
    def undeclared(self) -> tuple[str, ...]:
        """The kinds of fact that are unknown, because no source declares them."""
        return tuple(kind for kind in DECLARABLE if kind not in self.declared)

    @cached_property
    def now(self) -> int:
        """`as_of` as milliseconds since 1970."""
        return millisecond(self.as_of)

    @cached_property
    def looks_back(self) -> bool:
        """Whether `as_of` is before the instant of the facts."""
        return bool(self.coverage) and self.as_of < self._stated.taken_at

    @cached_property
    def then(self) -> Facts:
        """The rows of every source and scope, without what happened after `as_of`."""
        if not self.looks_back:
            return self.facts
        stated = self.facts.frames
        frames = LazyFrames(lambda element: rows_as_of(stated[element], element, self.now))
        return replace(self.facts, frames=frames)

    def _resolved(self, element: Element) -> pd.DataFrame:
        if isinstance(element, Node):
            return self._nodes[element]
        if isinstance(element, Relationship):
            return resolve(self.then.frames[element], self.coverage)
        return self.then.frames[element]

    @cached_property
    def _nodes(self) -> dict[Element, pd.DataFrame]:
        return dict(living_nodes(self.then))

    # -- nodes ------------------------------------------------------------------------------

    @cached_property
    def ids(self) -> pa.Array:
        """The ids of all nodes, sorted; a node's number is its position."""
        if self.facts.numbering is not None:
            return self.facts.numbering.ids()
        stated = [text_array(self.facts.frames[n]["id"]) for n in FACT_NODES]
        unique = pc.unique(pa.concat_arrays(stated))
        return unique.take(pc.sort_indices(unique))

    @cached_property
    def things(self) -> pd.DataFrame:
        """Every node: `id`, `label`, `name`, indexed by number."""
        labels = [n for n in FACT_NODES if len(self.frames[n])] or FACT_NODES[:1]
        parts = [self.frames[n][["id", "name"]].assign(label=n.name) for n in labels]
        things = pd.concat(parts, ignore_index=True)
        things.index = pd.Index(self.numbers(things["id"]))
        return things.sort_index()[["id", "label", "name"]].astype({"label": "string"})

    @cached_property
    def labels(self) -> np.ndarray:
        """The label of each node (int8): its position in `graph.schema.FACT_NODES`."""
        names = pd.Index([n.name for n in FACT_NODES])
        return names.get_indexer(pd.Index(self.things["label"])).astype(np.int8)

    def numbers(self, ids: pd.Series) -> np.ndarray:
        """Return the numbers (int32) of `ids`; -1 where no node has that id."""
        return places_in(self.ids, text_array(ids))

    def number(self, thing: str) -> int:
        """Return the number of the node with exactly this id; -1 if there is none."""
        ids = self.ids
        at = bisect_left(range(len(ids)), thing, key=lambda place: str(ids[place]))
        return at if at < len(ids) and str(ids[at]) == thing else -1

    def thing(self, number: int) -> dict[str, str]:
        """Return a node as a dict for JSON: `id`, `label`, `name`."""
        ids, labels, names = self._shown
        return {"id": ids[number], "label": labels[number], "name": names[number]}

    @cached_property
    def _shown(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        things = self.things
        return tuple(things[c].to_numpy(object) for c in ("id", "label", "name"))  # type: ignore[return-value]

    def has_label(self, *labels: Node) -> np.ndarray:
        """Return the mask of the nodes that have one of `labels` (bool)."""
        return np.isin(self.labels, [FACT_NODES.index(n) for n in labels])

    def find(self, name: str) -> int:
        """Return the number of the one node with a given id, e-mail or name.

        An id in another system, with or without its kind, is accepted too.

        Raises
        ------
        UnknownThing, AmbiguousThing
        """
        return find(self, name)

    @cached_property
    def lower_names(self) -> pa.Array:
        """The name of each node in lower case."""
        return pc.utf8_lower(text_array(self.things["name"]))

    # -- edges and grants -------------------------------------------------------------------

    @once
    def ends(self, relationship: Relationship) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of source and target of each row of a type's frame."""
        stated = self.facts.frames[relationship]
        if self.facts.numbering is not None and len(stated) == len(self.frames[relationship]):
            return self.facts.numbering.ends(relationship)
        frame = self.frames[relationship]
        return self.numbers(frame["source_id"]), self.numbers(frame["target_id"])

    def sorted_rows(self, relationship: Relationship, kept: np.ndarray) -> np.ndarray:
        """Return the rows of a type's frame that are `kept` (a mask), by both ends, then by id.

        Of equal facts an answer takes the first, or lists them one after another: the order in
        which exports state them, which frames keep, must not show.
        """
        rows = self._by_ends(relationship)
        return np.asarray(rows[kept[rows]])

    @once
    def _by_ends(self, relationship: Relationship) -> np.ndarray:
        source, target = self.ends(relationship)
        ends = source.astype(np.int64) << 32 | target
        return sorted_by(ends, self.frames[relationship]["id"])

    def in_force(self, relationship: Relationship) -> np.ndarray:
        """Return the mask of the rows of a type's frame that are in force at `as_of` (bool)."""
        return self._in_force(relationship).copy()

    @once
    def _in_force(self, relationship: Relationship) -> np.ndarray:
        here = in_force(self.frames[relationship], relationship, self.now, self.looks_back)
        if self.looks_back and len(here):
            source, target = self.ends(relationship)
            here &= self.existing[source] & self.existing[target]
        return here

    def origins(self, relationship: Relationship, ids: Iterable[str]) -> pd.DataFrame:
        """Return where sources state the relationships of a type with these ids.

        Returns
        -------
        DataFrame
            `id`, `source`, `scope`, `file` and `place` (text), a row for each fact of which the
            file is known: the first, if the nodes of several are merged.
        """
        origin = self._stated.origins.get(relationship, pd.DataFrame(columns=list(ORIGIN)))
        rows = self.facts.frames[relationship].iloc[: len(origin)]  # no file states what is added
        mask, key = among(rows["id"], ids), ["id", "source", "scope"]
        stated = rows[key][mask].assign(**{n: origin[n][mask].array for n in ORIGIN})
        known: pd.DataFrame = stated[stated["file"].notna()].drop_duplicates(key)
        return known.reset_index(drop=True)

    @cached_property
    def existing(self) -> np.ndarray:
        """The mask of the nodes that exist at `as_of` (bool): no source dates their creation later.

        Of several sources that date it, the earliest counts.
        """
        existing = np.ones(len(self.ids), bool)
        if not self.looks_back:
            return existing
        earlier = np.zeros(len(self.ids), bool)
        for label in FACT_NODES:
            frame = self.facts.frames[label]
            by_now, later = made(frame, label, self.now)
            if later.any():
                existing[self.numbers(frame["id"][later])] = False
            if by_now.any():
                earlier[self.numbers(frame["id"][by_now])] = True
        return existing | earlier

    @cached_property
    def live(self) -> np.ndarray:
        """The mask of the nodes that access can pass through (bool).

        Access does not pass through a credential that is disabled, revoked or expired, nor through
        a node that is deleted or does not exist yet.
        """
        alive, keys = ~self.ended, self.frames[CREDENTIAL]
        for column in CREDENTIAL.instants(When.ENDS):
            end = milliseconds(keys[column.name])
            alive[self.numbers(keys["id"][(end != NEVER) & (end <= self.now)])] = False
        return alive

    @cached_property
    def ended(self) -> np.ndarray:
        """The mask of the credentials that somebody ended, and of the nodes that do not exist.

        A credential that is only past its end is not among them: it opens nothing, but is there.
        """
        gone, keys = self.deleted.copy(), self.frames[CREDENTIAL]
        gone[self.numbers(keys["id"][keys["status"].isin(CREDENTIAL_ENDED).to_numpy(bool)])] = True
        return gone

    @cached_property
    def deleted(self) -> np.ndarray:
        """The mask of the nodes that do not exist (bool): deleted, or made later."""
        gone = ~self.existing
        for label in DELETABLE:
            frame = self.frames[label]
            if frame.empty:
                continue
            deleted = (frame["status"] == "deleted").fillna(False).to_numpy(bool)
            gone[self.numbers(frame["id"][deleted])] = True
        return gone

    @cached_property
    def edges(self) -> Edges:
        """The control edges that sources declare, in force at `as_of`."""
        return stated_edges(self)

    @cached_property
    def grants(self) -> Grants:
        """The grants on resources that have a level, in force at `as_of`."""
        return stated_grants(self)

    @cached_property
    def levels(self) -> np.ndarray:
        """The levels of each row of CAN_ACCESS (uint8), with a bit for each of `LEVELS`."""
        return choice_bits(self.frames[CAN_ACCESS]["levels"], LEVELS)

    @cached_property
    def grant_use(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Observation, last use by level, and start of each row of CAN_ACCESS.

        They are bool, int64[rows, 4] and int64 (milliseconds, `NEVER` where unknown).
        """
        frame = self.frames[CAN_ACCESS]
        used = np.stack([seen(u, self.now) for u in level_instants(frame["last_used_at"])], axis=1)
        used_at = self.frames[USED]
        if len(used_at):
            last = seen(used_at["last_at"], self.now)
            ends = self.ends(CAN_ACCESS), self.ends(USED)
            used = np.maximum(used, summed_use(*ends, used_at["level"], last, len(self.ids)))
        observed = frame["telemetry"].astype("boolean").fillna(self._usage_declared(frame))
        granted, valid = milliseconds(frame["granted_at"]), milliseconds(frame["valid_from"])
        return observed.to_numpy(bool), used, np.where(granted != NEVER, granted, valid)

    def _usage_declared(self, frame: pd.DataFrame) -> pd.Series:
        observed = {c.key for c in self.coverage if "usage" in c.declares}
        keys = pd.MultiIndex.from_frame(frame[["source", "scope"]])
        return pd.Series(keys.isin(list(observed)), index=frame.index)

    # -- conversion -------------------------------------------------------------------------

    def to_networkx(self, within: np.ndarray | None = None) -> "nx.MultiDiGraph":
        """Return a networkx graph of all nodes, or of those numbered `within`."""
        import networkx as nx  # a heavy import that only notebooks need

        numbers = np.arange(len(self.ids)) if within is None else np.unique(within)
        chosen = self.things.loc[numbers]
        ids = set(chosen["id"])
        g = nx.MultiDiGraph(as_of=self.as_of.isoformat())
        for row in chosen.itertuples():
            g.add_node(row.id, label=row.label, name=row.name)
        for rel in RELATIONSHIPS:
            frame = self.frames[rel]
            frame = frame[frame["source_id"].isin(ids) & frame["target_id"].isin(ids)]
            for edge in frame[["id", "source_id", "target_id"]].itertuples(index=False):
                g.add_edge(edge.source_id, edge.target_id, key=edge.id, relationship=rel.name)
        return g
