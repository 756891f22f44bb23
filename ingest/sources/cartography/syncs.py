"""The last syncs of a Cartography graph, and whether they had finished.

Each sync stamps with its own time (`lastupdated`) all that it sees, and then deletes the rest; a
module that finished writes a node `SyncMetadata`.
https://cartography-cncf.github.io/cartography/modules/_cartography-metadata/schema.html
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import pandas as pd

from graph.values import WrongValue
from ingest.rows import text
from ingest.secrets.redaction import redact_text
from ingest.sources.cartography.elements import Graph, GraphNode
from ingest.sources.cartography.kinds import named, sort_of
from ingest.sources.cartography.things import moment, native

MANY = 5  # parts of the graph that a warning lists


def is_sync(node: GraphNode) -> bool:
    """Return whether a node holds the time of a sync of a part of the graph."""
    return not named("syncs", "labels").isdisjoint(node.labels)


def stamp(node: GraphNode) -> pd.Timestamp | None:
    """Return the instant at which Cartography last saw a node; None if unknown."""
    try:
        return moment(node.properties.get("lastupdated"))
    except (WrongValue, ValueError, OverflowError):
        return None


def last_sync(graph: Graph, keys: Iterable[str]) -> pd.Timestamp | None:
    """Return the instant of the newest sync that saw any of these nodes."""
    stamps: Counter[pd.Timestamp] = Counter()
    for key in keys:
        at = stamp(graph.nodes[key])
        if at is not None:
            stamps[at] += 1
    if not stamps:
        return None
    newest = max(stamps)
    older = stamps.total() - stamps[newest]
    if older:
        graph.rows.warn(f"{older} nodes were last seen by an earlier sync than the newest")
    return newest


def note_unfinished(graph: Graph, keys: Iterable[str], parents: Mapping[str, str]) -> None:
    """Mark the reading as partial if a sync was still running, or broke off.

    That is so if different syncs saw nodes of one sort in one tenant, since a sync that finished
    deletes what it did not see; and if such nodes are newer than the last end of their module.
    """
    stamps: defaultdict[tuple[str, str], set[pd.Timestamp]] = defaultdict(set)
    newest: dict[tuple[str, str], pd.Timestamp] = {}
    for key in keys:
        node, parent = graph.nodes[key], parents.get(key)
        at = stamp(node)
        if at is None or parent is None:
            continue
        stamps[parent, sort_of(node.labels)].add(at)
        for label in node.labels:
            part = native(graph.nodes[parent].properties), label
            newest[part] = max(newest.get(part, at), at)
    unfinished = {
        f"{sort} of {native(graph.nodes[parent].properties)}"
        for (parent, sort), seen in stamps.items()
        if len(seen) > 1
    }
    for node in graph.nodes.values():
        properties, at = node.properties, stamp(node)
        part = native(properties, "groupid"), text(properties.get("syncedtype"))
        if is_sync(node) and at is not None and newest.get(part, at) > at:
            unfinished.add(f"{part[1]} of {part[0]}")
    if unfinished:
        graph.rows.all_read = False
        shown = ", ".join(redact_text(part_name) for part_name in sorted(unfinished)[:MANY])
        more = f" and {len(unfinished) - MANY} more" if len(unfinished) > MANY else ""
        graph.rows.warn(
            f"a sync of Cartography was running or broke off, so this is a partial read: {shown}"
            f"{more}"
        )
