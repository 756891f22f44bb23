"""Facts that change in every way from snapshot to snapshot, kept as plain rows to compare with."""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from graph.element import Element
from graph.facts import ORIGIN, Coverage, Facts
from graph.frames import PANDAS
from graph.schema import (
    AGENT,
    CAN_ACCESS,
    ELEMENTS,
    FACT_NODES,
    OWNS,
    RELATIONSHIPS,
    RESOURCE,
    ROLE,
    USE_EVENT,
)
from graph.stores.parquet.store import ParquetStore

Row = dict[str, Any]
SCOPES = (("aws", "1"), ("aws", "2"), ("hr", "1"))
NODES, LINKS = (AGENT, ROLE, RESOURCE), (CAN_ACCESS, OWNS)
DAY = pd.Timedelta("1D")
BEGIN = pd.Timestamp("2026-01-01", tz="UTC").as_unit("ms")
VALUES: dict[Element, dict[str, list[Any]]] = {
    AGENT: {"aars": [0.0, -0.0, 0.1, 7.25, None], "purpose": ["", "späher 🤖", None], "env": ["a"]},
    ROLE: {"created_at": [BEGIN, BEGIN - DAY, None], "name": ["x", "y"]},
    RESOURCE: {"sensitivity": ["restricted", None]},
    CAN_ACCESS: {"levels": ['["read"]', '["read","write"]', None], "telemetry": [True, False]},
    OWNS: {"role": ["business", "technical"]},
    USE_EVENT: {"principal": ["a", "b"], "action": ["x", None], "at": [BEGIN]},
}


