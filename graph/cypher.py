"""The Cypher statements of the Neo4j store, derived from the schema.

Labels, types and property keys come from `graph.schema` and from the constants below; values are
only passed as parameters. The statements use the common part of Cypher 5 and Cypher 25. Every
label, type and constraint has a prefix, as others may use the database too.

A snapshot is a run, with a number. Each node and each relationship says for which runs it holds:
`first_run` to `last_run`, which is `OPEN` as long as no later run ended it. A run writes what it
changed: it ends rows at the run before and makes new ones from its own number on, so no reader of
an earlier run sees a difference, whenever it looks. A node is ended and made anew when a property
changes, and its relationships with it. The `Snapshot` node of the run holds its state.
"""

from functools import cache
from typing import Final

from graph.element import Element, Node, Relationship, Table, prose
from graph.schema import FACT_NODES, RELATIONSHIPS, SNAPSHOT, TABLES

PREFIX: Final = "Trustdebt"  # of labels
TYPE_PREFIX: Final = "TRUSTDEBT_"
POINTER: Final = f"{PREFIX}Pointer"  # the one node that refers to the run that readers use
LEASE: Final = f"{PREFIX}Lease"  # the one node with the publisher's lease: holder, expiry and token

LOADING: Final = "LOADING"
PUBLISHED: Final = "PUBLISHED"
RETIRED: Final = "RETIRED"

STATED: Final = "stated"  # the rows merged into a node, unless it is exactly one
AS_READ: Final = "seen_as_read"  # `last_seen` is when the row's source and scope were last read
OPEN: Final = 999_999_999  # the last run of what holds until further notice

# No facts, so not in the schema: see graph.stores.neo4j.origins.
ORIGINS: Final = Table(
    "Origins",
    "Files and places of relationships, packed.",
    (prose("data", "Columns of Parquet, in base64."),),
)
RECORDED: Final[tuple[Node | Table, ...]] = (*FACT_NODES, *TABLES, ORIGINS)
NAMES: Final = tuple(element.name for element in RECORDED)


def label_of(name: str) -> str:
    """Return the label of an element's nodes, by its name.

    >>> label_of("Agent")
    'TrustdebtAgent'
    """
    if name not in (*NAMES, SNAPSHOT.name):
        raise ValueError("not a label of the schema")
    return f"{PREFIX}{name}"


def type_of(element: Relationship) -> str:
    """Return the type of an element's relationships."""
    return f"{TYPE_PREFIX}{element.name}"


RUN_LABELS: Final = tuple(map(label_of, NAMES))
_SNAPSHOTS: Final = label_of(SNAPSHOT.name)


def stored(element: Element) -> tuple[str, ...]:
    """Return the properties of an element that its node or relationship stores, in their order."""
    names = tuple(column.name for column in element.columns)
    seen = (AS_READ,) if "last_seen" in names else ()
    if isinstance(element, Relationship):
        return (*(n for n in names if n not in ("source_id", "target_id")), *seen)
    return (*names, *seen, STATED)


def known(kind: str, name: str) -> bool:
    """Return whether the schema has a label, type or property (`kind`) of this name.

    >>> known("label", "TrustdebtAgent"), known("label", "Agent"), known("property", "first_run")
    (True, False, True)
    """
    if kind == "label":
        return name in (*RUN_LABELS, _SNAPSHOTS, POINTER, LEASE)
    if kind == "type":
        return name in map(type_of, RELATIONSHIPS)
    return name in ("first_run", "last_run") or any(
        name in stored(element) for element in (*RECORDED, SNAPSHOT, *RELATIONSHIPS)
    )


