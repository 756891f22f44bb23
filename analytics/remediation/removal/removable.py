"""Removable items on the paths from starts to targets, and the edges that fall with each.

An item is all relationships of one type between the same two nodes, which are removed together. For
what people carry out, an item is also a credential: its use and what it opens are facts about it,
and end with it. A derived edge is no item. It falls with any item that supports it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.escalation.aws import RULES
from analytics.escalation.aws_permissions import MOST
from analytics.posture import Posture
from analytics.reach.network import Network
from analytics.reach.paths.all_paths import NONE, AllPaths
from analytics.remediation.removal.last_logins import LastLogins
from analytics.remediation.removal.what_if import Removal
from analytics.tags import BREAK_GLASS, bears, tagged
from analytics.usage.activity import lately
from analytics.usage.idle_access import idle_rows
from graph.instants import NEVER
from graph.schema import (
    AUTHENTICATES_AS,
    CAN_ACCESS,
    CONTROL,
    CREDENTIAL,
    RELATIONSHIPS,
    USES,
)
from graph.values import strict_json

TYPE = {relationship.name: place for place, relationship in enumerate(RELATIONSHIPS)}
GRANT = TYPE[CAN_ACCESS.name]
KEY = len(RELATIONSHIPS)  # the type of an item that is a credential
LOGIN = (TYPE[USES.name], TYPE[AUTHENTICATES_AS.name])


@dataclass(frozen=True)
class Removable:
    """The items on some paths, and the edges of the paths that each removes.

    `relationship` (int8, a position in `RELATIONSHIPS`, or `KEY`), `source`, `target` (int32,
    numbers of nodes) and `protected` (bool) belong to items. Removing item `item[k]` removes edge
    `edge[k]` of the paths; pairs are in the order of items. `own` (int32) is the item of each edge,
    -1 for a derived one. `rules` are those of the derived edges that an item supports. `capped`: a
    derived edge has so many alternatives that not all may be listed.
    """

    relationship: np.ndarray
    source: np.ndarray
    target: np.ndarray
    protected: np.ndarray
    item: np.ndarray
    edge: np.ndarray
    own: np.ndarray
    rules: list[tuple[str, ...]]
    capped: bool

    def __len__(self) -> int:
        """Count the items."""
        return len(self.source)

    @property
    def supports(self) -> np.ndarray:
        """A mask of the pairs that remove an edge only because it is derived."""
        return np.asarray(self.own[self.edge] != self.item)


def removable(
    posture: Posture, network: Network, paths: AllPaths, whole_keys: bool = False
) -> Removable:
    """Find the items on `paths` through `network`.

    With `whole_keys`, credentials are items instead of their logins, and the only login of an
    identity that acted lately is protected.
    """
    own, support, broken = _keyed(posture, network, paths)
    by_credential = _ByCredential(posture) if whole_keys else None
    if by_credential is not None:
        own, support = by_credential.items(own), by_credential.items(support)
    stated = np.flatnonzero(own >= 0)
    keys, item = np.unique(np.concatenate([own[stated], support]), return_inverse=True)
    own_item = np.full(len(own), NONE, np.int64)
    own_item[stated] = item[: len(stated)]
    falls = np.concatenate([stated, broken])
    item, falls = np.divmod(np.unique(item * len(own) + falls), max(1, len(own)))
    nodes = len(posture.graph.ids)
    source, target = keys // nodes % nodes, keys % nodes
    marked = tagged(posture, BREAK_GLASS)
    kept = _protected(posture) if by_credential is None else by_credential.protected()
    protected = np.isin(keys, kept) | marked[source] | marked[target]
    supports = own_item[falls] != item
    return Removable(
        (keys // nodes // nodes).astype(np.int8),
        source.astype(np.int32),
        target.astype(np.int32),
        protected,
        item.astype(np.int32),
        falls.astype(np.int32),
        own_item.astype(np.int32),
        _rules(posture, network, paths, len(keys), item[supports], falls[supports]),
        _capped(posture, network, paths),
    )


def removals_of(posture: Posture, items: Removable, chosen: np.ndarray) -> list[Removal]:
    """Return the chosen items as removals: of credentials, and of relationships by their ids."""
    graph, gone = posture.graph, []
    for kind in np.unique(items.relationship[chosen]).tolist():
        of_kind = chosen[items.relationship[chosen] == kind]
        source, target = items.source[of_kind], items.target[of_kind]
        if kind == KEY:
            ids = [str(id_) for id_ in graph.things["id"].iloc[source]]
            gone.append(Removal("", "", things=tuple(ids)))
            continue
        relationship = RELATIONSHIPS[kind]
        nodes = len(graph.ids)
        rows = np.isin(_keys(0, *graph.ends(relationship), nodes), _keys(0, source, target, nodes))
        facts = [(relationship, str(id_)) for id_ in graph.frames[relationship]["id"][rows]]
        gone.append(Removal("", "", relationships=tuple(facts)))
    return gone


def observed(posture: Posture, items: Removable, chosen: np.ndarray) -> np.ndarray:
    """Return a mask of the chosen items whose use would have been seen."""
    rows = idle_rows(posture)
    nodes = len(posture.graph.ids)
    types = np.array([TYPE[relationship.name] for relationship in (*CONTROL, CAN_ACCESS)])
    kind, source, target = (rows[name].to_numpy() for name in ("kind", "source", "target"))
    credential = rows["credential"].to_numpy()
    keys = np.where(
        credential >= 0,
        _keys(KEY, credential, credential, nodes),
        _keys(types[kind], source, target, nodes),
    )
    seen = rows["telemetry"].astype(bool).groupby(keys).all()
    ends = items.source[chosen], items.target[chosen]
    wanted = _keys(items.relationship[chosen], *ends, nodes)
    return seen.reindex(wanted, fill_value=False).to_numpy(bool)


def _keyed(
    posture: Posture, network: Network, paths: AllPaths
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the key of each edge of the paths, and pairs of a support's key and an edge.

    The key of a derived edge is -1.
    """
    edges, grants = posture.edges, posture.grants
    own = np.full(len(paths.tail), NONE, np.int64)
    walked, granted = np.flatnonzero(paths.edge >= 0), np.flatnonzero(paths.grant >= 0)
    place = network.edge[paths.edge[walked]]
    supported = _supports(posture, np.unique(place))
    stated = (edges.row[place] >= 0) & ~np.isin(place, list(supported))
    own[walked[stated]] = _edge_keys(posture)[place[stated]]
    grant = network.grant[paths.grant[granted]]
    stated = grants.row[grant] >= 0
    own[granted[stated]] = _grant_keys(posture)[grant[stated]]
    return own, *_broken(posture, walked, place, supported)


