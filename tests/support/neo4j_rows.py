"""A Neo4j of lists and dicts: it does what the statements of a publish say, and nothing else."""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from graph import cypher
from graph.element import Element, Relationship
from graph.facts import Facts
from graph.schema import FACT_NODES, RELATIONSHIPS
from graph.stores.neo4j.changes import changes
from graph.stores.neo4j.rows import Batch, Tables, columns_of, received, sent, stored_tables

Row = dict[str, Any]


def dicts(table: pa.Table, element: Element) -> list[Row]:
    """Return rows as they are sent."""
    names = tuple(columns_of(element))
    rows = zip(*sent(table, element), strict=True)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _statements() -> dict[str, tuple[str, Element]]:
    """Return what each statement does, by its text."""
    known: dict[str, tuple[str, Element]] = {}
    for recorded in cypher.RECORDED:
        known[cypher.create_nodes(recorded)] = ("make", recorded)
    for every in (*cypher.RECORDED, *RELATIONSHIPS):
        known[cypher.end(every)] = ("end", every)
    for kind in RELATIONSHIPS:
        for source in FACT_NODES:
            for target in FACT_NODES:
                text = cypher.create_relationships(kind, source.name, target.name)
                known[text] = ("make", kind)
    return known


STATEMENTS = _statements()


@dataclass
class Database:
    """Rows of each element, with the runs for which they hold."""

    rows: dict[Element, list[Row]] = field(
        default_factory=lambda: {e: [] for e in (*cypher.RECORDED, *RELATIONSHIPS)}
    )
    last: Tables = field(default_factory=dict)

    def publish(self, run: int, facts: Facts) -> list[Batch]:
        """Do what a run changes, and return the statements."""
        tables = stored_tables(facts)
        batches = list(changes(self.last, tables).batches())
        for batch in batches:
            what, element = STATEMENTS[batch.text]
            carry_out = self._end if what == "end" else self._make
            for row in batch.rows:
                carry_out(run, element, row)
        self.last = tables
        return batches

    def _end(self, run: int, element: Element, key: tuple[Any, ...]) -> None:
        names = ("id", "source", "scope")[: len(key)]
        ended = [
            r
            for r in self.rows[element]
            if r["last_run"] == cypher.OPEN and tuple(r[n] for n in names) == key
        ]
        assert ended, f"{element.name} {key} does not hold"
        for row in ended:
            row["last_run"] = run - 1

    def _make(self, run: int, element: Element, values: tuple[Any, ...]) -> None:
        row = dict(zip(columns_of(element), values, strict=True))
        row |= {"first_run": run, "last_run": cypher.OPEN}
        if isinstance(element, Relationship):
            row["ends"] = [self._node(row[end]) for end in ("source_id", "target_id")]
        self.rows[element].append(row)

    def _node(self, thing: str) -> Row:
        (node,) = (
            r
            for label in FACT_NODES
            for r in self.rows[label]
            if r["id"] == thing and r["last_run"] == cypher.OPEN
        )
        return node

    def tables(self, run: int) -> Tables:
        """Read a run; a relationship has the ends that hold in it."""
        tables: Tables = {}
        for element, rows in self.rows.items():
            visible = [r for r in rows if r["first_run"] <= run <= r["last_run"]]
            for end in (end for r in visible for end in r.get("ends", ())):
                assert end["first_run"] <= run <= end["last_run"]
            if visible:
                names = tuple(columns_of(element))
                columns = [[row[name] for row in visible] for name in names]
                tables[element] = received(columns, element, names)
        return tables

    def edit_origins(self, data: str) -> None:
        """Overwrite the origins of all relationships."""
        for row in self.rows[cypher.ORIGINS]:
            row["data"] = data