def constraints() -> dict[str, str]:
    """Return by name the constraints for what is unique, and the indexes of relationships.

    None is on `last_run`: to end a row would move it in the index, and a reader who goes through
    that meanwhile would miss it.
    """
    keys = dict.fromkeys(RUN_LABELS, "n.id, n.first_run")
    keys |= {_SNAPSHOTS: "n.id", POINTER: "n.name", LEASE: "n.name"}
    unique = {
        f"{label.lower()}_unique": (
            f"CREATE CONSTRAINT {label.lower()}_unique IF NOT EXISTS "
            f"FOR (n:{label}) REQUIRE ({key}) IS UNIQUE"
        )
        for label, key in keys.items()
    }
    return unique | {
        f"{type_of(element).lower()}_ids": (
            f"CREATE INDEX {type_of(element).lower()}_ids IF NOT EXISTS "
            f"FOR ()-[r:{type_of(element)}]-() ON (r.id)"
        )
        for element in RELATIONSHIPS
    }


# Up to version 0.1.0 they were on labels without a prefix, and so bound nodes of others.
EARLIER_CONSTRAINTS: Final = {
    f"trustdebt_{name.lower()}": f"DROP CONSTRAINT trustdebt_{name.lower()} IF EXISTS"
    for name in (*NAMES, SNAPSHOT.name, "Pointer", "Lease")
}
FOREIGN: Final = (
    f"MATCH (n) WHERE none(label IN labels(n) WHERE label STARTS WITH '{PREFIX}') "
    "RETURN labels(n) LIMIT 1"
)
INDEXES: Final = "SHOW INDEXES YIELD name RETURN name"


def _map(names: tuple[str, ...], offset: int) -> str:
    pairs = (f"{name}: row[{i}]" for i, name in enumerate(names, offset))
    return f"{{first_run: $run, last_run: {OPEN}, " + ", ".join(pairs) + "}"


@cache
def create_nodes(element: Node | Table) -> str:
    """Create a node from each of `$rows`, lists of values in the order of `stored`."""
    return f"UNWIND $rows AS row CREATE (n:{label_of(element.name)} {_map(stored(element), 0)})"


def _open_node(name: str, thing: str) -> str:
    """Return the condition that finds the one node of an id that holds in the run written."""
    return f"{name}.id = {thing} AND {name}.first_run <= $run AND {name}.last_run = {OPEN}"


@cache
def create_relationships(element: Relationship, source: str, target: str) -> str:
    """Create a relationship from each of `$rows`: the ids of both ends, then `stored`."""
    return (
        "UNWIND $rows AS row "
        f"MATCH (a:{label_of(source)}) WHERE {_open_node('a', 'row[0]')} "
        f"MATCH (b:{label_of(target)}) WHERE {_open_node('b', 'row[1]')} "
        f"CREATE (a)-[r:{type_of(element)} {_map(stored(element), 2)}]->(b)"
    )


@cache
def end(element: Element) -> str:
    """End what holds and is named by `$rows` (id, source and scope) at the run before `$run`."""
    if not isinstance(element, Relationship):
        return (
            f"UNWIND $rows AS row MATCH (n:{label_of(element.name)}) "
            f"WHERE {_open_node('n', 'row[0]')} SET n.last_run = $run - 1"
        )
    return (
        f"UNWIND $rows AS row MATCH ()-[r:{type_of(element)} {{id: row[0]}}]->() "
        f"WHERE r.last_run = {OPEN} AND r.source = row[1] AND r.scope = row[2] "
        "SET r.last_run = $run - 1"
    )


def _of_run(label: str) -> str:
    """Match the nodes of a run by the index of the constraint, which needs both its keys."""
    return (
        f"MATCH (n:{label_of(label)}) WHERE n.id >= '' "
        "AND n.first_run <= $run AND n.last_run >= $run "
    )


_RELATIONSHIP_OF_RUN = "r.first_run <= $run AND r.last_run >= $run"


@cache
def read_nodes(element: Node | Table) -> str:
    """Return the values of each node of a run in the order of `stored`."""
    values = ", ".join(f"n.{name}" for name in stored(element))
    return f"{_of_run(element.name)}RETURN {values}"