def _keys(kind: np.ndarray | int, source: np.ndarray, target: np.ndarray, nodes: int) -> np.ndarray:
    """Return the same number for all relationships of one type between the same two nodes."""
    return np.asarray((np.asarray(kind, np.int64) * nodes + source) * nodes + target)


def _edge_keys(posture: Posture) -> np.ndarray:
    edges, kinds = posture.edges, np.array([TYPE[r.name] for r in CONTROL])
    return _keys(kinds[edges.kind], edges.source, edges.target, len(posture.graph.ids))


def _grant_keys(posture: Posture) -> np.ndarray:
    grants = posture.grants
    return _keys(GRANT, grants.holder, grants.resource, len(posture.graph.ids))


class _ByCredential:
    """The keys of items where a credential is one item; see `_keys`."""

    def __init__(self, posture: Posture) -> None:
        self.posture, self.nodes = posture, len(posture.graph.ids)

    def items(self, keys: np.ndarray) -> np.ndarray:
        """Return the keys of items, with that of the credential for each login by one."""
        kind, source, target = (
            keys // self.nodes // self.nodes,
            keys // self.nodes % self.nodes,
            keys % self.nodes,
        )
        key = np.where(kind == LOGIN[0], target, source)
        of_key = (keys >= 0) & np.isin(kind, LOGIN)
        return np.asarray(np.where(of_key, _keys(KEY, key, key, self.nodes), keys))

    def protected(self) -> np.ndarray:
        """Return the keys of protected items: also credentials in use, and last logins in use."""
        posture = self.posture
        in_use = posture.graph.has_label(CREDENTIAL) & lately(
            posture.graph, posture.activity.node_latest
        )
        glass = posture.graph.has_label(CREDENTIAL) & self._near(tagged(posture, BREAK_GLASS))
        credentials = np.flatnonzero(in_use | glass)
        sole = LastLogins(posture).sole_edges
        edge_keys = _edge_keys(posture)[sole]
        return np.concatenate(
            [
                self.items(_protected(posture)),
                _keys(KEY, credentials, credentials, self.nodes),
                self.items(edge_keys),
            ]
        )

    def _near(self, marked: np.ndarray) -> np.ndarray:
        """Return a mask of the nodes that a login joins to a marked node."""
        edges, near = self.posture.edges, np.zeros(self.nodes, bool)
        login = np.isin(edges.kind, [CONTROL.index(USES), CONTROL.index(AUTHENTICATES_AS)])
        near[edges.source[login & marked[edges.target]]] = True
        near[edges.target[login & marked[edges.source]]] = True
        return near