@dataclass
class World:
    """Rows of a few elements, and when each scope was read."""

    chance: random.Random
    rows: dict[Element, list[Row]] = field(default_factory=lambda: {e: [] for e in VALUES})
    taken: list[pd.Timestamp] = field(default_factory=lambda: [BEGIN] * len(SCOPES))
    style: dict[Element, int] = field(default_factory=lambda: dict.fromkeys(LINKS, 0))

    def ids(self) -> list[str]:
        """Return the ids of all nodes, sorted."""
        return sorted({row["id"] for label in NODES for row in self.rows[label]})

    def change(self, times: int) -> None:
        """Change something, so many times; then read some scopes again, as an ingest does."""
        for _ in range(times):
            self.chance.choice(CHANGES)(self, self.chance.choice(list(VALUES)))
        known = set(self.ids())
        for link in LINKS:
            rows = self.rows[link]
            self.rows[link] = [r for r in rows if {r["source_id"], r["target_id"]} <= known]
            self.style[link] = self.chance.choice([self.style[link]] * 3 + [0, 1, 2, 3])
        for place, scope in enumerate(SCOPES):
            if self.chance.random() < 0.7:
                self.taken[place] += DAY
                for row in (r for rows in self.rows.values() for r in rows):
                    if (row["source"], row["scope"]) == scope and self.chance.random() < 0.9:
                        row["last_seen"] = self.taken[place]

    def facts(self) -> Facts:
        """Return the facts as they are now."""
        frames = {element: frame_of(element, rows) for element, rows in self.rows.items()}
        pairs = zip(SCOPES, self.taken, strict=True)
        coverage = tuple(Coverage(*scope, True, at, ("grants",)) for scope, at in pairs)
        origins = {link: self._origin(link) for link in LINKS if self.rows[link]}
        made = Facts.of(frames, coverage)
        return Facts(made.frames, made.coverage, origins=origins)

    def _origin(self, link: Element) -> pd.DataFrame:
        """Return where the rows are from: lines, pointers, some or none known."""
        style, count = self.style[link], len(self.rows[link])
        forms = ["line {}", "/Users/{}/Keys/0{}", "/a/{}/1/2/3/4", "{}\x01"]
        places = [forms[(style + n // 3) % 4].format(n + 2, n) for n in range(count)]
        files = [f"{n % 2}-{self.taken[0]}.csv" if style % 2 else "all.json" for n in range(count)]
        frame = pd.DataFrame({"file": files, "place": places}, dtype="string")
        if style == 3:
            frame.iloc[:: 2 if count > 1 else 1] = pd.NA
        if style == 2:
            frame.loc[: count // 2, "place"] = pd.NA
        return frame


def named(world: World) -> World:
    """Give each node a name, as every reading does: a store may merge the rows of a node."""
    for row in (row for label in NODES for row in world.rows[label]):
        row["name"] = row.get("name") or row["id"]
    return world


def add(world: World, element: Element) -> None:
    """Put new rows somewhere, with ids that come before, between and after the others."""
    for _ in range(world.chance.randint(1, 3)):
        source, scope = world.chance.choice(SCOPES)
        row = {"id": f"{world.chance.choice('abßz🤖')}{world.chance.randint(0, 30)}"}
        row |= {"source": source, "scope": scope, "first_seen": BEGIN}
        if element in LINKS:
            ids = world.ids()
            if not ids:
                return
            row |= {"source_id": world.chance.choice(ids), "target_id": world.chance.choice(ids)}
        world.rows[element].insert(world.chance.randint(0, len(world.rows[element])), row)


def append(world: World, element: Element) -> None:
    """Put a row at the end of a scope, in the middle of the frame, as connectors do."""
    add(world, element)
    world.rows[element].sort(key=lambda row: (row["source"], row["scope"]))


def remove(world: World, element: Element) -> None:
    rows = world.rows[element]
    if rows:
        begin = world.chance.randrange(len(rows))
        del rows[begin : begin + world.chance.randint(1, 4)]


def alter(world: World, element: Element) -> None:
    """Give a row another value, or none; the column may be new to all rows."""
    if world.rows[element]:
        row = world.chance.choice(world.rows[element])
        column = world.chance.choice(list(VALUES[element]))
        row[column] = world.chance.choice(VALUES[element][column])


def move(world: World, element: Element) -> None:
    rows = world.rows[element]
    if rows:
        row = rows.pop(world.chance.randrange(len(rows)))
        rows.insert(world.chance.randint(0, len(rows)), row)


def shuffle(world: World, element: Element) -> None:
    world.chance.shuffle(world.rows[element])


def repeat(world: World, element: Element) -> None:
    """State a row twice."""
    if world.rows[element]:
        row = dict(world.chance.choice(world.rows[element]))
        world.rows[element].insert(world.chance.randint(0, len(world.rows[element])), row)


def lose(world: World, element: Element) -> None:
    world.rows[element].clear()


CHANGES = (add, add, add, append, append, remove, alter, alter, move, shuffle, repeat, lose)


def frame_of(element: Element, rows: list[Row]) -> pd.DataFrame:
    """Return rows as the schema types them."""
    columns = {
        c.name: pd.Series([row.get(c.name) for row in rows], dtype=PANDAS[c.dtype])
        for c in element.columns
    }
    return pd.DataFrame(columns)


def assert_kept(folder: str | Path, id_: str, expected: Facts) -> None:
    """Compare a snapshot with the facts that were published: each value, order, number, place."""
    info, facts = ParquetStore(folder).read(id_)
    assert info.hash == expected.hash
    ids = sorted({i for n in FACT_NODES for i in expected.frames[n]["id"]})
    assert facts.numbering is not None
    assert facts.numbering.ids().to_pylist() == ids
    for element in ELEMENTS:
        frame, read = expected.frames[element], facts.frames[element]
        if not len(frame):
            assert (list(read), len(read)) == (list(frame), 0)
            continue
        pd.testing.assert_frame_equal(read, frame, check_exact=True)
        for column in frame.select_dtypes("Float64"):
            assert bits(read[column]) == bits(frame[column])
    for element in [r for r in RELATIONSHIPS if len(expected.frames[r])]:
        ends = [expected.frames[element][c].map(ids.index) for c in ("source_id", "target_id")]
        for numbers, end in zip(facts.numbering.ends(element), ends, strict=True):
            assert numbers.dtype == np.int32
            assert numbers.tolist() == end.tolist()
        origin = expected.origins.get(element)
        if origin is None or origin["file"].isna().all():
            origin = pd.DataFrame({name: pd.Series([], dtype="string") for name in ORIGIN})
        pd.testing.assert_frame_equal(facts.origins[element], origin)


def bits(column: pd.Series) -> list[int]:
    """Return numbers as they are in memory: zero has two signs."""
    return column.to_numpy(np.float64, na_value=np.nan).view(np.int64).tolist()