@cache
def read_relationships(element: Relationship, source: str) -> str:
    """Return both end ids, then `stored`, of each relationship that starts at a label."""
    values = ", ".join(f"r.{name}" for name in stored(element))
    return (
        f"{_of_run(source)}MATCH (n)-[r:{type_of(element)}]->(b) WHERE {_RELATIONSHIP_OF_RUN} "
        f"RETURN n.id, b.id, {values}"
    )


@cache
def count_nodes(label: str) -> str:
    """Count the nodes of a run under a label."""
    return f"{_of_run(label)}RETURN count(n)"


@cache
def count_relationships(source: str) -> str:
    """Count the relationships of a run that start at a label, by the name of their element."""
    ours = f"{_RELATIONSHIP_OF_RUN} AND type(r) STARTS WITH '{TYPE_PREFIX}'"
    name = f"substring(type(r), {len(TYPE_PREFIX)})"
    return f"{_of_run(source)}MATCH (n)-[r]->() WHERE {ours} RETURN {name}, count(r)"


@cache
def delete(element: Element) -> str:
    """Delete up to `$limit` rows that began after `$after` and ended in `$least` to `$most`.

    Relationships go before the nodes.
    """
    match, row = _any(element)
    detach = "" if isinstance(element, Relationship) else "DETACH "
    return (
        f"{match}{row}.last_run >= $least AND {row}.last_run <= $most "
        f"AND {row}.first_run > $after WITH {row} LIMIT $limit {detach}DELETE {row} RETURN count(*)"
    )


@cache
def reopen(element: Element) -> str:
    """Let up to `$limit` rows that ended in `$least` to `$most` hold until further notice."""
    match, row = _any(element)
    return (
        f"{match}{row}.last_run >= $least AND {row}.last_run <= $most "
        f"WITH {row} LIMIT $limit SET {row}.last_run = {OPEN} RETURN count(*)"
    )


def _any(element: Element) -> tuple[str, str]:
    """Match all rows of an element, whatever their runs, and return what a row is called."""
    if isinstance(element, Relationship):
        return f"MATCH ()-[r:{type_of(element)}]->() WHERE r.id >= '' AND ", "r"
    return f"MATCH (n:{label_of(element.name)}) WHERE n.id >= '' AND n.first_run >= 0 AND ", "n"


_LEASE = f"(l:{LEASE} {{name: 'publish'}})"

# The write before the condition takes the lock, so that the second of two takers sees the write
# of the first. A taker that missed the answer asks again with the same nonce.
TAKE_LEASE: Final = (
    f"MERGE {_LEASE} SET l.touched = timestamp() "
    "WITH l, coalesce(l.expires, 0) <= timestamp() OR l.nonce = $nonce AS free "
    "FOREACH (_ IN CASE WHEN free AND coalesce(l.nonce, '') <> $nonce THEN [1] ELSE [] END | "
    "SET l.token = coalesce(l.token, 0) + 1, l.nonce = $nonce, l.holder = $holder) "
    "FOREACH (_ IN CASE WHEN free THEN [1] ELSE [] END | SET l.expires = timestamp() + $keep) "
    "RETURN free, l.token, l.holder"
)
# A lease that was given back is not renewed: a renewal may come after the release that overtook it.
RENEW_LEASE: Final = (
    f"MATCH {_LEASE} SET l.touched = timestamp() "
    "WITH l WHERE l.token = $token AND l.expires > 0 "
    "SET l.expires = timestamp() + $keep RETURN l.token"
)
RELEASE_LEASE: Final = (
    f"MATCH {_LEASE} SET l.touched = timestamp() WITH l WHERE l.token = $token SET l.expires = 0"
)
CHECK_LEASE: Final = f"MATCH {_LEASE} WHERE l.token = $token RETURN l.token"

_SNAPSHOT = f"(s:{_SNAPSHOTS} {{id: $snapshot}})"
_INFO = "s.id, s.sequence, s.taken_at, s.recorded_at, s.hash, s.coverage, s.replaces, s.counted"