def _supports(posture: Posture, places: np.ndarray) -> dict[int, tuple[str, ...]]:
    """Return the ids of the supporting facts of each derived edge among `places`."""
    edges, supports = posture.edges, {}
    for place in places[edges.derived[places]].tolist():
        proof = posture.escalated.proof(place)
        if proof is not None:
            supports[place] = proof.support
            continue
        frame = posture.graph.frames[CONTROL[edges.kind[place]]]
        support = frame["support"].iloc[int(edges.row[place])]
        if not pd.isna(support) and (named := strict_json(support)):
            supports[place] = tuple(named)
    return supports


def _broken(
    posture: Posture, walked: np.ndarray, place: np.ndarray, supported: dict[int, tuple[str, ...]]
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of the key of a support and the edge of the paths that falls with it."""
    keys = dict(_keys_of(posture, {i for ids in supported.values() for i in ids}))
    falls = np.isin(place, list(supported))
    pairs = [
        (keys[support], edge)
        for edge, at in zip(walked[falls].tolist(), place[falls].tolist(), strict=True)
        for support in supported[at]
        if support in keys
    ]
    array = np.array(pairs, np.int64).reshape(-1, 2)
    return array[:, 0], array[:, 1]


def _keys_of(posture: Posture, wanted: set[str]) -> Iterator[tuple[str, int]]:
    """Yield id and key of each relationship whose id is in `wanted`."""
    graph = posture.graph
    for place, relationship in enumerate(RELATIONSHIPS if wanted else ()):
        frame = graph.frames[relationship]
        rows = np.flatnonzero(frame["id"].isin(wanted).to_numpy(bool))
        source, target = (ends[rows] for ends in graph.ends(relationship))
        keys = _keys(place, source, target, len(graph.ids))
        yield from zip(frame["id"].iloc[rows], keys.tolist(), strict=True)


def _capped(posture: Posture, network: Network, paths: AllPaths) -> bool:
    """Return whether any two nodes have as many edges of AWS rules between them as are listed."""
    edges = posture.edges
    place = np.unique(network.edge[paths.edge[paths.edge >= 0]])
    rules = {at: posture.escalated.proof(at) for at in place[edges.derived[place]].tolist()}
    capping = {rule.id for rule in RULES}
    place = np.array(
        [at for at, proof in rules.items() if proof and proof.rule.split(":")[0] in capping], int
    )
    ends = edges.source[place] * np.int64(len(posture.graph.ids)) + edges.target[place]
    return bool(np.unique(ends, return_counts=True)[1].max(initial=0) >= MOST)


def _rules(
    posture: Posture,
    network: Network,
    paths: AllPaths,
    count: int,
    item: np.ndarray,
    edge: np.ndarray,
) -> list[tuple[str, ...]]:
    """Return for each item the rules whose edges fall with it."""
    rules: list[set[str]] = [set() for _ in range(count)]
    places = network.edge[paths.edge[edge]]
    for number, place in zip(item.tolist(), places.tolist(), strict=True):
        proof = posture.escalated.proof(place)
        if proof is not None:
            rules[number].add(proof.rule)
    return [tuple(sorted(named)) for named in rules]


def _protected(posture: Posture) -> np.ndarray:
    """Return the keys of relationships that were used lately or are tagged for emergency access.

    A relationship that may have been used, as one of several, is protected as well.
    """
    graph, grants = posture.graph, posture.grants_latest.max(axis=1, initial=NEVER)
    used = _edge_keys(posture)[lately(graph, posture.edges_latest)]
    granted = _grant_keys(posture)[lately(graph, grants)]
    marked = bears(graph.frames[CAN_ACCESS]["tags"], BREAK_GLASS)
    holder, resource = graph.ends(CAN_ACCESS)
    kept = _keys(GRANT, holder[marked], resource[marked], len(graph.ids))
    return np.concatenate([used, granted, kept])
