"""When Cartography last wrote what was read, and whether it had finished.

Each sync stamps with its own time (`lastupdated`) whatever it sees, and afterwards deletes what
it did not see; a module that finished says so in a node `SyncMetadata`.
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
    """Whether a node says when a part of the graph was synced."""
    return not named("syncs", "labels").isdisjoint(node.labels)


def stamp(node: GraphNode) -> pd.Timestamp | None:
    """Return when Cartography saw a node last, if it says so."""
    try:
        return moment(node.properties.get("lastupdated"))
    except (WrongValue, ValueError, OverflowError):
        return None


def last_sync(graph: Graph, keys: Iterable[str]) -> pd.Timestamp | None:
    """Return when the newest sync ran that saw any of these nodes."""
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
    """Take the reading as partial where a sync was still running, or broke off.

    That is so where one kind of thing of one tenant was seen by different syncs, since a sync
    that finished deletes what it did not see; and where such things are newer than the last time
    that their module finished.
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
    found = {
        f"{sort} of {native(graph.nodes[parent].properties)}"
        for (parent, sort), seen in stamps.items()
        if len(seen) > 1
    }
    for node in graph.nodes.values():
        said, at = node.properties, stamp(node)
        part = native(said, "groupid"), text(said.get("syncedtype"))
        if is_sync(node) and at is not None and newest.get(part, at) > at:
            found.add(f"{part[1]} of {part[0]}")
    if found:
        graph.rows.whole = False
        shown = ", ".join(redact_text(one) for one in sorted(found)[:MANY])
        more = f" and {len(found) - MANY} more" if len(found) > MANY else ""
        graph.rows.warn(
            f"a sync of Cartography was running or broke off, so this is a partial read: {shown}"
            f"{more}"
        )