# The anchor, the current run, the journal's last anchored entry, and each snapshot.
STATE: Final = (
    f"OPTIONAL MATCH (p:{POINTER} {{name: 'current'}}) "
    f"OPTIONAL MATCH (j:{POINTER} {{name: $journal}}) "
    f"OPTIONAL MATCH (s:{_SNAPSHOTS}) WHERE s.state = '{PUBLISHED}' "
    f"RETURN p.anchor, p.snapshot, j.number, j.hash, {_INFO}"
)
ANCHOR_JOURNAL: Final = (
    f"MERGE (j:{POINTER} {{name: $journal}}) SET j.touched = timestamp() "
    "WITH j WHERE coalesce(j.number, 0) <= $number SET j.number = $number, j.hash = $hash"
)
SEAL: Final = (
    f"MATCH {_LEASE} SET l.touched = timestamp() WITH l WHERE l.token = $token "
    f"MATCH (p:{POINTER} {{name: 'current'}}) SET p.anchor = $anchor RETURN p.name"
)
UNPUBLISHED: Final = (
    f"MATCH (s:{_SNAPSHOTS}) WHERE s.state <> '{PUBLISHED}' RETURN s.id, s.sequence"
)
PUBLISHED_AS: Final = f"MATCH {_SNAPSHOT} WHERE s.state = '{PUBLISHED}' RETURN {_INFO}"
PROGRESS: Final = f"MATCH {_SNAPSHOT} RETURN s.step"

BEGIN: Final = (
    f"MATCH {_LEASE} WHERE l.token = $token CREATE {_SNAPSHOT} "
    f"SET s += $properties, s.state = '{LOADING}', s.step = 0 RETURN s.step"
)
# Every batch increments the step of its run in its own transaction: after a lost answer it can be
# sent again, and it is written exactly once.
_NEXT_STEP = (
    f"MATCH {_SNAPSHOT} SET s.touched = timestamp() "
    f"WITH s WHERE s.state = '{LOADING}' AND s.step = $step - 1 SET s.step = $step "
)
ADVANCE: Final = f"MATCH {_LEASE} WHERE l.token = $token {_NEXT_STEP} RETURN s.step"
PUBLISH_BEHIND: Final = (
    f"MATCH {_LEASE} SET l.touched = timestamp() WITH l WHERE l.token = $token {_NEXT_STEP}"
    f"SET s.state = '{PUBLISHED}', s.recorded_at = timestamp() "
    f"MERGE (p:{POINTER} {{name: 'current'}}) SET p.anchor = $anchor RETURN s.step"
)
PUBLISH: Final = PUBLISH_BEHIND.replace(
    "SET p.anchor", "SET p.snapshot = $snapshot, p.run = $run, p.anchor"
)

HOLD: Final = (
    f"MATCH {_SNAPSHOT} SET s.touched = timestamp() "
    f"WITH s WHERE s.state = '{PUBLISHED}' SET s.held = timestamp() + $keep RETURN s.id"
)
HOLD_ALL: Final = (
    f"UNWIND $snapshots AS id MATCH (s:{_SNAPSHOTS} {{id: id}}) "
    "SET s.touched = timestamp() "
    f"WITH s WHERE s.state = '{PUBLISHED}' SET s.held = timestamp() + $keep RETURN s.id"
)
RETIRE: Final = (
    f"MATCH {_LEASE} WHERE l.token = $token MATCH {_SNAPSHOT} SET s.touched = timestamp() "
    f"WITH s OPTIONAL MATCH (p:{POINTER} {{name: 'current', snapshot: $snapshot}}) "
    "WITH s, p WHERE p IS NULL AND coalesce(s.held, 0) <= timestamp() "
    f"SET s.state = '{RETIRED}' "
    f"WITH s OPTIONAL MATCH (q:{POINTER} {{name: 'current'}}) "
    "FOREACH (_ IN CASE WHEN q IS NULL THEN [] ELSE [1] END | SET q.anchor = $anchor) RETURN s.id"
)
FORGET: Final = f"MATCH {_SNAPSHOT} WHERE s.state <> '{PUBLISHED}' DETACH DELETE s"
